"""Which windows nobody was told of yet, and how the notice of one stands. The trail is read: it tells of announcements above us, too."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from windows.access.roles import Role
from windows.audit.models import AuditEntry
from windows.catalogue.models import Person
from windows.catalogue.queries import Contact, holders, on_call_of, who_may_see
from windows.delivery.models import Message, MessageStatus, Urgency
from windows.delivery.queries import with_channels
from windows.lifecycle.states import WindowStatus
from windows.notices.deciding import AHEAD, Around
from windows.scheduling.models import Window
from windows.scheduling.queries import scope_of, subject_of
from windows.scheduling.queries.publicity import unannounced

SENT = "notice.sent"


def keys_of(window_id: int) -> str:
    """How the keys of all its notices begin."""
    return f"notice:{window_id}:"


def fact_of(window: Window) -> str:
    """How the keys of a notice's messages begin. Moved, a window is told anew."""
    return f"{keys_of(window.pk)}{window.starts_at:%Y%m%dT%H%M%S}"


def untold(now: datetime) -> list[int]:
    """The ids of approved windows that begin within a day, or should have begun, and were not told for that start. Two statements."""
    rows = Window.objects.filter(status=WindowStatus.APPROVED.value, starts_at__lte=now + AHEAD, ends_at__gt=now)
    windows = list(rows.only("pk", "starts_at").order_by("starts_at", "pk"))
    told = sent([window.reference for window in windows]) if windows else set()
    return [window.pk for window in windows if fact_of(window) not in told]


def sent(references: Collection[str]) -> set[str]:
    """The facts of the notices that were sent of these windows. One statement."""
    rows = AuditEntry.objects.filter(window__in=references, kind=SENT)
    return {str(data.get("fact", "")) for data in rows.values_list("data", flat=True)}


def concerned(window: Window) -> tuple[list[Contact], list[str]]:
    """Who must hear of it: on-call of every team whose services it touches, and the owners of those teams that did not plan it."""
    teams = sorted({row.team for row in scope_of(window.pk)})
    others = [team for team in teams if team != window.team.slug]
    found = {one.email: one for one in (*on_call_of(teams), *(holders(others, Role.OWNER) if others else []))}
    return [found[email] for email in sorted(found)], teams


@dataclass(frozen=True, slots=True)
class Hearing:
    """The names of those who would hear of a window now, and the teams whose channels would. Of a confidential one, those `outside` and the
    channels hear one notice, ahead of it: that there is something."""

    people: tuple[str, ...]
    outside: tuple[str, ...]
    teams: tuple[str, ...]


def hearing(window: Window) -> Hearing:
    """Nine statements at most."""
    people, teams = concerned(window)
    addresses = {one.email for one in people}
    may_see = who_may_see(subject_of(window), addresses) if window.confidential else addresses
    inside, outside = (sorted(one.name for one in people if (one.email in may_see) is told) for told in (True, False))
    return Hearing(tuple(inside), tuple(outside), tuple(with_channels(teams, Urgency.NOTICE)))


def is_told_ahead(window: Window) -> bool:
    """Whether its notice ahead went out for the start that it has now. One statement."""
    return fact_of(window) in sent([window.reference])


@dataclass(frozen=True, slots=True)
class Beside:
    """A notice that told of this window in the message of another one of its series."""

    what: str
    other: str
    at: datetime


def told_beside(reference: str) -> list[Beside]:
    """The newest of them; one statement."""
    rows = AuditEntry.objects.filter(window=reference, kind=SENT, data__has_key="with").order_by("-id")
    return [Beside(str(data.get("what", "")), str(data["with"]), at) for data, at in rows.values_list("data", "at")[:10]]


def around(window: Window, actor_id: int | None) -> tuple[Around, list[str]]:
    """Those near it as they are now, and the teams whose services it touches. `actor_id` did what is told. Nine statements at most."""
    subject = subject_of(window)
    teams = sorted(subject.affected_teams)
    others = [team for team in teams if team != subject.team]
    on_call = {one.email for one in on_call_of(teams)}
    owners = {one.email for one in holders(others, Role.OWNER)} if others else set[str]()
    own = [one for one in (window.owner_id, window.coordinator_id, window.deputy_id) if one is not None]
    people = dict(Person.objects.filter(pk__in=[*own, actor_id or 0]).values_list("pk", "email"))
    may_see = who_may_see(subject, on_call | owners) if window.confidential else None
    return Around(on_call, owners, [people[one] for one in own], people.get(actor_id or 0, ""), may_see), teams


@dataclass(frozen=True, slots=True)
class Standing:
    """`is_sent`, or since when that has been due; how many messages there are, how many of them nobody got and how many are still on their
    way; services that the public knows and was told nothing about."""

    is_sent: bool
    due_since: datetime | None
    messages: int
    lost: int
    pending: int
    unannounced: tuple[str, ...]


def standing(window: Window) -> Standing:
    """Ten statements at most."""
    fact = fact_of(window)
    states = list(Message.objects.filter(dedup_key__startswith=f"{fact}:").values_list("status", flat=True))
    approved = AuditEntry.objects.filter(window=window.reference, kind="window.approved").order_by("-id").values_list("at", flat=True)
    since = max(at, window.starts_at - AHEAD) if (at := approved.first()) else None
    lost = sum(status == MessageStatus.DEAD.value for status in states)
    pending = sum(status == MessageStatus.QUEUED.value for status in states)
    return Standing(fact in sent([window.reference]), since, len(states), lost, pending, unannounced([window]).get(window.pk, ()))
