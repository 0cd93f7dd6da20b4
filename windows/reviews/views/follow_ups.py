"""Follow-ups as pages: the list, noting one, saying that it is done or dropped."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from windows.access.pages import Question, decided, reads, signed_in
from windows.access.paging import cursor_of, cursor_to
from windows.access.requests import actor_of
from windows.access.roles import Verb, require
from windows.access.sheets import MENDED, number, sheet, typed
from windows.audit.clock import clock
from windows.catalogue.models import Person
from windows.errors import Invalid
from windows.reviews.commands.follow_ups import end_follow_up, note_follow_up
from windows.reviews.queries.follow_ups import FILTERS, STATES, follow_up, follow_ups
from windows.reviews.states import FollowUpKind, FollowUpStatus
from windows.scheduling.queries import window_id_of, window_view

PAGE = 50
KINDS = [(FollowUpKind.FOLLOW_UP.value, "Something to do"), (FollowUpKind.LEFTOVER.value, "Something to tear down")]


@reads
def follow_up_list(request: HttpRequest) -> HttpResponse:
    """The newest first, a page at a time."""
    sent = {name: request.GET.get(name, "").replace("\0", "").strip()[:63] for name in FILTERS}
    sent["state"] = sent["state"] if sent["state"] in STATES else ""
    sent["kind"] = sent["kind"] if sent["kind"] in set(FollowUpKind) else ""
    before, today = cursor_of(request.GET, int), clock().date()
    found = follow_ups(actor_of(request), sent, today, before=before[0] if before else None, limit=PAGE + 1)
    onward = request.GET.copy()
    if len(found) > PAGE:
        onward["cursor"] = cursor_to([found[PAGE - 1].pk])
    context: dict[str, Any] = {
        "rows": found[:PAGE], "sent": sent, "narrowed": any(sent.values()), "states": STATES, "kinds": KINDS, "today": today,
        "more": f"?{onward.urlencode()}" if len(found) > PAGE else "",
    }  # fmt: skip
    return render(request, "reviews/follow_ups.html", context)


def amount(text: str) -> Decimal | None:
    try:
        found = Decimal(text.replace(",", "")) if text else None
    except InvalidOperation:
        found = Decimal("NaN")
    if found is not None and not found.is_finite():
        raise Invalid("Write an amount, such as 12.50.", field="cost_per_hour")
    return found


@signed_in
def new_follow_up(request: HttpRequest, reference: str) -> HttpResponse:
    actor = actor_of(request)
    view = window_view(window_id_of(reference), actor)
    require(actor, Verb.REVIEW, view.subject)
    people = Person.objects.filter(is_active=True).order_by("name").values_list("pk", "name")[:500]
    context = {"window": view, "people": list(people), "kinds": KINDS}
    names = ("title", "owner_id", "due_on", "text", "kind", "cost_per_hour")
    if request.method == "POST":
        given = typed(request, *names)
        try:
            note_follow_up(
                actor, reference, title=given["title"], owner_id=number(given["owner_id"], "owner_id"), due_on=given["due_on"],
                text=given["text"], kind=given["kind"] or FollowUpKind.FOLLOW_UP.value, cost_per_hour=amount(given["cost_per_hour"]),
            )  # fmt: skip
        except MENDED as error:
            return sheet(request, "reviews/follow_up_form.html", given, context, error)
        return HttpResponseRedirect(reverse("window-part", args=[view.reference, "review"]))
    return sheet(request, "reviews/follow_up_form.html", {**dict.fromkeys(names, ""), "owner_id": actor.person_id}, context)


@signed_in
def done_page(request: HttpRequest, follow_up_id: int) -> HttpResponse:
    return ended_page(request, follow_up_id, FollowUpStatus.DONE)


@signed_in
def drop_page(request: HttpRequest, follow_up_id: int) -> HttpResponse:
    return ended_page(request, follow_up_id, FollowUpStatus.DROPPED)


def ended_page(request: HttpRequest, follow_up_id: int, status: FollowUpStatus) -> HttpResponse:
    actor = actor_of(request)
    row = follow_up(actor, follow_up_id)
    page = f"{reverse('follow-ups')}?window=MW-{row.window_id}"
    is_done = status is FollowUpStatus.DONE
    question = Question(
        title=f"{row.reference} is done" if is_done else f"Drop {row.reference}", button="It is done" if is_done else "Drop it",
        consequence="It leaves the list of what is open and stays on record.", icon="completed" if is_done else "close",
        tone="main" if is_done else "danger", back=page, about=row.title, reason="optional" if is_done else "required",
        label="What was done" if is_done else "Why nobody will do it",
    )  # fmt: skip
    return decided(request, question, lambda said: end_follow_up(actor, follow_up_id, status, said), page)
