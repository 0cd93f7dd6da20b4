"""“Please move yours”: ask the people of another window, answer by moving it, or decline with a reason."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from windows.access.roles import Actor, Verb, require
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.delivery.commands import Saying, reach
from windows.delivery.models import Urgency
from windows.errors import Conflict, Forbidden, NotFound
from windows.scheduling import texts
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.models import Answer, MoveRequest, Window
from windows.scheduling.queries.moves import STILL_MOVABLE
from windows.scheduling.queries.windows import subject_of, window_view


@one_transaction
def ask_to_move(actor: Actor, asking_id: int, window_id: int, message: str) -> MoveRequest:
    """Ask in the name of one window that another be moved: its coordinator and owner hear of it. Whoever may edit the one and see the
    other; Conflict where the other can move no more, or was asked already."""
    asking = window_view(asking_id, actor)
    require(actor, Verb.DRAFT, asking.subject)
    asked = window_view(window_id, actor)
    if actor.person_id is None:
        raise Forbidden("A person asks.", verb=Verb.DRAFT.value)
    if asking_id == window_id:
        raise Conflict("A window does not ask itself: move it.", field="window")
    if asked.status not in STILL_MOVABLE:
        raise Conflict(f"{asked.reference} is {asked.status.replace('_', ' ')}: it can move no more.", field="status")
    text = texts.lines(message, "message", required=True)
    try:
        with transaction.atomic():
            row = MoveRequest.objects.create(window_id=window_id, asking_id=asking_id, asked_by_id=actor.person_id, message=text)
    except IntegrityError as error:
        raise Conflict(f"{asked.reference} has been asked to move already.", field="window") from error
    who = "a confidential window" if asking.confidential else asking.reference
    record("window.asked_to_move", actor, asked.reference, window=asked.reference, data={"by": who, "message": text})
    body = f"{actor.name} asks, for {who}:\n{text}\n\nMove it, or say why not: {settings.PORTAL_URL}/windows/{asked.reference}\n"
    title = f"{asked.reference}: please move it"
    said = Saying(f"move:{row.pk}:asked", Urgency.TICKET, title, body, asked.reference, about=asked.subject)
    reach(said, {asked.coordinator.email, asked.owner.email}, [asked.team])
    return row


@one_transaction
def decline_move(actor: Actor, request_id: int, reason: str) -> MoveRequest:
    """Stay, and say why. Whoever may edit the window that was asked; who asked hears of it."""
    row = MoveRequest.objects.select_for_update(of=("self",)).select_related("window", "asking", "asked_by").filter(pk=request_id).first()
    if row is None:
        raise NotFound("There is no such question here.")
    require(actor, Verb.DRAFT, subject_of(row.window_id))
    if row.status != Answer.OPEN:
        raise Conflict("This was answered already.", field="status")
    answered(row, Answer.DECLINED, actor, texts.lines(reason, "reason", required=True))
    return row


def agree_by_moving(actor: Actor, window: Window) -> None:
    """A window that was asked to move has moved out of the other's way: that is the answer. Inside the transaction that moves it."""
    for row in MoveRequest.objects.filter(window=window, status=Answer.OPEN.value).select_related("window", "asking", "asked_by"):
        if window.starts_at < row.asking.ends_at and row.asking.starts_at < window.ends_at:
            continue
        answered(row, Answer.AGREED, actor, f"It begins at {window.starts_at:%Y-%m-%d %H:%M} UTC now.")


def end_questions(window: Window, actor: Actor, now: datetime) -> int:
    """A window that can move no more neither asks nor is asked; how many questions that ends. Inside the transaction that ends it."""
    open_ones = MoveRequest.objects.filter(Q(window=window) | Q(asking=window), status=Answer.OPEN.value)
    text = f"{window.reference if not window.confidential else 'The other window'} is {window.status.replace('_', ' ')}."
    return open_ones.update(status=Answer.WITHDRAWN.value, answered_by=actor.name, answered_at=now, answer=text)


def answered(row: MoveRequest, answer: Answer, actor: Actor, text: str) -> None:
    row.status, row.answered_by, row.answered_at, row.answer = answer.value, actor.name, clock(), text
    row.save(update_fields=["status", "answered_by", "answered_at", "answer"])
    name = row.window.reference
    record("window.move_answered", actor, name, window=name, data={"answer": answer.value, "reason": text})
    body = f"{actor.name}: {text}\n\n{settings.PORTAL_URL}/windows/{row.asking.reference}\n"
    verb = "moved" if answer is Answer.AGREED else "stays where it is"
    said = Saying(
        f"move:{row.pk}:answer",
        Urgency.NOTICE,
        f"{name} {verb}",
        body,
        row.asking.reference,
        about=subject_of(row.asking_id),
        timezone=row.asking.timezone,
    )
    reach(said, [row.asked_by.email], [row.asking.team.slug])
