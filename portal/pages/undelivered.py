"""What did not get through, and sending it again: for owners, SREs and administrators; a confidential window's for its own people."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from windows.access.pages import Question, decided, reads, signed_in
from windows.access.requests import actor_of
from windows.access.roles import Actor, Subject, Verb, permitted
from windows.audit.clock import clock
from windows.delivery.commands.configuring import send_again
from windows.delivery.models import Message, MessageStatus
from windows.delivery.queries import undelivered
from windows.errors import NotFound
from windows.scheduling.queries.trail import hidden_from


def may(actor: Actor, message: Message) -> bool:
    teams = [message.target.team] if message.target else message.teams
    return permitted(actor, Verb.EDIT_CHANNELS, Subject(team=teams[0] if teams else None))


@reads
def undelivered_page(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    found = undelivered(hidden_from(actor))
    rows = [{"message": one, "is_dead": one.status == MessageStatus.DEAD, "may": may(actor, one)} for one in found]
    return render(request, "portal/undelivered.html", {"rows": rows, "now": clock()})


@signed_in
def send_again_page(request: HttpRequest, message_id: int) -> HttpResponse:
    actor = actor_of(request)
    message = Message.objects.filter(pk=message_id).exclude(window__in=hidden_from(actor)).first()
    if message is None:
        raise NotFound("There is no such message.")
    question = Question(
        title="Send this again", consequence=f"It goes to {message.recipient} by {message.channel}, with all its tries before it.",
        button="Send it again", icon="mail", back=reverse("undelivered"), reason="none", about=message.title,
    )  # fmt: skip
    return decided(request, question, lambda _: send_again(actor, message_id), reverse("undelivered"))
