"""Saved windows as conflicts see them: one shape, however many are asked about."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection

from windows.errors import NotFound
from windows.lifecycle.states import ChangeType, Mode
from windows.scheduling.conflicts import Candidate, Named, Place

# By hand, as it stands before every question about conflicts: the ORM takes longer to word it than the store to answer.
CANDIDATES = """
select w.id, w.starts_at, w.ends_at, w.change_type, w.mode, w.published_at,
    w.coordinator_id, (select name from catalogue_person where id = w.coordinator_id),
    w.deputy_id, (select name from catalogue_person where id = w.deputy_id),
    w.owner_id, (select name from catalogue_person where id = w.owner_id),
    (select coalesce(json_agg(json_build_array(s.slug, x.environment, x.region, t.slug, s.tier)), '[]') from scheduling_windowscope x
        join catalogue_service s on s.id = x.service_id join catalogue_team t on t.id = s.team_id where x.window_id = w.id)
from scheduling_window w where w.id = any(%s::bigint[])
"""


def candidate_of(window_id: int) -> Candidate:
    """A saved window by its planned period; NotFound where there is none. One query."""
    found = candidates_of([window_id]).get(window_id)
    if found is None:
        raise NotFound("There is no such window.")
    return found


def candidates_of(window_ids: Collection[int]) -> dict[int, Candidate]:
    """The same for several, by their ids. One query."""
    with connection.cursor() as cursor:
        cursor.execute(CANDIDATES, [list(window_ids)])
        rows = cursor.fetchall()
    return {
        window_id: Candidate(
            reference=f"MW-{window_id}",
            begins=starts_at,
            ends=ends_at,
            places=frozenset(Place(*place) for place in places),
            coordinator=person(c_id, c_name),
            deputy=person(d_id, d_name),
            owner=person(o_id, o_name),
            emergency=change_type == ChangeType.EMERGENCY,
            takes_down=mode != Mode.NORMAL,
            asked_at=published_at,
            id=window_id,
        )
        for window_id, starts_at, ends_at, change_type, mode, published_at, c_id, c_name, d_id, d_name, o_id, o_name, places in rows
    }


def person(person_id: int | None, name: str | None) -> Named | None:
    return None if person_id is None or name is None else (person_id, name)
