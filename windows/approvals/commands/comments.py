"""Verbs: comment on a window, ask a question, answer one. Who is meant is told through the outbox."""

from __future__ import annotations

from django.conf import settings

from windows.access.roles import Actor, Verb, permitted, require
from windows.approvals.commands.requests import in_force
from windows.approvals.mentions import Named
from windows.approvals.models import Comment, Kind
from windows.approvals.queries.comments import meant_by
from windows.audit.commands import record
from windows.catalogue.models import Person
from windows.catalogue.queries import actor_for
from windows.delivery.commands import Saying, reach
from windows.delivery.models import Urgency
from windows.errors import Invalid
from windows.scheduling import texts
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.commands.transitions import locked
from windows.scheduling.models import Window
from windows.scheduling.queries import subject_of

TOLD = {Kind.COMMENT: "window.commented", Kind.QUESTION: "window.asked", Kind.ANSWER: "window.answered"}
WORDS = {Kind.COMMENT: "wrote about it", Kind.QUESTION: "asks", Kind.ANSWER: "answers"}


@one_transaction
def comment(actor: Actor, window_id: int, text: str, kind: Kind | str = Kind.COMMENT, answers: int | None = None) -> Comment:
    """Say something about a window. A question reaches whoever asks for the window and who coordinates it, an answer whoever asked;
    those meant by @name are told too, where they may see the window.

    Forbidden for who is nothing to the window; Invalid names `text`, `kind` or `answers`.
    """
    window = locked(window_id)
    subject = subject_of(window)
    require(actor, Verb.COMMENT, subject)
    try:
        said = Kind(kind)
    except ValueError:
        raise Invalid(f"Choose one of: {', '.join(Kind)}.", field="kind") from None
    words = texts.lines(text, "text", required=True)
    question = question_answered(window, answers) if said is Kind.ANSWER else None
    if said is not Kind.ANSWER and answers is not None:
        raise Invalid("Only an answer names the question it answers.", field="answers")
    assert actor.person_id is not None  # the table lets no system comment
    row = Comment.objects.create(window=window, author_id=actor.person_id, kind=said.value, answers=question, text=words)
    meant = meant_by(words)
    names = [person.name for person in meant]
    record(TOLD[said], actor, window.reference, window=window.reference, data={"comment": row.pk, "reason": words, "mentions": names})
    told = readers([*addressees(window, said, question), *(one.id for one in meant)], window, actor)
    title = f"{window.reference} {window.title}: {actor.name} {WORDS[said]}"
    body = f"{words}\n\n{settings.PORTAL_URL}/windows/{window.reference}/comments\n"
    reach(
        Saying(f"comment:{row.pk}", Urgency.NOTICE, title, body, window.reference, about=subject),
        [one.email for one in told],
        [window.team.slug] if told else [],
    )
    return row


def question_answered(window: Window, answers: int | None) -> Comment:
    question = Comment.objects.filter(pk=answers, window=window, kind=Kind.QUESTION.value).first() if answers is not None else None
    if question is None:
        raise Invalid(f"There is no such question on {window.reference}.", field="answers")
    return question


def addressees(window: Window, kind: Kind, question: Comment | None) -> list[int]:
    """Who is told whether named or not."""
    if kind is Kind.QUESTION:
        request = in_force(window)
        return [request.requester_id if request else window.owner_id, window.coordinator_id]
    return [question.author_id] if question else []


def readers(person_ids: list[int], window: Window, author: Actor) -> list[Named]:
    """Of these people, each once: who is active and may see the window, without the author."""
    subject = subject_of(window)
    people = Person.objects.filter(pk__in=set(person_ids) - {author.person_id}, is_active=True).order_by("pk")
    return [Named(one.pk, one.name, one.email) for one in people if permitted(actor_for(one, "delivery"), Verb.READ, subject)]
