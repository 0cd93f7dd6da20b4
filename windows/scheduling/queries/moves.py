"""Who asks whom to move, for these eyes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from windows.access.roles import TABLE, Actor, Verb
from windows.errors import NotFound
from windows.lifecycle.states import FINAL, WindowStatus
from windows.scheduling.models import Answer, MoveRequest
from windows.scheduling.queries.conflicts import hidden_from
from windows.scheduling.queries.windows import window_view


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveView:
    id: int
    window: str  # which was asked
    title: str
    asking: str
    asked_by: str
    asked_at: datetime
    message: str
    status: str
    answered_by: str
    answered_at: datetime | None
    answer: str
    asking_ends_at: datetime  # who gives way begins after it


MOST = 100
STILL_MOVABLE = frozenset(WindowStatus) - FINAL - {WindowStatus.RUNNING}


def move_requests(window_id: int, viewer: Actor) -> list[MoveView]:
    """What was asked of a window, the newest first; NotFound where it is not for the viewer's eyes."""
    window_view(window_id, viewer)
    return told(list(rows().filter(window=window_id).order_by("-id")[:MOST]), viewer)


def move_request(request_id: int, window_id: int, viewer: Actor) -> MoveView:
    """One question to this window; NotFound where there is none such, or the window is not for the viewer's eyes."""
    window_view(window_id, viewer)
    found = told(list(rows().filter(pk=request_id, window=window_id)), viewer)
    if not found:
        raise NotFound("There is no such question here.")
    return found[0]


def asked_by_window(window_id: int, of: Collection[int], viewer: Actor) -> dict[int, MoveView]:
    """What this window has asked of these others: by their id, the newest question. The viewer may see all of them."""
    found = list(rows().filter(asking=window_id, window__in=of).order_by("id"))
    return dict(zip((row.window_id for row in found), told(found, viewer), strict=True)) if found else {}


def asked_of(viewer: Actor) -> list[MoveView]:
    """The open questions that wait for this person: of their own teams' windows and of those they are named in, the soonest window first.

    One query; two more where a window that asks is confidential.
    """
    if viewer.person_id is None:
        return []
    teams = {team for team, role in viewer.roles if role in TABLE[Verb.DRAFT]}
    named = Q(window__coordinator=viewer.person_id) | Q(window__deputy=viewer.person_id) | Q(window__owner=viewer.person_id)
    waiting = rows().filter(status=Answer.OPEN.value, window__status__in=[status.value for status in STILL_MOVABLE])
    return told(list(waiting.filter(Q(window__team__slug__in=teams) | named).order_by("window__starts_at", "id")[:MOST]), viewer)


def rows() -> QuerySet[MoveRequest]:
    return MoveRequest.objects.select_related("asking", "window", "asked_by")


def told(found: list[MoveRequest], viewer: Actor) -> list[MoveView]:
    hidden = hidden_from(viewer, {row.asking_id for row in found if row.asking.confidential})
    return [
        MoveView(
            id=row.pk,
            window=row.window.reference,
            title=row.window.title,
            asking="a confidential window" if row.asking_id in hidden else row.asking.reference,
            asked_by=row.asked_by.name,
            asked_at=row.asked_at,
            message=row.message,
            status=row.status,
            answered_by=row.answered_by,
            answered_at=row.answered_at,
            answer=row.answer,
            asking_ends_at=row.asking.ends_at,
        )
        for row in found
    ]
