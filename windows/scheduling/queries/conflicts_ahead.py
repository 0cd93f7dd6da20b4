"""What stands in the way of several windows at once. The number of queries follows neither how many they are nor what is stored."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from windows.access.roles import Actor
from windows.scheduling.conflicts import Candidate, ConflictFinding
from windows.scheduling.queries.ahead import Ahead, ahead
from windows.scheduling.queries.candidates import candidates_of
from windows.scheduling.queries.freezes import FreezeView


def conflicts_ahead(
    ids: Collection[int], viewer: Actor | None, now: datetime, known: Collection[FreezeView] | None = None
) -> dict[int, list[ConflictFinding]]:
    """By the window's id, what `conflicts_of` answers for each alone. The viewer may see each of these windows.

    `known` are the freezes of the whole time, where the caller has them.
    """
    asked = candidates_of(ids)
    if not asked:
        return {}
    begins, ends = min(window.begins for window in asked.values()), max(window.ends for window in asked.values())
    around = around_all(asked.values(), begins, ends, now, viewer=viewer, frozen=known)
    return {pk: around.conflicts(window) for pk, window in asked.items()}


def around_all(
    windows: Collection[Candidate],
    since: datetime,
    until: datetime,
    now: datetime,
    *,
    viewer: Actor | None,
    frozen: Collection[FreezeView] | None = None,
) -> Ahead:
    """What surrounds the scopes and the people of all of these (at least one) in a period."""
    widest = next(iter(windows))
    widest = replace(widest, places=frozenset().union(*(window.places for window in windows)))
    people = {one[0] for window in windows for one in (window.coordinator, window.deputy, window.owner) if one}
    return ahead(widest, since, until, now, viewer=viewer, people=people, frozen=frozen)
