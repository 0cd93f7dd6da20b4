"""Moving the windows out of a freeze that landed on them: what each move would mean, which are wanted, what became of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from windows.access.pages import signed_in
from windows.access.requests import actor_of
from windows.access.sheets import MENDED
from windows.approvals.commands.moving import Moved, Wanted, move_out_of_freeze
from windows.audit.clock import clock
from windows.errors import Invalid, Refused
from windows.scheduling.queries.freeze_moves import proposals_for_freeze


@signed_in
def freeze_moves(request: HttpRequest, freeze_id: int) -> HttpResponse:
    """A page of proposals with a box each; a POST moves what is ticked, to the very times that were shown. `?times=all` is about this time
    of a freeze that recurs and all that follow."""
    actor, now, every_time = actor_of(request), clock(), request.GET.get("times") == "all"
    moved: list[Moved] = []
    error: Refused | None = None
    reason = request.POST.get("reason", "").replace("\0", "")[:4000]
    if request.method == "POST":
        try:
            wanted = [wanted_in(text) for text in request.POST.getlist("move")]
            moved = move_out_of_freeze(actor, freeze_id, wanted, reason=reason, every_time=every_time)
        except MENDED as refused:
            error = refused
    after = request.GET.get("after", "")
    first = int(after) if after.isascii() and after.isdigit() and len(after) < 18 else 0
    found = proposals_for_freeze(freeze_id, actor, now, after=first, every_time=every_time)
    context: dict[str, Any] = {
        "every_time": every_time,
        "found": found,
        "freeze": found.freeze,
        "moved": moved,
        "error": error,
        "reason": reason,
        "now": now,
    }
    return render(request, "approvals/freeze_moves.html", context, status=error.status if error else 200)


def wanted_in(text: str) -> Wanted:
    """A box says `1042 3 2027-01-04T10:00:00+00:00`: the window, its version, and the time that was shown."""
    try:
        window, version, begins = text.split(" ")
        if not (
            window.isascii() and window.isdigit() and len(window) < 18 and version.isascii() and version.isdigit() and len(version) < 9
        ):
            raise ValueError
        at = datetime.fromisoformat(begins)
        if at.tzinfo is None:
            raise ValueError
    except ValueError:
        raise Invalid("Tick the windows that are to move.", field="moves") from None
    return Wanted(int(window), int(version), at)
