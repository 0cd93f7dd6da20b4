"""Verbs: give a team a channel, try it, end it; send again what was not delivered."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db import transaction

from windows.access.roles import Actor, Subject, Verb, require
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.catalogue.models import Team
from windows.delivery.bell import ring_on_commit
from windows.delivery.commands.queueing import queue
from windows.delivery.models import Channel, Message, MessageStatus, Urgency, Way
from windows.delivery.registry import kinds
from windows.errors import Conflict, Invalid, NotFound

MOST = 20  # channels of one team


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelDraft:
    """A channel as it is asked for; `team` is a slug, `kind` a file of channels/."""

    team: str
    kind: str
    name: str
    address: str = ""
    secret: str = ""
    urgencies: tuple[str, ...] = (Urgency.PAGE.value,)


@transaction.atomic(durable=True)
def add_channel(actor: Actor, draft: ChannelDraft) -> tuple[Channel, str]:
    """The channel, and the secret to be shown once where it was made here ("" otherwise). Invalid names the field."""
    team, urgencies = draft.team, sorted(set(draft.urgencies))
    require(actor, Verb.EDIT_CHANNELS, Subject(team=team, called=f"the channels of {team}"))
    if not Team.objects.select_for_update().filter(slug=team).exists():
        raise Invalid("Choose a team.", field="team")
    if (how := kinds().get(draft.kind)) is None:
        raise Invalid(f"Choose one of: {', '.join(sorted(kinds()))}.", field="kind")
    name = " ".join(draft.name.split())
    if not 0 < len(name) <= 120 or not name.isprintable():
        raise Invalid("Give it a name of at most 120 letters.", field="name")
    if not urgencies or not set(urgencies) <= {urgency.value for urgency in Urgency}:
        raise Invalid("Choose what goes there.", field="urgencies")
    if Channel.objects.filter(team=team, ended_at=None).count() >= MOST:
        raise Conflict(f"A team has at most {MOST} channels; end one first.", field="team")
    address, secret = how.checked(draft.address.strip(), draft.secret.strip())
    facts = {"team": team, "kind": draft.kind, "name": name, "address": address, "secret": secret, "urgencies": urgencies}
    channel = Channel.objects.create(made_by=actor.name, **facts)
    record("channel.added", actor, f"team:{team}", data={"channel": name, "kind": draft.kind, "urgencies": urgencies})
    return channel, secret if getattr(how, "shows_secret", False) else ""


@transaction.atomic(durable=True)
def try_channel(actor: Actor, channel_id: int) -> Message:
    """A message that says it is a try, through the same outbox as all others."""
    channel = found(actor, channel_id)
    key = f"try:{channel.pk}:{uuid.uuid4()}"
    body = f"{actor.name} tries this channel of {channel.team}. Nothing has happened."
    queue(key, channel.kind, channel.address if channel.kind == "email" else channel.name, Urgency.NOTICE, "A try of this channel", body,
          target=channel, fact=key)  # fmt: skip
    record("channel.tried", actor, f"team:{channel.team}", data={"channel": channel.name})
    return Message.objects.get(dedup_key=key)


@transaction.atomic(durable=True)
def end_channel(actor: Actor, channel_id: int) -> None:
    channel = found(actor, channel_id)
    Channel.objects.filter(pk=channel.pk).update(ended_at=clock(), ended_because=f"Ended by {actor.name}.", secret="")
    Way.objects.filter(name=f"channel:{channel.pk}").delete()
    record("channel.ended", actor, f"team:{channel.team}", data={"channel": channel.name})


@transaction.atomic(durable=True)
def send_again(actor: Actor, message_id: int) -> None:
    """Try a dead message anew, from its first attempt. Conflict where it is not dead."""
    message = Message.objects.select_for_update(of=("self",)).select_related("target").filter(pk=message_id).first()
    if message is None:
        raise NotFound("There is no such message.")
    teams = [message.target.team] if message.target else message.teams
    require(actor, Verb.EDIT_CHANNELS, Subject(team=teams[0] if teams else None, called="what was not delivered"))
    if message.status != MessageStatus.DEAD.value:
        raise Conflict(f"This message is {message.status}.", field="status", status=message.status)
    Message.objects.filter(pk=message.pk).update(
        status=MessageStatus.QUEUED.value, attempts=0, wake_at=clock(), queued_at=clock(), last_error=""
    )
    data = {"channel": message.channel, "recipient": message.recipient}
    record("message.sent_again", actor, message.title[:120], window=message.window, data=data)
    ring_on_commit("delivery.notify")


def found(actor: Actor, channel_id: int) -> Channel:
    """A living channel under lock; NotFound where there is none."""
    channel = Channel.objects.select_for_update().filter(pk=channel_id, ended_at=None).first()
    if channel is None:
        raise NotFound("There is no such channel.")
    require(actor, Verb.EDIT_CHANNELS, Subject(team=channel.team, called=f"the channels of {channel.team}"))
    return channel
