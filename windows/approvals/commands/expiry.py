"""Verb: let requests expire that nobody decided in time."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from windows.access.roles import SCHEDULE
from windows.approvals.commands.requests import close_request
from windows.approvals.models import ApprovalRequest, RequestStatus
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.audit.going_on import going_on
from windows.errors import Conflict
from windows.lifecycle.states import FINAL, WindowStatus
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.commands.transitions import locked, move
from windows.scheduling.models import Window

AT_ONCE = 200


def expire_requests(now: datetime | None = None) -> list[str]:
    """Expire every window that is still only requested when it should begin; says their references. `now` is the database's clock."""
    due = (now or clock()) - settings.ROADWORKS.request_grace
    ids = Window.objects.filter(status=WindowStatus.REQUESTED.value, starts_at__lte=due).order_by("starts_at").values_list("pk", flat=True)
    expired = []
    for window_id in list(ids[:AT_ONCE]):
        with going_on("expire a request", window=window_id):  # refused where it was decided, moved or withdrawn in between
            expired.append(expire(window_id, due))
    return expired


def end_left_open() -> int:
    """End the requests whose window was called off: nobody is asked any more. How many; each has its entry in the trail."""
    ended = [status.value for status in FINAL]
    rows = ApprovalRequest.objects.filter(status=RequestStatus.OPEN.value, window__status__in=ended).order_by("pk")
    left = 0
    for pk in list(rows.values_list("pk", flat=True)[:AT_ONCE]):
        with going_on("end a request left open", request=pk):
            left += end_one(pk)
    return left


@one_transaction
def end_one(request_id: int) -> bool:
    """False where it was ended meanwhile."""
    rows = ApprovalRequest.objects.select_for_update(of=("self",)).filter(pk=request_id, status=RequestStatus.OPEN.value)
    found = rows.values_list("window_id", "number", "window__status").first()
    if found is None:
        return False
    window, number, status = found
    ApprovalRequest.objects.filter(pk=request_id).update(status=RequestStatus.WITHDRAWN.value, decided_at=clock())
    data = {"request": number, "reason": f"The window is {status.replace('_', ' ')}: nobody is asked any more."}
    record("window.request_ended", SCHEDULE, f"MW-{window}", window=f"MW-{window}", data=data)
    return True


@one_transaction
def expire(window_id: int, due: datetime) -> str:
    """Expire one window; Conflict when it no longer waits or was moved on."""
    window = locked(window_id)
    if window.starts_at > due:
        raise Conflict("The window was moved.", field="starts_at")
    window = move(
        window_id,
        WindowStatus.EXPIRED,
        SCHEDULE,
        "window.expired",
        expected=WindowStatus.REQUESTED,
        data={"reason": "Nobody decided before its start."},
    )
    close_request(window, RequestStatus.EXPIRED)
    return window.reference
