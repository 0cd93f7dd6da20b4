"""What stands in the way of several windows at once. The number of queries follows neither how many they are nor what is stored."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from windows.access.roles import Actor
from windows.lifecycle.states import ChangeType, Mode
from windows.scheduling import conflicts
from windows.scheduling.conflicts import Candidate, ConflictFinding, Place
from windows.scheduling.models import Window, WindowScope
from windows.scheduling.queries.conflicts import externals, person, rivals, with_on_call
from windows.scheduling.queries.freezes import FreezeView, freezes
from windows.scheduling.queries.surroundings import surroundings


def conflicts_ahead(
    ids: Collection[int], viewer: Actor, now: datetime, known: Collection[FreezeView] | None = None
) -> dict[int, list[ConflictFinding]]:
    """By the window's id, what `conflicts_of` answers for each alone. The viewer may see each of these windows.

    `known` are the freezes of the whole time, where the caller has them.
    """
    asked = candidates(ids)
    if not asked:
        return {}
    named = {one[0] for window in asked.values() for one in (window.coordinator, window.deputy, window.owner) if one}
    places = {place for window in asked.values() for place in window.places}
    near = surroundings((place.service for place in places), (place.team for place in places), named)
    asked = {pk: with_on_call(window, near.on_call) for pk, window in asked.items()}
    people = named | {one[0] for window in asked.values() for one in window.on_call}
    begins, ends = min(window.begins for window in asked.values()), max(window.ends for window in asked.values())
    whole = replace(next(iter(asked.values())), begins=begins, ends=ends)
    others = [with_on_call(other, near.on_call) for other in rivals(whole, near.service_ids, people, None, viewer)]
    frozen = [freeze.facts for freeze in (freezes(begins, ends) if known is None else known)]
    outside = externals(begins, ends, near.slugs)
    return {
        pk: conflicts.find(window, others, frozen, near.needs, now, rules=near.rules, externals=outside) for pk, window in asked.items()
    }


def candidates(ids: Collection[int]) -> dict[int, Candidate]:
    """Saved windows as conflicts see them. Two queries."""
    places: dict[int, set[Place]] = {}
    names = ("window_id", "service__slug", "environment", "region", "service__team__slug", "service__tier")
    for pk, *place in WindowScope.objects.filter(window__in=ids).values_list(*names):
        places.setdefault(pk, set()).add(Place(*place))
    people = [f"{part}{name}" for part in ("coordinator", "deputy", "owner") for name in ("_id", "__name")]
    rows = Window.objects.filter(pk__in=ids).values("id", "starts_at", "ends_at", "change_type", "mode", *people)
    return {
        row["id"]: Candidate(
            reference=f"MW-{row['id']}",
            begins=row["starts_at"],
            ends=row["ends_at"],
            places=frozenset(places.get(row["id"], ())),
            coordinator=(row["coordinator_id"], row["coordinator__name"]),
            deputy=person(row["deputy_id"], row["deputy__name"]),
            owner=(row["owner_id"], row["owner__name"]),
            emergency=row["change_type"] == ChangeType.EMERGENCY,
            takes_down=row["mode"] != Mode.NORMAL,
        )
        for row in rows
    }
