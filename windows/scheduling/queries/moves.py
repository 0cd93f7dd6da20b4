"""Who asks whom to move, for these eyes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from windows.access.roles import Actor
from windows.scheduling.models import MoveRequest
from windows.scheduling.queries.conflicts import hidden_from
from windows.scheduling.queries.windows import window_view


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveView:
    id: int
    asking: str
    asked_by: str
    asked_at: datetime
    message: str
    status: str
    answered_by: str
    answered_at: datetime | None
    answer: str


def move_requests(window_id: int, viewer: Actor) -> list[MoveView]:
    """What was asked of a window, the newest first; NotFound where it is not for the viewer's eyes."""
    window_view(window_id, viewer)
    rows = list(MoveRequest.objects.filter(window=window_id).select_related("asking", "asked_by").order_by("-id")[:100])
    hidden = hidden_from(viewer, {row.asking_id for row in rows if row.asking.confidential})
    return [
        MoveView(
            id=row.pk,
            asking="a confidential window" if row.asking_id in hidden else row.asking.reference,
            asked_by=row.asked_by.name,
            asked_at=row.asked_at,
            message=row.message,
            status=row.status,
            answered_by=row.answered_by,
            answered_at=row.answered_at,
            answer=row.answer,
        )
        for row in rows
    ]
