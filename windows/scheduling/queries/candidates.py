"""Saved windows as conflicts see them: one shape, however many are asked about."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from windows.errors import NotFound
from windows.lifecycle.states import ChangeType, Mode
from windows.scheduling.conflicts import Candidate, Named, Place
from windows.scheduling.models import Window, WindowScope

PEOPLE = [f"{part}{name}" for part in ("coordinator", "deputy", "owner") for name in ("_id", "__name")]
COLUMNS = ("id", "starts_at", "ends_at", "change_type", "mode", "published_at", *PEOPLE, "places")


def candidate_of(window_id: int) -> Candidate:
    """A saved window by its planned period; NotFound where there is none. One query."""
    found = candidates_of([window_id]).get(window_id)
    if found is None:
        raise NotFound("There is no such window.")
    return found


def candidates_of(window_ids: Collection[int]) -> dict[int, Candidate]:
    """The same for several, by their ids. One query."""
    where = JSONObject(
        service="service__slug", environment="environment", region="region", team="service__team__slug", tier="service__tier"
    )
    places = WindowScope.objects.filter(window=OuterRef("pk")).annotate(place=where).values("place")
    rows = Window.objects.filter(pk__in=window_ids).annotate(places=ArraySubquery(places)).values(*COLUMNS)
    return {
        row["id"]: Candidate(
            reference=f"MW-{row['id']}",
            begins=row["starts_at"],
            ends=row["ends_at"],
            places=frozenset(Place(**place) for place in row["places"]),
            coordinator=person(row["coordinator_id"], row["coordinator__name"]),
            deputy=person(row["deputy_id"], row["deputy__name"]),
            owner=person(row["owner_id"], row["owner__name"]),
            emergency=row["change_type"] == ChangeType.EMERGENCY,
            takes_down=row["mode"] != Mode.NORMAL,
            asked_at=row["published_at"],
            id=row["id"],
        )
        for row in rows
    }


def person(person_id: int | None, name: str | None) -> Named | None:
    return None if person_id is None or name is None else (person_id, name)
