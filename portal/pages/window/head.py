"""The head of a window's page: its state, its times and what may be done next. It stays true while the page is open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import urlencode

from portal.pages.panel import panel
from portal.pages.window.offers import offers
from portal.pages.window.opened import Opened, opened_for
from windows.access.pages import reads
from windows.approvals.queries.emergencies import EmergencyView, emergencies
from windows.execution.models import Run
from windows.lifecycle.states import FINAL, ChangeType
from windows.scheduling.queries import WindowView


def head(opened: Opened) -> dict[str, Any]:
    """What the head shows, and the address that it is asked for again at."""
    view, actor, now = opened.view, opened.actor, opened.now
    may_sign = any(approval.may_sign for approval in opened.approvals)
    emergency = began(opened)
    drawn = mark_of(view, opened.runs)
    return {
        "window": view,
        "is_over": view.status in FINAL,
        "now": now,
        "offers": offers(view, actor, now, may_sign=may_sign, may_answer=bool(emergency and emergency.may_approve), runs=opened.runs),
        "emergency": emergency,
        "length": view.ends_at - view.starts_at,
        "head_href": f"{reverse('window-head', args=[view.reference])}?{urlencode({'drawn': drawn})}",
    }


def began(opened: Opened) -> EmergencyView | None:
    """The emergency that this window began as without an approval, where it did."""
    if opened.view.change_type != ChangeType.EMERGENCY:
        return None
    return next(iter(emergencies(opened.actor, opened.now, window_id=opened.view.id)), None)


def mark_of(view: WindowView, runs: Sequence[Run]) -> str:
    """What the rest of a page was drawn from: the window's state and version, and its last run's state."""
    return ".".join((view.status, str(view.version), *(f"{run.number}.{run.status}" for run in runs[:1])))


@reads
def window_head(request: HttpRequest, reference: str) -> HttpResponse:
    """The head as it is now. `drawn` is the mark of the page around it, which is told where it has become an old one."""
    opened = opened_for(request, reference)
    mark = mark_of(opened.view, opened.runs)
    has_changed = request.GET.get("drawn", mark) != mark
    zone = getattr(request.user, "timezone", "UTC")
    return panel(request, render_to_string("portal/window/_head.html", {**head(opened), "has_changed": has_changed, "zone": zone}))
