"""Free slots for a scope and a length, ranked: what the pure ranking needs, read in a number of queries that does not grow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from slo.objectives.queries import health, promises
from slo.telemetry.traffic import hours_of_week
from windows.access.roles import Actor, Verb, require
from windows.catalogue.models import Person, Service
from windows.catalogue.queries import expand_scope
from windows.errors import Invalid
from windows.scheduling.conflicts import Candidate, ConflictFinding, Place
from windows.scheduling.models import LONGEST_RESERVATION
from windows.scheduling.queries.ahead import Ahead, ahead
from windows.scheduling.queries.candidates import candidate_of
from windows.scheduling.queries.windows import subject_of
from windows.scheduling.ranking import LONGEST_SEARCH, Judge, Slot, Traffic, Wish, next_free, rank, shares_of

MOST_SLOTS = 20
MOST_ROWS = 50
MOST_OBJECTIVES = 10  # whose traffic is looked up


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What to look for: the window that is only being thought of, its length, the period to look in, and the begin that was asked for
    where slots near it are wanted."""

    candidate: Candidate
    since: datetime
    until: datetime
    length: timedelta
    asked: datetime | None = None
    exclude: int | None = None  # the window itself, where it is saved already


def free_slots(sought: Sought, viewer: Actor, now: datetime, limit: int = 5) -> list[Slot]:
    """The best slots in the period, as `ranking.rank` says; Invalid names what cannot be looked for."""
    wish, around = prepared(sought, viewer, now)
    return rank(wish, judge(sought, around), min(limit, MOST_SLOTS))


def next_free_slot(sought: Sought, viewer: Actor, now: datetime) -> Slot | None:
    """The earliest slot that meets neither a hard nor a soft conflict."""
    wish, around = prepared(sought, viewer, now)
    return next_free(wish, judge(sought, around))


def prepared(sought: Sought, viewer: Actor, now: datetime) -> tuple[Wish, Ahead]:
    since = max(sought.since, now)
    if not timedelta(0) < sought.length <= LONGEST_RESERVATION:
        raise Invalid(f"Say how long it takes: up to {LONGEST_RESERVATION.days * 24} hours.", field="minutes")
    if sought.until - since < sought.length or sought.until - since > LONGEST_SEARCH:
        raise Invalid(f"Look in a period that lies ahead, is long enough, and has at most {LONGEST_SEARCH.days} days.", field="until")
    around = ahead(sought.candidate, since, sought.until, now, viewer=viewer, exclude=sought.exclude)
    places = {(place.service, place.environment) for place in sought.candidate.places}
    wanted = [one for one in promises(services={service for service, _ in places}) if (one.service, one.environment) in places]
    left = [one.figures.adjusted.remaining for one in health(wanted[:MOST_OBJECTIVES], now)]
    means = hours_of_week([one.slug for one in wanted[:MOST_OBJECTIVES]], now)
    known = {one.service for one in wanted}
    traffic = [Traffic(one.service, shares_of(means[one.slug])) for one in wanted[:MOST_OBJECTIVES]]
    traffic += [Traffic(service, shares_of({})) for service in sorted({service for service, _ in places} - known)]
    budget = min((share for share in left if share is not None), default=None)
    return Wish(
        since=since, until=sought.until, length=sought.length, people=people(sought, around), traffic=tuple(traffic), budget=budget,
        asked=sought.asked,
    ), around  # fmt: skip


def judge(sought: Sought, around: Ahead) -> Judge:
    def found(begins: datetime, ends: datetime) -> list[ConflictFinding]:
        return around.conflicts(replace(sought.candidate, begins=begins, ends=ends, planned=None))

    return found


def people(sought: Sought, around: Ahead) -> tuple[tuple[str, str], ...]:
    """Who runs it and who alone is on call for it, each with the zone they live in."""
    touched = {place.team for place in sought.candidate.places}
    named = [sought.candidate.coordinator, *(one for team, one in sorted(around.near.duty.by_role.items()) if team in touched)]
    ids = list(dict.fromkeys(one[0] for one in named if one))
    zones = {row.pk: (row.name, row.timezone) for row in Person.objects.filter(pk__in=ids).only("name", "timezone")}
    return tuple(zones[pk] for pk in ids if pk in zones)


def sought_for_window(window_id: int, viewer: Actor, since: datetime, until: datetime) -> Sought:
    """A saved window that is to lie elsewhere; NotFound where it is not for the viewer's eyes."""
    require(viewer, Verb.READ, subject_of(window_id))
    candidate = candidate_of(window_id)
    return Sought(candidate=candidate, since=since, until=until, length=candidate.ends - candidate.begins, exclude=window_id)


def sought_for_scope(
    rows: Sequence[tuple[str, str, str]], length: timedelta, since: datetime, until: datetime, coordinator_id: int | None = None
) -> Sought:
    """A window that is only being thought of, by (service, environment, region); "*" means every one. Invalid names what is unknown."""
    if not rows or len(rows) > MOST_ROWS:
        raise Invalid(f"Say what it touches: one to {MOST_ROWS} services.", field="scope")
    deployed = {place for row in rows for place in expand_scope(*row)}
    owners = {
        slug: (team, tier)
        for slug, team, tier in Service.objects.filter(slug__in={p.service for p in deployed}).values_list("slug", "team__slug", "tier")
    }
    places = frozenset(Place(p.service, p.environment, p.region, *owners[p.service]) for p in deployed)
    name = Person.objects.filter(pk=coordinator_id, is_active=True).values_list("name", flat=True).first() if coordinator_id else None
    person = (coordinator_id, name) if coordinator_id and name else None
    thought_of = Candidate(reference="", begins=since, ends=until, places=places, coordinator=person)
    return Sought(candidate=thought_of, since=since, until=until, length=length)
