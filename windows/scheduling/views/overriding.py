"""The questions before a soft conflict is overridden: the reason, and the second person's yes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from windows.access.pages import Question, decided, signed_in
from windows.access.requests import actor_of
from windows.access.roles import Actor
from windows.errors import Conflict
from windows.scheduling.commands.overriding import agree_to_override, ask_to_override, refuse_to_override
from windows.scheduling.conflicts import Severity
from windows.scheduling.conflicts.overriding import OverrideState
from windows.scheduling.queries import conflicts_of, window_id_of, window_view
from windows.scheduling.queries.overrides import OverrideView, overrides_of

NOTHING = "Nothing here waits for you to agree."


@signed_in
def override(request: HttpRequest, reference: str) -> HttpResponse:
    actor, page = actor_of(request), reverse("window", args=[reference])
    view = window_view(window_id_of(reference), actor)
    still_open = unanswered_for(view.id, actor)
    question = Question(
        title="Go ahead in spite of a conflict",
        consequence="Your reason stands beside each of these soft conflicts. It counts once an owner or SRE other than you agrees, "
        "as long as the facts stay these, at most until the window ends."
        if still_open
        else "No soft conflict of this window is without a reason.",
        facts=still_open,
        idle=not still_open,
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
    waiting = waiting_for(view.id, actor)
    question = Question(
        title="Agree to go ahead in spite of a conflict",
        consequence="Your name stands under it as the second person." if waiting else NOTHING,
        facts=told(waiting),
        idle=not waiting,
        button="Agree",
        icon="completed",
        back=page,
        reason="none",
        about=f"{view.reference} {view.title}",
    )

    def agree(_: str) -> None:
        if not waiting:
            raise Conflict(NOTHING, field="override")
        for one in waiting:
            agree_to_override(actor, one.id)

    return decided(request, question, agree, page)


@signed_in
def refuse_override(request: HttpRequest, reference: str) -> HttpResponse:
    """The second person's no, to all that they could agree to."""
    actor, page = actor_of(request), reverse("window", args=[reference])
    view = window_view(window_id_of(reference), actor)
    waiting = waiting_for(view.id, actor)
    question = Question(
        title="Refuse to go ahead in spite of a conflict",
        consequence="With your no the conflict is open again, and they hear why." if waiting else NOTHING,
        facts=told(waiting),
        idle=not waiting,
        button="Refuse",
        icon="close",
        back=page,
        tone="danger",
        reason="required",
        about=f"{view.reference} {view.title}",
    )

    def refuse(reason: str) -> None:
        if not waiting:
            raise Conflict(NOTHING, field="override")
        for one in waiting:
            refuse_to_override(actor, one.id, reason)

    return decided(request, question, refuse, page)


def waiting_for(window_id: int, actor: Actor) -> list[OverrideView]:
    return [one for one in overrides_of(window_id, actor) if one.may_agree]


def told(waiting: list[OverrideView]) -> tuple[str, ...]:
    return tuple(f"{one.why} {one.asked_by} goes ahead: “{one.reason}”" for one in waiting)


def unanswered_for(window_id: int, actor: Actor) -> tuple[str, ...]:
    """Each soft conflict that nobody has given a reason for, as these eyes may read it."""
    answered = {(one.what, one.who) for one in overrides_of(window_id, actor) if one.state in (OverrideState.ASKED, OverrideState.AGREED)}
    found = conflicts_of(window_id, actor)
    return tuple(one.why for one in found if one.severity is Severity.SOFT and (one.what, one.who) not in answered)
