"""What stands in the way of a window now: the rows that matter, as plain values, handed to the pure judgement.

The number of queries does not follow what is stored: one for the window with its scope, one for its surroundings, one for its rivals, two
for freezes, those of providers' maintenance, two where a rival is confidential.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import connection

from windows.access.roles import Actor, visible
from windows.audit.clock import clock
from windows.lifecycle.states import HOLDS_SLOT, ChangeType, Mode, WindowStatus
from windows.scheduling import conflicts
from windows.scheduling.conflicts import Candidate, ConflictFinding, Duty, External, Place
from windows.scheduling.models import LONGEST_RESERVATION, Window, WindowScope
from windows.scheduling.queries.candidates import candidate_of, person
from windows.scheduling.queries.external import external_windows
from windows.scheduling.queries.freezes import freezes
from windows.scheduling.queries.loads import loads
from windows.scheduling.queries.surroundings import surroundings
from windows.scheduling.queries.windows import subject_with

ALIVE = [status.value for status in HOLDS_SLOT]
# Who holds a slot near; who shares a person or is an emergency; and what is running, whatever it reserved: it may have outgrown that.
# The first arm is `queries.slots.slots`, the second asks the planned period: only what is running has another. People are asked as an
# array, so that no index over them is taken: it would read all that somebody ever did. Names are looked up one by one: as joins they
# cost the planner more than everything else together.
SLOT = "x.window_id, x.service_id, x.environment, x.region, x.reserved"
PERSON = "w.{part}_id, (select name from catalogue_person where id = w.{part}_id)"
PEOPLE = ", ".join(PERSON.format(part=part) for part in ("coordinator", "deputy", "owner"))
RIVALS = f"""
with rival as materialized (
    select {SLOT} from scheduling_windowscope x where x.holds_slot and x.service_id = any(%(services)s::bigint[])
    and lower(x.reserved) > %(begins)s::timestamptz - interval '{LONGEST_RESERVATION.days} days'
    and lower(x.reserved) < %(ends)s::timestamptz and upper(x.reserved) > %(begins)s::timestamptz
    union
    select {SLOT} from scheduling_window w join scheduling_windowscope x on x.window_id = w.id
    where tstzrange(w.starts_at, w.ends_at) && tstzrange(%(begins)s::timestamptz, %(ends)s::timestamptz) and w.status = any(%(alive)s)
    and (w.change_type = 'emergency' or array[w.coordinator_id, w.deputy_id, w.owner_id] && %(people)s::bigint[])
    union
    select {SLOT} from scheduling_window w join scheduling_windowscope x on x.window_id = w.id where w.status = 'running'
    and (x.service_id = any(%(services)s::bigint[]) or w.change_type = 'emergency'
        or array[w.coordinator_id, w.deputy_id, w.owner_id] && %(people)s::bigint[])
)
select w.id, lower(x.reserved), upper(x.reserved), s.slug, x.environment, x.region, (select slug from catalogue_team where id = s.team_id),
    s.tier, w.change_type, w.mode, w.confidential, w.status, w.starts_at, w.ends_at, {PEOPLE}
from rival x join scheduling_window w on w.id = x.window_id join catalogue_service s on s.id = x.service_id
where w.id is distinct from %(exclude)s
"""  # noqa: S608 - our own numbers and names


def conflicts_of(window_id: int, viewer: Actor | None = None, now: datetime | None = None) -> list[ConflictFinding]:
    """Every conflict of a saved window, in any state. A confidential rival is named only to those who may see it."""
    return conflicts_with(candidate_of(window_id), exclude=window_id, viewer=viewer, now=now)


def conflicts_with(
    candidate: Candidate, *, exclude: int | None = None, viewer: Actor | None = None, now: datetime | None = None
) -> list[ConflictFinding]:
    """The same question for a window that is only being thought of."""
    named = [one[0] for one in (candidate.coordinator, candidate.deputy, candidate.owner) if one]
    period = (candidate.begins, candidate.ends)
    near = surroundings((p.service for p in candidate.places), (p.team for p in candidate.places), named, period)
    candidate = with_on_call(candidate, near.duty)
    people = {*named, *(one[0] for one in candidate.on_call)}
    others = [with_on_call(other, near.duty) for other in rivals(candidate, near.service_ids, people, exclude, viewer)]
    frozen = [freeze.facts for freeze in freezes(candidate.begins, candidate.ends)]
    outside = externals(candidate.begins, candidate.ends, near.slugs)
    load = loads({place.service for place in candidate.places}, candidate.begins, candidate.ends, exclude)
    return conflicts.find(candidate, others, frozen, near.needs, now or clock(), rules=near.rules, externals=outside, loads=load)


def with_on_call(window: Candidate, duty: Duty) -> Candidate:
    return replace(window, on_call=duty.alone({place.team for place in window.places}, window.begins, window.ends))


def externals(begins: datetime, ends: datetime, services: Iterable[str]) -> list[External]:
    """What providers announced that reaches one of these services."""
    return [
        External(
            provider=one.provider,
            title=one.title,
            begins=one.starts_at,
            ends=one.ends_at,
            impact=one.impact,
            places=frozenset(place.deployed for place in one.places),
        )
        for one in external_windows(begins, ends, sorted(services))
    ]


def rivals(
    candidate: Candidate, service_ids: Iterable[int], people: Iterable[int], exclude: int | None, viewer: Actor | None
) -> list[Candidate]:
    """The windows alive around the candidate: those that hold one of these services, share a person, or are emergencies."""
    asked: dict[str, Any] = {"services": list(service_ids), "people": list(people), "begins": candidate.begins, "ends": candidate.ends}
    with connection.cursor() as cursor:
        cursor.execute(RIVALS, asked | {"alive": ALIVE, "exclude": exclude})
        rows = cursor.fetchall()
    hidden = hidden_from(viewer, {row[0] for row in rows if row[10]})
    found: dict[int, Candidate] = {}
    for row in rows:
        other = found.get(row[0]) or rival_of(row, hidden)
        found[row[0]] = replace(other, places=other.places | {Place(*row[3:8])})
    return list(found.values())


def hidden_from(viewer: Actor | None, confidential: set[int]) -> set[int]:
    """Of these confidential windows, those that the viewer may not know of."""
    if viewer is None or not confidential:
        return confidential
    teams: dict[int, set[str]] = {}
    for window_id, team in WindowScope.objects.filter(window__in=confidential).values_list("window_id", "service__team__slug"):
        teams.setdefault(window_id, set()).add(team)
    windows = Window.objects.filter(pk__in=confidential).select_related("team").defer("vevent")
    return {window.pk for window in windows if not visible(viewer, subject_with(window, teams.get(window.pk, set())))}


def rival_of(row: tuple[Any, ...], hidden: set[int]) -> Candidate:
    """A rival, still without its places. A hidden one has no name."""
    window_id, begins, ends, *_, change_type, mode, _, status, starts_at, ends_at, c_id, c_name, d_id, d_name, o_id, o_name = row
    return Candidate(
        reference="a confidential window" if window_id in hidden else f"MW-{window_id}",
        begins=begins,
        ends=ends,
        planned=(starts_at, ends_at),
        places=frozenset(),
        coordinator=(c_id, c_name),
        deputy=person(d_id, d_name),
        owner=(o_id, o_name),
        emergency=change_type == ChangeType.EMERGENCY,
        running=status == WindowStatus.RUNNING,
        takes_down=mode != Mode.NORMAL,
        id=window_id,
    )
