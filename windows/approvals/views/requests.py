"""The questions before asking, withdrawing, approving, rejecting."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from windows.access.pages import Question, ask, decided, signed_in
from windows.access.requests import actor_of
from windows.access.roles import Actor
from windows.approvals.commands import decide, request_window, withdraw
from windows.approvals.commands.requests import acceptable
from windows.approvals.models import ApprovalRequest, Decision, RequestStatus
from windows.approvals.queries import ApprovalView, approval_view
from windows.approvals.queries.delegations import may_sign_for
from windows.approvals.queries.dossiers import dossiers
from windows.approvals.queries.signing import signable, turn_now
from windows.approvals.queries.standing import barred_from
from windows.approvals.queries.waiting import open_requests
from windows.audit.clock import clock
from windows.errors import Conflict, Invalid
from windows.lifecycle.states import WindowStatus
from windows.scheduling.models import Window
from windows.scheduling.outline import outline
from windows.scheduling.queries import WindowView, window_id_of, window_view


def onward(request: HttpRequest, reference: str) -> str:
    """Back to where the decision was offered: the inbox or the window's page."""
    if request.GET.get("from") == "inbox":
        return reverse("approvals")
    return reverse("window", args=[reference])


def about(view: WindowView) -> str:
    return f"{view.reference} {view.title}"


@signed_in
def request_approval(request: HttpRequest, reference: str) -> HttpResponse:
    """Asks only where it can be: what would refuse is said at once, and a soft conflict makes the reason needed."""
    actor, page = actor_of(request), reverse("window", args=[reference])
    view = window_view(window_id_of(reference), actor)
    if request.method != "POST" and view.status != WindowStatus.DRAFT:
        raise Conflict(f"{view.reference} is {view.status}; only a draft is requested.", field="status")
    question = Question(
        title="Request approval",
        consequence="The slot is reserved, and those who must sign are asked. From then on a change of substance makes approvals lapse.",
        button="Request approval",
        icon="approvals",
        back=page,
        about=about(view),
    )
    try:
        if request.method != "POST":
            acceptable(actor, Window.objects.get(pk=view.id), "")
        return decided(request, question, lambda reason: request_window(actor, view.id, reason=reason), page)
    except Conflict as error:
        if error.field != "reason":
            raise
        return ask(request, replace(question, reason="required"), Invalid(error.detail, field="reason"))


@signed_in
def withdraw_request(request: HttpRequest, reference: str) -> HttpResponse:
    actor, page = actor_of(request), reverse("window", args=[reference])
    view = window_view(window_id_of(reference), actor)
    question = Question(
        title="Withdraw the request",
        consequence="It becomes a draft again, gives its slot up, and what was signed no longer counts.",
        button="Withdraw",
        icon="rolledback",
        back=page,
        reason="none",
        about=about(view),
    )
    return decided(request, question, lambda _: withdraw(actor, view.id), page)


@signed_in
def approve(request: HttpRequest, reference: str) -> HttpResponse:
    actor, page = actor_of(request), onward(request, reference)
    view = window_view(window_id_of(reference), actor)
    if request.method != "POST" and (idle := nothing_waits(view, "Approve this window", page)):
        return ask(request, idle)
    current = next(iter(approval_view(view.id, actor)), None)
    rest = ["SRE" if one == "sre" else one for one in current.missing] if current else []
    names = places_of(actor, view.id)
    question = Question(
        title="Approve this window",
        consequence=f"Your name stands under it as it is now. Missing at this moment: {', '.join(rest) or 'nothing'}.",
        button="Approve",
        icon="completed",
        back=page,
        about=about(view),
        choices=names if len(names) > 1 else (),
        facts=(*why(view), *outline(view), *signed_facts(view, current)),
        warnings=doubts(actor, view.id) if request.method != "POST" else (),  # whoever has read them is not kept from signing
    )
    return decided(request, question, lambda why: decide(actor, view.id, Decision.APPROVED, why, on_behalf_of=chosen(request, names)), page)


def nothing_waits(view: WindowView, title: str, back: str) -> Question | None:
    """The page that says so, where no signature is asked for: whoever comes by an old link is offered no act that would be refused."""
    if view.status == WindowStatus.REQUESTED:
        return None
    said = f"{view.reference} is {view.status.replace('_', ' ')}; nothing waits for a signature."
    return Question(title=title, consequence=said, button="", icon="info", back=back, about=about(view), idle=True)


def why(view: WindowView) -> tuple[str, ...]:
    """What it is for, and what its planners expect."""
    expected = (f"Expected: {view.expected_impact}",) if view.expected_impact else ()
    return (f"Why: {view.reason}", *expected)


def doubts(actor: Actor, window_id: int) -> tuple[str, ...]:
    """What preflight would object to if it began as it stands."""
    found = dossiers(list(open_requests().filter(window=window_id)), actor, clock())
    return tuple(f"{one.name}: {one.reason}" for row in found for one in row.checks if one.verdict != "pass")


def signed_facts(view: WindowView, current: ApprovalView | None) -> tuple[str, ...]:
    """By what it is carried out, and the digest of all that the signature is bound to."""
    how = f"Runbook {view.runbook}, version {view.runbook_version}." if view.runbook else "Carried out by hand."
    if current is None:
        return (how,)
    return how, f"Bound to digest {current.digest[:12]}: a later change of scope, time, mode, runbook or parameters voids it."


@signed_in
def reject(request: HttpRequest, reference: str) -> HttpResponse:
    actor, page = actor_of(request), onward(request, reference)
    view = window_view(window_id_of(reference), actor)
    if request.method != "POST" and (idle := nothing_waits(view, "Reject this window", page)):
        return ask(request, idle)
    question = Question(
        title="Reject this window",
        consequence="One no ends the request: the window will not take place, and its slot is free again.",
        button="Reject",
        icon="close",
        back=page,
        tone="danger",
        reason="required",
        about=about(view),
    )
    return decided(request, question, lambda reason: decide(actor, view.id, Decision.REJECTED, reason), page)


def places_of(actor: Actor, window_id: int) -> tuple[tuple[str, str], ...]:
    """In whose place the actor may sign, as choices by person."""
    request = ApprovalRequest.objects.filter(window=window_id, status=RequestStatus.OPEN.value).select_related("window").first()
    if request is None or actor.person_id is None:
        return ()
    mine, barred = actor.person_id, barred_from(request.window, request)
    turn = turn_now(request)
    lent = may_sign_for(request, mine, barred, turn)
    own = frozenset((team, role.value) for team, role in actor.roles)
    first = ((str(mine), "In my own place"),) if signable(request, mine, own, turn) and mine not in barred else ()
    return (*first, *((str(one.id), f"In the place of {one.name}") for one in lent))


def chosen(request: HttpRequest, places: tuple[tuple[str, str], ...]) -> int | None:
    """The place chosen on the page; None lets the command find the one there is."""
    sent = request.POST.get("choice", "")
    return int(sent) if sent in dict(places) else None
