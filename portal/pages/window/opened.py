"""A window as its page reads it, once for all that is shown of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest

from windows.access.requests import actor_of
from windows.access.roles import Actor
from windows.approvals.queries import ApprovalView, approval_view
from windows.audit.clock import clock
from windows.execution.models import Run
from windows.execution.queries.views import runs_of
from windows.scheduling.queries import WindowView, window_id_of, window_view


@dataclass(frozen=True, slots=True)
class Opened:
    """A window as its page has read it for somebody: `runs` and `approvals` are all of them, the newest first."""

    request: HttpRequest
    view: WindowView
    actor: Actor
    now: datetime
    runs: list[Run]
    approvals: list[ApprovalView]


def opened_for(request: HttpRequest, reference: str) -> Opened:
    """NotFound where the window is not there, or not for these eyes."""
    actor = actor_of(request)
    view = window_view(window_id_of(reference), actor)
    return Opened(request, view, actor, clock(), runs_of(view.id), approval_view(view.id, actor))
