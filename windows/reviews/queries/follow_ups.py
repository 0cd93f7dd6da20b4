"""Follow-ups for these eyes: of a window, of a team, or all; what is open and late first in reviews, the newest first in lists."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet

from windows.access.roles import Actor
from windows.errors import Invalid, NotFound
from windows.reviews.models import FollowUp
from windows.reviews.states import FollowUpKind, FollowUpStatus
from windows.scheduling.models import Window
from windows.scheduling.queries.listing import for_eyes_of

FILTERS = ("window", "team", "state", "kind")
STATES = (*(one.value for one in FollowUpStatus), "overdue")


def seen(viewer: Actor) -> QuerySet[FollowUp]:
    return FollowUp.objects.filter(window__in=Window.objects.filter(for_eyes_of(viewer))).select_related("owner", "window__team")


def follow_ups(viewer: Actor, filters: Mapping[str, str], today: date, *, before: int | None = None, limit: int = 50) -> list[FollowUp]:
    """The newest first; one query. `filters`: window (MW-1042), team (slug), state (open, overdue, done,
    dropped), kind (follow_up, leftover)."""
    rows = seen(viewer)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    if filters.get("window"):
        number = filters["window"].upper().removeprefix("MW-")
        rows = rows.filter(window_id=int(number) if number.isascii() and number.isdigit() and len(number) < 18 else 0)
    if filters.get("team"):
        rows = rows.filter(window__team__slug=filters["team"])
    if filters.get("kind"):
        if filters["kind"] not in set(FollowUpKind):
            raise Invalid(f"A kind is one of: {', '.join(FollowUpKind)}.", field="kind")
        rows = rows.filter(kind=filters["kind"])
    if filters.get("state"):
        rows = rows.filter(in_state(filters["state"], today))
    return list(rows.defer("window__vevent").order_by("-pk")[:limit])


def in_state(state: str, today: date) -> Q:
    if state not in STATES:
        raise Invalid(f"A state is one of: {', '.join(STATES)}.", field="state")
    return Q(status=FollowUpStatus.OPEN.value, due_on__lt=today) if state == "overdue" else Q(status=state)


def open_ones(viewer: Actor, limit: int = 50) -> list[FollowUp]:
    """The earliest due first."""
    return list(seen(viewer).filter(status=FollowUpStatus.OPEN.value).defer("window__vevent").order_by("due_on", "pk")[:limit])


def ended_in(viewer: Actor, since: datetime, until: datetime) -> Mapping[str, int]:
    """How many were done and dropped in this time."""
    rows: Any = seen(viewer).filter(ended_at__gte=since, ended_at__lt=until)
    return {state: rows.filter(status=state).count() for state in ("done", "dropped")}


def follow_up(viewer: Actor, follow_up_id: int) -> FollowUp:
    """NotFound where there is none for these eyes."""
    found = seen(viewer).filter(pk=follow_up_id).first()
    if found is None:
        raise NotFound("There is no such follow-up.")
    return found
