"""Verb: let requests expire that nobody decided in time."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from windows.access.roles import SCHEDULE
from windows.approvals.commands.requests import close_request
from windows.approvals.models import ApprovalRequest, RequestStatus
from windows.audit.clock import clock
from windows.audit.commands import record
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
        try:
            expired.append(expire(window_id, due))
        except Conflict:  # decided, moved or withdrawn in between
            continue
    return expired


@one_transaction
def end_left_open() -> int:
    """End the requests whose window was called off: nobody is asked any more. How many; each has its entry in the trail."""
    ended = [status.value for status in FINAL]
    rows = ApprovalRequest.objects.filter(status=RequestStatus.OPEN.value, window__status__in=ended)
    left = list(rows.select_for_update(of=("self",)).order_by("pk").values_list("pk", "window_id", "number", "window__status")[:AT_ONCE])
    ApprovalRequest.objects.filter(pk__in=[pk for pk, *_ in left]).update(status=RequestStatus.WITHDRAWN.value, decided_at=clock())
    for _, window, number, status in left:
        data = {"request": number, "reason": f"The window is {status.replace('_', ' ')}: nobody is asked any more."}
        record("window.request_ended", SCHEDULE, f"MW-{window}", window=f"MW-{window}", data=data)
    return len(left)


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
