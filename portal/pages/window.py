"""The window page: one window as every slice knows it, and what this person may do with it next."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import get_resolver, reverse

from windows.access.pages import reads
from windows.access.requests import actor_of
from windows.access.roles import Actor, Verb, permitted
from windows.approvals.queries import approval_view
from windows.audit.clock import clock
from windows.audit.queries import trail
from windows.execution.queries.surfaces import surfaces_of
from windows.execution.queries.views import runs_of
from windows.lifecycle.states import ChangeType, WindowStatus
from windows.scheduling.conflicts import Severity
from windows.scheduling.conflicts.overriding import OverrideState
from windows.scheduling.queries import WindowView, conflicts_of, window_id_of, window_view
from windows.scheduling.queries.overrides import overrides_of

W = WindowStatus
AHEAD = (W.DRAFT, W.REQUESTED, W.APPROVED)
# what every step of a run says of itself: it stands on the run's page, and would bury what people decided
ROUTINE = {f"step.{word}" for word in ("started", "succeeded", "waiting", "compensation_waiting", "compensation_started", "compensated")}
ROUTINE |= {"surface.wanted", "surface.in_place", "surface.ended"}  # the panel of surfaces shows them


@dataclass(frozen=True, slots=True)
class Offer:
    """A button: the address of its question, its words, and its rank (main: the one next action)."""

    href: str
    words: str
    icon: str
    tone: str = ""


def offers(view: WindowView, actor: Actor, *, may_sign: bool = False, open_soft: bool = False) -> list[Offer]:
    """What this person may do with this window in this state, the next action first."""
    may = {verb: permitted(actor, verb, view.subject) for verb in Verb}
    rules: list[tuple[bool, str, str, str, str]] = [
        (view.status == W.DRAFT and may[Verb.REQUEST], "request-approval", "Request approval", "approvals", "main"),
        (view.status == W.REQUESTED and may_sign, "approve", "Approve", "completed", "main"),
        (view.status == W.REQUESTED and may_sign, "reject", "Reject", "close", "danger"),
        (view.status == W.APPROVED and may[Verb.START], "start-run", "Start now", "running", "main"),
        (
            view.status == W.DRAFT and view.change_type == ChangeType.EMERGENCY and may[Verb.START_EMERGENCY],
            "start-run",
            "Start the emergency",
            "running",
            "danger",
        ),
        (view.status == W.REQUESTED and may[Verb.REQUEST], "withdraw", "Withdraw", "rolledback", ""),
        (view.status in AHEAD and may[Verb.DRAFT], "edit-window", "Edit", "edit", ""),
        (view.status == W.DRAFT and may[Verb.DRAFT], "move-window", "Move", "calendar", ""),
        (view.status in (W.REQUESTED, W.APPROVED) and may[Verb.DRAFT], "cancel-window", "Call it off", "cancelled", "danger"),
        (may[Verb.DRAFT], "copy-window", "Same again", "plus", ""),
        (
            view.status == W.COMPLETED and not view.confidential and may[Verb.EDIT_TEMPLATE],
            "standard-from-window",
            "Make it standard",
            "completed",
            "",
        ),
        (view.status in AHEAD and may[Verb.DRAFT], "next-slot", "Next free slot", "calendar", ""),
        (view.status == W.DRAFT and may[Verb.DRAFT] and view.series_id is None, "repeat", "Let it recur", "calendar", ""),
        (view.status in AHEAD and open_soft and may[Verb.REQUEST], "override", "In spite of a conflict", "clash", ""),
        (view.status in AHEAD and view.series_id is not None, "following", "This and following", "calendar", ""),
        (view.status == W.DRAFT and may[Verb.DRAFT], "discard-draft", "Throw it away", "close", ""),
    ]
    known = get_resolver().reverse_dict
    return [
        Offer(reverse(name, args=[view.reference]), words, icon, tone)
        for holds, name, words, icon, tone in rules
        if holds and name in known
    ]


@reads
def window_page(request: HttpRequest, reference: str) -> HttpResponse:
    actor = actor_of(request)
    view = window_view(window_id_of(reference), actor)
    now = clock()
    ahead = view.status in AHEAD
    approvals = approval_view(view.id, actor)
    conflicts = conflicts_of(view.id, actor, now) if ahead else []
    overrides = overrides_of(view.id, actor, now) if ahead else []
    answered = sum(one.state in {OverrideState.ASKED, OverrideState.AGREED} for one in overrides)
    soft = sum(one.severity is Severity.SOFT for one in conflicts)
    context = {
        "window": view,
        "now": now,
        "approvals": approvals,
        "offers": offers(view, actor, may_sign=any(approval.may_sign for approval in approvals), open_soft=soft > answered),
        "runs": runs_of(view.id),
        "surfaces": surfaces_of(view.id) if view.started_at else [],
        "may_accept": permitted(actor, Verb.RESUME, view.subject),
        "conflicts": conflicts,
        "overrides": overrides,
        "timeline": trail(window=view.reference, without=ROUTINE, newest_first=True, limit=60),
        "length": view.ends_at - view.starts_at,
    }
    return render(request, "portal/window.html", context)
