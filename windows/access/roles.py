"""Who may do what: the one table (SPEC §5, "Who may"). Pure; shown on a page and asked by every command.

`Actor` is who acts, `Subject` what is acted on, both plain values. `permitted` judges; `require` raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from windows.errors import Forbidden, NotFound


class Role(StrEnum):
    VIEWER = "viewer"
    MEMBER = "member"
    COORDINATOR = "coordinator"
    OWNER = "owner"
    ON_CALL = "on_call"
    SRE = "sre"
    ADMINISTRATOR = "administrator"


class Verb(StrEnum):
    READ = "read"
    DRAFT = "draft"  # create, edit, withdraw, cancel a window of one's own team
    REQUEST = "request"
    COMMENT = "comment"  # ask, answer, remark on a window
    APPROVE = "approve"
    START = "start"
    HOLD = "hold"
    ROLL_BACK = "roll_back"
    RESUME = "resume"
    SKIP = "skip"
    RETRY = "retry"
    CONFIRM = "confirm"  # tick a manual step
    ATTEST = "attest"  # say what became of a step in doubt
    ABORT = "abort"
    START_EMERGENCY = "start_emergency"
    EXTEND = "extend"  # agree to more time for a window that runs; asking for it takes RESUME
    APPROVE_EMERGENCY = "approve_emergency"  # answer, after the fact, for one that somebody else began
    SET_FLAG = "set_flag"
    MEASURE = "measure"  # push measurements: gates and budgets are judged by them
    SEND_ALERTS = "send_alerts"  # what an Alertmanager's token may: the ledger takes alerts of every service
    REPORT = "report"  # incidents and complaints, and which windows they belong to
    REVIEW = "review"  # write and publish what was learnt of a window, and what follows from it
    ANNOUNCE = "announce"  # tell the public of a window
    OVERRIDE = "override"  # a soft conflict, a budget that is too low, telemetry without its tag
    EDIT_CATALOGUE = "edit_catalogue"
    EDIT_TEAM = "edit_team"  # who belongs to it, with which role
    EDIT_CHANNELS = "edit_channels"  # how a team is told, and sending again what was not delivered
    EDIT_PEOPLE = "edit_people"  # accounts: create, disable
    EDIT_RUNBOOK = "edit_runbook"
    EDIT_OBJECTIVE = "edit_objective"
    EDIT_FREEZE = "edit_freeze"
    EDIT_CALENDARS = "edit_calendars"  # other people's calendars, and which of our services they reach
    EDIT_TEMPLATE = "edit_template"  # what a team may do without asking
    EDIT_POLICY = "edit_policy"
    READ_AUDIT = "read_audit"


class Part(StrEnum):
    """What a person can be to this very window, beside the roles of their teams."""

    COORDINATOR = "the window's coordinator"
    DEPUTY = "the window's deputy"
    OWNER = "the window's owner"
    AFFECTED_ON_CALL = "on-call of an affected service"
    AFFECTED_TEAM = "a signing role in a team of an affected service"


R, P = Role, Part
CONDUCT: frozenset[Role | Part] = frozenset(
    {R.COORDINATOR, R.OWNER, R.SRE, P.COORDINATOR, P.DEPUTY, P.OWNER}
)  # those who run a window on the day
PLAN = CONDUCT | {R.MEMBER}
TABLE: Mapping[Verb, frozenset[Role | Part]] = {
    Verb.READ: frozenset(R),  # and every signed-in person, unless confidential: see permitted()
    Verb.DRAFT: PLAN,
    Verb.REQUEST: PLAN,
    Verb.COMMENT: frozenset({*R, *P}) - {R.VIEWER},
    Verb.APPROVE: frozenset({*R, P.AFFECTED_TEAM}) - {R.VIEWER},  # the policy narrows it to named roles; see approvals.policy
    Verb.START: CONDUCT,
    Verb.HOLD: CONDUCT | {P.AFFECTED_ON_CALL},
    Verb.ROLL_BACK: CONDUCT | {P.AFFECTED_ON_CALL},
    Verb.RESUME: CONDUCT,
    Verb.SKIP: CONDUCT,
    Verb.RETRY: CONDUCT,
    Verb.CONFIRM: CONDUCT,
    Verb.ATTEST: CONDUCT,
    Verb.ABORT: frozenset({R.OWNER, R.SRE, P.OWNER}),  # and it takes two of them
    Verb.START_EMERGENCY: frozenset({R.OWNER, R.SRE}),
    Verb.EXTEND: frozenset({R.OWNER, R.SRE}),
    Verb.APPROVE_EMERGENCY: frozenset({R.OWNER, R.SRE}),
    Verb.SET_FLAG: frozenset({R.OWNER, R.SRE}),
    Verb.MEASURE: frozenset({R.MEMBER, R.COORDINATOR, R.OWNER, R.SRE}),
    Verb.SEND_ALERTS: frozenset({R.SRE, R.ADMINISTRATOR}),
    Verb.REPORT: frozenset({R.MEMBER, R.COORDINATOR, R.OWNER, R.ON_CALL, R.SRE}),
    Verb.REVIEW: PLAN | {R.ON_CALL, P.AFFECTED_ON_CALL},
    Verb.ANNOUNCE: CONDUCT,
    Verb.OVERRIDE: frozenset({R.OWNER, R.SRE}),
    Verb.EDIT_CATALOGUE: frozenset({R.OWNER, R.SRE, R.ADMINISTRATOR}),
    Verb.EDIT_TEAM: frozenset({R.OWNER, R.ADMINISTRATOR}),
    Verb.EDIT_CHANNELS: frozenset({R.OWNER, R.SRE, R.ADMINISTRATOR}),
    Verb.EDIT_PEOPLE: frozenset({R.ADMINISTRATOR}),
    Verb.EDIT_RUNBOOK: frozenset({R.MEMBER, R.COORDINATOR, R.OWNER, R.SRE}),
    Verb.EDIT_OBJECTIVE: frozenset({R.OWNER, R.SRE}),
    Verb.EDIT_FREEZE: frozenset({R.OWNER, R.SRE}),
    Verb.EDIT_CALENDARS: frozenset({R.COORDINATOR, R.OWNER, R.SRE, R.ADMINISTRATOR}),
    Verb.EDIT_TEMPLATE: frozenset({R.OWNER, R.SRE}),
    Verb.EDIT_POLICY: frozenset({R.ADMINISTRATOR}),
    Verb.READ_AUDIT: frozenset(R),
}
# What the engine and the schedule are for. A decision that answers for something (approve, override, attest, …) takes a person.
SYSTEM = frozenset(
    {
        *(Verb.READ, Verb.READ_AUDIT, Verb.DRAFT, Verb.REQUEST, Verb.SET_FLAG, Verb.SEND_ALERTS, Verb.REPORT),
        *(Verb.START, Verb.HOLD, Verb.ROLL_BACK, Verb.RESUME, Verb.RETRY),
    }
)


OURS = frozenset({"engine", "schedule", "setup"})  # where the system itself acts from


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `person_id` is None for the system itself, which acts only through the engine and the schedule.

    `roles` holds (team slug, role); SRE is a role in any team and counts everywhere. `scopes` is None for a signed-in
    person (every verb); a token lists the verbs it was issued for. `via` names the surface for the audit trail.
    """

    name: str
    person_id: int | None
    roles: frozenset[tuple[str, Role]] = frozenset()
    administrator: bool = False
    scopes: frozenset[str] | None = None
    via: str = "browser"

    @property
    def is_system(self) -> bool:
        """Nobody in particular and a surface of our own: an actor that a caller forgot to fill in is not the system."""
        return self.person_id is None and self.via in OURS

    @property
    def sre(self) -> bool:
        return any(role is Role.SRE for _, role in self.roles)


ENGINE = Actor(name="Roadworks engine", person_id=None, via="engine")
SCHEDULE = Actor(name="Roadworks schedule", person_id=None, via="schedule")
SETUP = Actor(name="Roadworks setup", person_id=None, via="setup")  # the first start, the example and the command line on the server


@dataclass(frozen=True, slots=True)
class Subject:
    """What is acted on. `team` owns it; `affected_teams` own services in its scope. Ids are Person ids."""

    team: str | None = None
    affected_teams: frozenset[str] = frozenset()
    coordinator_id: int | None = None
    deputy_id: int | None = None
    owner_id: int | None = None
    confidential: bool = False
    called: str = field(default="this")


def parts(actor: Actor, subject: Subject) -> frozenset[Role | Part]:
    """Everything the actor is towards the subject."""
    held: set[Role | Part] = {role for team, role in actor.roles if team == subject.team or role is Role.SRE}
    if actor.administrator:
        held.add(Role.ADMINISTRATOR)
    if actor.person_id is not None:
        named = {Part.COORDINATOR: subject.coordinator_id, Part.DEPUTY: subject.deputy_id, Part.OWNER: subject.owner_id}
        held |= {part for part, person in named.items() if person == actor.person_id}
    affected = subject.affected_teams | ({subject.team} if subject.team else set())
    if any(team in affected and role is Role.ON_CALL for team, role in actor.roles):
        held.add(Part.AFFECTED_ON_CALL)
    if any(team in subject.affected_teams and role is not Role.VIEWER for team, role in actor.roles):
        held.add(Part.AFFECTED_TEAM)
    return frozenset(held)


def visible(actor: Actor, subject: Subject) -> bool:
    """Signed-in people see everything that is not confidential; that, only its teams, named people, SRE and administrators."""
    if not subject.confidential or actor.is_system or actor.administrator or actor.sre:
        return True
    teams = subject.affected_teams | ({subject.team} if subject.team else set())
    return any(team in teams for team, _ in actor.roles) or bool(parts(actor, subject))


def permitted(actor: Actor, verb: Verb, subject: Subject) -> bool:
    """Whether the table lets this actor do this. The system may do what the engine and the schedule are for; see SYSTEM."""
    if actor.is_system:
        return verb in SYSTEM or (actor.via == SETUP.via and verb.value.startswith("edit_"))
    if actor.person_id is None or (actor.scopes is not None and verb.value not in actor.scopes):
        return False
    if verb is Verb.READ:
        return visible(actor, subject)
    return visible(actor, subject) and bool(parts(actor, subject) & TABLE.get(verb, frozenset()))


def somewhere(actor: Actor, verb: Verb) -> bool:
    """Whether the actor may do this in any team at all: whether a page offers it. The command still asks about the very thing."""
    return any(role in TABLE[verb] for _, role in actor.roles)


def require(actor: Actor, verb: Verb, subject: Subject) -> None:
    """Raise NotFound for what the actor may not see, Forbidden for what they may see and not do. Denies by default."""
    if not visible(actor, subject):
        raise NotFound(f"There is no {subject.called} here.")
    if not permitted(actor, verb, subject):
        if actor.scopes is not None and verb.value not in actor.scopes:
            raise Forbidden(f"This token lacks the scope “{verb.value}”.", verb=verb.value)
        allowed = ", ".join(sorted(str(who).replace("_", " ") for who in TABLE.get(verb, ())))
        raise Forbidden(f"{actor.name} may not {verb.value.replace('_', ' ')} {subject.called}. Allowed: {allowed}.", verb=verb.value)
