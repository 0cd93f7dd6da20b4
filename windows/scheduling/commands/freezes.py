"""Verbs: create and lift a change freeze. Both wait for whoever is just approving or starting, so that nobody is unaware."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from windows.access.roles import Actor, Role, Subject, Verb, require
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.catalogue.models import Environment, Service, Team
from windows.errors import Conflict, Forbidden, Invalid, NotFound
from windows.lifecycle.states import WindowStatus
from windows.scheduling import texts, times
from windows.scheduling.commands.transactions import change_freezes, one_transaction
from windows.scheduling.conflicts import Severity
from windows.scheduling.models import Freeze, FreezeException, Window
from windows.scheduling.queries.freezes import views, windows_hit_by

LONGEST = timedelta(days=92)
ON_RUNNING = ("finish_step", "hold", "roll_back", "continue")


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeDraft:
    """Times are zone-aware datetimes or RFC 3339 text; services, teams and environments are slugs, empty means any."""

    title: str
    starts_at: datetime | str
    ends_at: datetime | str
    severity: str = Severity.HARD.value
    reason: str = ""
    services: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    tiers: tuple[int, ...] = ()
    on_running: str = "hold"
    excepted_teams: tuple[str, ...] = ()  # whom it does not bind; of one that recurs, at any of its times
    exception_reason: str = ""


@one_transaction
def create_freeze(actor: Actor, draft: FreezeDraft, *, is_example: bool = False) -> Freeze:
    """Freeze changes. The audit entry lists the windows it hits, and which of them were granted already, as of this instant;
    confidential ones are only counted."""
    freeze = drawn_up(actor, draft, is_example=is_example)
    freeze.save()
    excepted = except_teams(freeze.created_by_id, draft, freeze=freeze)
    tell(actor, freeze, windows_hit_by(views([freeze])), **excepted)
    return freeze


def except_teams(person_id: int, draft: FreezeDraft, **of: Any) -> dict[str, Any]:
    """The exceptions of a freeze that is being made; answers what the trail says of them."""
    teams = known(Team, draft.excepted_teams, "excepted_teams")
    if not teams:
        return {}
    why = texts.lines(draft.exception_reason, "exception_reason", required=True)
    FreezeException.objects.bulk_create(FreezeException(**of, team=team, reason=why, made_by_id=person_id) for team in teams)
    return {"excepted_teams": teams, "exception_reason": why}


def drawn_up(actor: Actor, draft: FreezeDraft, *, is_example: bool) -> Freeze:
    """The freeze as it will be saved, checked; nobody who looks at freezes runs meanwhile."""
    if actor.person_id is None:
        raise Forbidden("A freeze is made by a person.", verb=Verb.EDIT_FREEZE.value)
    change_freezes()
    freeze = Freeze(
        title=texts.line(draft.title, "title", required=True),
        reason=texts.lines(draft.reason, "reason"),
        starts_at=times.parse(draft.starts_at, "starts_at"),
        ends_at=times.parse(draft.ends_at, "ends_at"),
        severity=one_of(draft.severity, [s.value for s in Severity], "severity"),
        on_running=one_of(draft.on_running, ON_RUNNING, "on_running"),
        services=known(Service, draft.services, "services"),
        teams=known(Team, draft.teams, "teams"),
        environments=known(Environment, draft.environments, "environments"),
        tiers=tiers(draft.tiers),
        created_by_id=actor.person_id,
        is_example=is_example,
    )
    require_over(actor, freeze)
    now = clock()
    if freeze.ends_at <= freeze.starts_at or freeze.ends_at <= now:
        raise Invalid("The end must come after the start, and lie ahead.", field="ends_at")
    if freeze.ends_at - freeze.starts_at > LONGEST or freeze.ends_at - now > times.FARTHEST:
        raise Invalid("A freeze lasts at most 92 days and ends within five years.", field="ends_at")
    return freeze


def tell(actor: Actor, freeze: Freeze, hit: list[Window], **more: Any) -> None:
    told: dict[str, Any] = {
        "title": freeze.title,
        "severity": freeze.severity,
        "starts_at": freeze.starts_at.isoformat(),
        "ends_at": freeze.ends_at.isoformat(),
    }
    public = [window for window in hit if not window.confidential]  # the trail of a freeze is for every reader of it
    told |= more | {
        "windows": [window.reference for window in public],
        "granted": [window.reference for window in public if window.status != WindowStatus.REQUESTED],
        "confidential": len(hit) - len(public),
    }
    record("freeze.created", actor, f"freeze:{freeze.pk}", data=told)


@one_transaction
def lift_freeze(actor: Actor, freeze_id: int, reason: str) -> Freeze:
    """End a freeze early. It stays on record."""
    change_freezes()
    freeze = Freeze.objects.select_for_update().filter(pk=freeze_id).first()
    if freeze is None:
        raise NotFound("There is no such freeze.")
    require_over(actor, freeze)
    if freeze.lifted_at is not None:
        raise Conflict("This freeze was lifted already.", field="lifted_at")
    why = texts.lines(reason, "reason", required=True)
    freeze.lifted_at = clock()
    freeze.save(update_fields=["lifted_at"])
    record("freeze.lifted", actor, f"freeze:{freeze.pk}", data={"title": freeze.title, "reason": why})
    return freeze


def require_over(actor: Actor, freeze: Freeze) -> None:
    """An owner freezes what is their team's; what reaches beyond one's teams takes an SRE or an administrator's hand in a team."""
    reached = set(freeze.teams) or set(Service.objects.filter(slug__in=freeze.services).values_list("team__slug", flat=True))
    if reached:
        for team in sorted(reached):
            require(actor, Verb.EDIT_FREEZE, Subject(team=team, called=f"freezes over {team}"))
        return
    owned = next((team for team, role in sorted(actor.roles) if role is Role.SRE), None)
    require(actor, Verb.EDIT_FREEZE, Subject(team=owned, called="freezes over every team"))


def tiers(given: Iterable[object]) -> list[int]:
    for index, tier in enumerate(found := list(given)):
        if isinstance(tier, bool) or tier not in (1, 2, 3, 4):
            raise Invalid("A tier is 1 (most critical) to 4.", field=f"tiers[{index}]")
    return sorted({int(str(tier)) for tier in found})


def one_of(value: object, allowed: Iterable[str], field: str) -> str:
    if value not in list(allowed):
        raise Invalid(f"Choose one of: {', '.join(allowed)}.", field=field)
    return str(value)


def known(model: type[Service] | type[Team] | type[Environment], slugs: Iterable[object], field: str) -> list[str]:
    """Existing slugs, each once, in order; Invalid names the first that is unknown."""
    wanted = [texts.line(slug, f"{field}[{index}]", longest=63) for index, slug in enumerate(slugs)]
    there = set(model._default_manager.filter(slug__in=wanted).values_list("slug", flat=True))
    for index, slug in enumerate(wanted):
        if slug not in there:
            raise Invalid(f"“{slug}” is not known.", field=f"{field}[{index}]")
    return list(dict.fromkeys(wanted))
