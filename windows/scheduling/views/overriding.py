"""The questions before a soft conflict is overridden: the reason, and the second person's yes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from windows.access.pages import Question, decided, signed_in
from windows.access.requests import actor_of
from windows.errors import Conflict
from windows.scheduling.commands.overriding import agree_to_override, ask_to_override
from windows.scheduling.queries import window_id_of, window_view
from windows.scheduling.queries.overrides import overrides_of


@signed_in
def override(request: HttpRequest, reference: str) -> HttpResponse:
    actor, page = actor_of(request), reverse("window", args=[reference])
    view = window_view(window_id_of(reference), actor)
    question = Question(
        title="Go ahead in spite of a conflict",
        consequence="Your reason stands beside every soft conflict that has none. It counts once an owner or SRE other than you agrees, "
        "as long as the facts stay these, at most until the window ends.",
        button="Ask for it",
        icon="clash",
        back=page,
        reason="required",
        about=f"{view.reference} {view.title}",
    )
    return decided(request, question, lambda reason: ask_to_override(actor, view.id, reason), page)


@signed_in
def agree_override(request: HttpRequest, reference: str) -> HttpResponse:
    """The second person's yes to every override that waits for it and that they may agree to."""
    actor, page = actor_of(request), reverse("window", args=[reference])
    view = window_view(window_id_of(reference), actor)
    waiting = [one for one in overrides_of(view.id, actor) if one.may_agree]
    told = " ".join(f"{one.why} {one.asked_by} says: {one.reason}" for one in waiting)
    question = Question(
        title="Agree to go ahead in spite of a conflict",
        consequence=f"{told} Your name stands under it as the second person." if waiting else "Nothing here waits for you to agree.",
        button="Agree",
        icon="completed",
        back=page,
        reason="none",
        about=f"{view.reference} {view.title}",
    )

    def agree(_: str) -> None:
        if not waiting:
            raise Conflict("Nothing here waits for you to agree.", field="override")
        for one in waiting:
            agree_to_override(actor, one.id)

    return decided(request, question, agree, page)
