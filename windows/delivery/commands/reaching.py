"""Verbs: reach people and their teams' channels with one fact; go another way where the first fails; give up an address that is gone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import transaction

from windows.access.roles import ENGINE, Subject
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.catalogue.queries import on_call_of, who_may_see
from windows.delivery.commands.queueing import queue
from windows.delivery.models import Channel, Message, MessageStatus, Urgency, Way
from windows.delivery.registry import showing_incidents

PLAIN = "email"
PUBLIC = ("component", "class", "event_action")  # of the facts: the place and the alert are told to all


@dataclass(frozen=True, slots=True)
class Words:
    """A title and a body."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Saying:
    """What is said, once per `fact` to each. `facts` are for programs: dedup_key, component, group, class.

    Where `about` is confidential, whoever may not see it hears `outside` in place of the words, and neither the window nor the facts that
    name it. Channels have many readers: they are outside.
    """

    fact: str
    urgency: Urgency
    title: str
    body: str
    window: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    about: Subject = field(default_factory=Subject)
    outside: Words | None = None  # None: only that there is something
    secret: str = ""  # a part of the body that is taken out of the outbox once it is delivered, or at `secret_until`
    secret_until: datetime | None = None
    timezone: str = ""  # the window's: its times are said so to channels, and to people by their own
    heard_as: Urgency | None = None  # the channels that take this heard the same thing so, and do not hear it again

    @property
    def told_outside(self) -> Words | None:
        """The words for those outside; None where everybody may hear everything."""
        return (self.outside or nothing_said()) if self.about.confidential else None


def nothing_said() -> Words:
    told = f"What it is about is told to those who may see it: {settings.PORTAL_URL}/\n"
    return Words("A confidential window needs its people", told)


def reach(said: Saying, emails: Iterable[str], teams: Collection[str]) -> int:
    """Tell these people by mail, and these teams' channels of that urgency. Inside the transaction of what they hear of. Answers how many
    ways it goes."""
    ways, people = 0, sorted(set(emails))
    outside = withheld(said, said.told_outside)
    inside = who_may_see(said.about, people) if said.about.confidential else set(people)
    for email in people:
        to_person(said if email in inside else outside, email, sorted(teams))
        ways += 1
    for channel in Channel.objects.filter(team__in=teams, ended_at=None).order_by("pk"):
        if said.urgency.value in channel.urgencies and said.heard_as not in channel.urgencies:
            to_channel(outside, channel, sorted(teams))
            ways += 1
    return ways


def withheld(said: Saying, words: Words | None) -> Saying:
    """The same fact in the words for those outside; as it is where there are none."""
    if words is None:
        return said
    facts = {name: said.facts[name] for name in PUBLIC if said.facts.get(name)}
    facts["dedup_key"] = sha256(str(said.facts.get("dedup_key") or said.fact).encode()).hexdigest()[:32]
    return replace(
        said, title=words.title, body=words.body, window="", facts=facts, about=Subject(), secret="", secret_until=None, timezone=""
    )


def to_person(said: Saying, email: str, teams: list[str]) -> None:
    words = said.told_outside
    more: dict[str, Any] = {
        "fact": said.fact[:200],
        "teams": teams,
        "facts": dict(said.facts),
        "outside": [words.title, words.body] if words else [],
    }
    more |= {"secret": said.secret, "secret_until": said.secret_until, "timezone": said.timezone}
    queue(f"{said.fact}:{email}", PLAIN, email, said.urgency, said.title, said.body, said.window, **more)


def to_channel(said: Saying, channel: Channel, teams: list[str]) -> None:
    recipient = channel.address if channel.kind == PLAIN else channel.name
    more = {"fact": said.fact[:200], "teams": teams, "facts": dict(said.facts), "target": channel, "timezone": said.timezone}
    queue(f"{said.fact}:channel:{channel.pk}", channel.kind, recipient, said.urgency, said.title, said.body, said.window, **more)


def is_on_its_way(keys: str) -> bool:
    """Whether anything whose key begins so still waits for a channel that shows incidents."""
    queued = Message.objects.filter(dedup_key__startswith=keys, status=MessageStatus.QUEUED.value, target__isnull=False)
    return queued.filter(channel__in=showing_incidents()).exists()


def say_it_is_over(keys: str) -> int:
    """Every channel that shows what was said under these keys as an incident is told that it is over, by the name it knows it by; how many.
    In the transaction of what they hear of."""
    told = Message.objects.filter(dedup_key__startswith=keys, status=MessageStatus.DELIVERED.value, target__ended_at=None)
    shown = told.filter(channel__in=showing_incidents()).select_related("target").order_by("target", "pk").distinct("target")
    messages = list(shown)
    for message in messages:
        over = {"event_action": "resolve", "dedup_key": message.facts.get("dedup_key", "")}
        said = Saying(f"{keys}over", Urgency.NOTICE, f"Over: {message.title}", "Nothing of it fires any more.", facts=over)
        assert message.target is not None
        to_channel(said, message.target, [])
    return len(messages)


def stand_in(message: Message) -> None:
    """A page that does not get through goes every other way its teams have: their channels, and the mail of who is on call. Who was
    told already by such a way is not told twice. In the transaction in which its failure is written down."""
    if message.urgency != Urgency.PAGE.value or not message.fact or not message.teams:
        return
    said = Saying(message.fact, Urgency.PAGE, message.title, message.body, message.window, message.facts, timezone=message.timezone)
    said = withheld(said, Words(*message.outside) if message.outside else None)
    for channel in Channel.objects.filter(team__in=message.teams, ended_at=None).exclude(pk=message.target_id or 0).order_by("pk"):
        to_channel(said, channel, message.teams)
    for person in on_call_of(message.teams):
        if person.email != message.recipient:
            to_person(said, person.email, message.teams)


@transaction.atomic(durable=True)
def disable(channel_id: int, why: str) -> None:
    """Its address answered that it wants nothing any more."""
    channel = Channel.objects.get(pk=channel_id)
    if Channel.objects.filter(pk=channel_id, ended_at=None).update(ended_at=clock(), ended_because=why[:500], secret=""):
        Way.objects.filter(name=f"channel:{channel_id}").delete()
        record("channel.disabled", ENGINE, f"team:{channel.team}", data={"channel": channel.name, "reason": why[:500]})
