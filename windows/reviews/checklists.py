"""The checklists before a window (SPEC §16), computed where a machine knows the answer. Pure.

`done` and `not` rest on what is on record, `not_applicable` where there is nothing to be done; everything else is `unknown`, which is never
as good as done: a person must say. A person's tick counts only there: what a machine knows, nobody ticks away.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

DONE, NOT, UNKNOWN, NOTHING_TO_DO = "done", "not", "unknown", "not_applicable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is on record of a window. `checks`: name → verdict of the last run's preflight, empty where none ran.

    `services` of its scope, those of them `covered` by an objective, and those objectives that were `silent` of late or whose budget
    is `low` (by slug). `saw_backup`: its check asked a database, and did not pass for want of anything to ask about. `rehearsed` is the
    reference of a game day of this runbook version with its rollback; `tried` what another rehearsal of it that went well has shown,
    where there is none. Of the messages about the window `told` got through, `queued` are on their way and `dead` got lost; `beside` are
    windows in whose message it was told. `ahead`: the notice before its start went out. `announced` is what the public reads;
    `unannounced` are services that it knows and was told nothing about. `on_call` None: it has begun, and whoever is on call now says
    nothing of then.
    """

    has_owner: bool = True
    approved: bool = False
    lacks: Sequence[str] = ()
    has_runbook: bool = False
    rehearsed: str = ""
    tried: str = ""
    only_dry: bool = False  # and that was a dry run
    touches_data: bool = False
    checks: dict[str, str]
    saw_backup: bool = False
    services: Sequence[str] = ()
    covered: Sequence[str] = ()
    silent: Sequence[str] = ()
    low: Sequence[str] = ()
    told: int = 0
    queued: int = 0
    dead: int = 0
    beside: Sequence[str] = ()
    ahead: bool = False
    confidential: bool = False
    announced: str = ""
    unannounced: Sequence[str] = ()
    on_call: int | None = 0

    @property
    def unwatched(self) -> list[str]:
        """Services of its scope without an objective."""
        return sorted(set(self.services) - set(self.covered))


@dataclass(frozen=True, slots=True)
class Ticked:
    """A person's word that it is done, and why they know."""

    by: str
    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Item:
    """`ticked` where a person says so and no machine knows."""

    title: str
    state: str  # done, not, unknown, not_applicable
    said: str
    ticked: Ticked | None = None

    @property
    def key(self) -> str:
        """What its tick is kept under: the title as a word, so that a reworded item is ticked anew."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")[:60]


@dataclass(frozen=True, slots=True)
class Checklist:
    title: str
    items: Sequence[Item]


def before(seen: Standing) -> list[Checklist]:
    return [
        Checklist("Pre-production", [ownership(seen), tested(seen), tags(seen), backup(seen), communication(seen)]),
        Checklist("Production readiness", [preflight(seen), budget(seen), notified(seen), rollback(seen), monitoring(seen)]),
    ]


def with_ticks(lists: Sequence[Checklist], ticks: Mapping[str, Ticked]) -> list[Checklist]:
    """What is unknown and was ticked is done by that person's word; a tick of anything else is passed over."""

    def told(item: Item) -> Item:
        word = ticks.get(item.key) if item.state == UNKNOWN else None
        return item if word is None else replace(item, state=DONE, said=word.note, ticked=word)

    return [replace(one, items=[told(item) for item in one.items]) for one in lists]


def ownership(seen: Standing) -> Item:
    title = "Ownership and approvals"
    if seen.approved and seen.has_owner:
        return Item(title, DONE, "It has an owner, and the request was approved.")
    return Item(title, NOT, f"Still to sign: {', '.join(seen.lacks)}." if seen.lacks else "No approval holds.")


def tested(seen: Standing) -> Item:
    title = "Flag and automation tested in staging"
    if not seen.has_runbook:
        return Item(title, UNKNOWN, "A manual window: nothing automated to test, and nobody wrote down a trial.")
    if seen.rehearsed:
        return Item(title, DONE, f"This version was rehearsed with its rollback ({seen.rehearsed}).")
    if seen.tried:
        return Item(title, UNKNOWN if seen.only_dry else DONE, seen.tried)  # a dry run does nothing: it is no test of what it would do
    return Item(title, NOT, "No rehearsal or dry run of this version of the runbook went well of late.")


def tags(seen: Standing) -> Item:
    title = "Tags and dashboards validated"
    if seen.unwatched:
        return Item(title, NOT, f"No objective watches {', '.join(seen.unwatched[:5])}.")
    return Item(title, UNKNOWN, "Every service has an objective on the dashboards; whether telemetry carries the tag is seen when it runs.")


def backup(seen: Standing) -> Item:
    title = "Backup and restore plan validated"
    verdict = seen.checks.get("backup")
    if verdict == "pass" and seen.saw_backup:
        return Item(title, DONE, "The backup was checked before the start.")
    if not seen.touches_data and verdict in ("pass", None):
        return Item(title, NOTHING_TO_DO, "It touches no data layer (L5), so no backup is checked.")
    if verdict == "pass":
        return Item(title, UNKNOWN, "It touches data (L5), and no backup was asked about: whoever carries it out sees to it.")
    if verdict is not None:
        return Item(title, NOT if verdict == "fail" else UNKNOWN, f"The backup check was {verdict}.")
    return Item(title, UNKNOWN, "It touches data (L5), and the backup is checked by preflight, which has not run.")


def communication(seen: Standing) -> Item:
    title = "Communication templates ready"
    if seen.confidential:
        return Item(title, UNKNOWN, "It is confidential: the public is told nothing.")
    if seen.announced:
        return Item(title, DONE, f"It is announced to the public: “{seen.announced.rstrip('.')}”.")
    if seen.unannounced:
        return Item(title, NOT, f"The public knows {', '.join(seen.unannounced[:5])} and was told nothing.")
    return Item(title, UNKNOWN, "Nothing was announced to the public; what else is said to customers only people know.")


def preflight(seen: Standing) -> Item:
    title = "Preflight green"
    if not seen.checks:
        return Item(title, UNKNOWN, "Preflight has not run.")
    bad = sorted(name for name, verdict in seen.checks.items() if verdict != "pass")
    return Item(title, NOT, f"Not passed: {', '.join(bad)}.") if bad else Item(title, DONE, f"All {len(seen.checks)} checks passed.")


def budget(seen: Standing) -> Item:
    title = "Budget sufficient"
    if seen.low:
        return Item(title, NOT, f"Too little left of {', '.join(seen.low[:5])}.")
    if not seen.covered or seen.silent:
        said = f"Not measured: {', '.join(seen.silent[:5])}." if seen.silent else "No objective covers its services."
        return Item(title, UNKNOWN, said)
    return Item(title, DONE, "Every objective it touches has enough left.")


def notified(seen: Standing) -> Item:
    title = "On-call and stakeholders notified"
    if seen.on_call == 0:
        return Item(title, NOT, f"Nobody is on call for its teams. {messages(seen)}")
    if not seen.told and not seen.beside:
        return Item(title, NOT, messages(seen))
    before = "The notice before its start went out." if seen.ahead else "No notice before its start went out."
    state = DONE if seen.ahead or seen.beside else UNKNOWN  # a mail to a signer alone tells no stakeholder
    return Item(title, state, " ".join([messages(seen), before, *([] if seen.on_call is None else [f"{seen.on_call} on call."])]))


def messages(seen: Standing) -> str:
    """As the window's Communication tab counts them."""
    sent = seen.told + seen.queued + seen.dead
    counts = [f"{f'{seen.told} of ' if seen.told < sent else ''}{sent} message{'' if sent == 1 else 's'} about it got through"]
    counts += [f"{seen.queued} on the way"] if seen.queued else []
    counts += [f"{seen.dead} did not get through"] if seen.dead else []
    said = [f"{', '.join(counts)}."] if sent else []
    said += [f"Told together with {', '.join(seen.beside[:5])}."] if seen.beside else []
    return " ".join(said) or "No message about it was sent."


def rollback(seen: Standing) -> Item:
    title = "Rollback automation ready"
    if not seen.has_runbook:
        return Item(title, NOT, "A manual window: a rollback would be by hand.")
    if seen.rehearsed:
        return Item(title, DONE, f"Its rollback was carried out in {seen.rehearsed}.")
    return Item(
        title,
        UNKNOWN,
        "Every step has its undo or says why not; no rehearsal of late did it, and only those count.",
    )


def monitoring(seen: Standing) -> Item:
    title = "Monitoring and log retention verified"
    if not seen.covered:
        return Item(title, NOT, "No objective watches its services.")
    if seen.unwatched:
        return Item(title, NOT, f"No objective watches {', '.join(seen.unwatched[:5])}.")
    if seen.silent:
        return Item(title, NOT, f"Silent of late: {', '.join(seen.silent[:5])}.")
    return Item(title, DONE, "Every objective is measured; what lies near a window is kept for 400 days.")
