"""The outbox: said once, tried again, never dropped in silence."""

import smtplib
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models.functions import Now

from windows.audit.models import AuditEntry
from windows.delivery import registry
from windows.delivery.commands import outbox as commands
from windows.delivery.commands import queue
from windows.delivery.models import Message, Way
from windows.delivery.undelivered import Undelivered


def say(key: str = "run:1:stuck:a@example.org", recipient: str = "a@example.org", channel: str = "email") -> None:
    with transaction.atomic():
        queue(key, channel, recipient, "page", "MW-1001 is stuck", "Look at it.", "MW-1001")


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    state: dict[str, Any] = {"error": None}

    def send(message: Message) -> None:
        if state["error"]:
            raise state["error"]

    monkeypatch.setattr(commands, "channels", lambda: {**registry.channels(), "fake": send})
    return state


@pytest.mark.django_db(transaction=True)
def test_one_fact_is_one_mail() -> None:
    say()
    say()
    assert commands.send_due() == 1
    assert commands.send_due() == 0
    assert [(m.subject, m.to) for m in mail.outbox] == [("MW-1001 is stuck", ["a@example.org"])]
    assert Message.objects.get().status == "delivered"


@pytest.mark.django_db(transaction=True)
def test_r_g05_a_failing_channel_is_tried_again_and_then_shown_as_dead(broken: dict[str, Any]) -> None:
    say(channel="fake")
    broken["error"] = Undelivered("429")
    rests = []
    for _ in range(commands.TRIES):
        Message.objects.filter(status="queued").update(wake_at=Now())
        assert commands.send_due() == 1
        if (message := Message.objects.get()).wake_at:
            rests.append(message.wake_at)
    assert (message.status, message.attempts, message.last_error) == ("dead", commands.TRIES, "429")
    assert rests == sorted(rests) and len(rests) == commands.TRIES - 1
    assert AuditEntry.objects.get(kind="message.died").data["recipient"] == "a@example.org"


@pytest.mark.django_db(transaction=True)
def test_a_permanent_refusal_is_dead_at_once_and_a_bug_costs_one_try(broken: dict[str, Any]) -> None:
    say("one", channel="fake")
    broken["error"] = Undelivered("no such person", permanent=True)
    commands.send_due()
    say("two", channel="fake")
    broken["error"] = ZeroDivisionError("a bug")
    commands.send_due()
    say("three", channel="carrier-pigeon")
    commands.send_due()
    assert dict(Message.objects.values_list("dedup_key", "status")) == {"one": "dead", "two": "queued", "three": "dead"}
    broken["error"] = None
    Message.objects.filter(dedup_key="two").update(wake_at=Now())
    commands.send_due()
    assert Message.objects.get(dedup_key="two").status == "delivered"


@pytest.mark.django_db(transaction=True)
def test_a_message_belongs_to_its_acts_transaction() -> None:
    with pytest.raises(RuntimeError, match="transaction of its act"):
        queue("k", "email", "a@example.org", "page", "t", "b")
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        queue("k", "email", "a@example.org", "page", "t", "b")
        raise ZeroDivisionError
    assert not Message.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_long_keys_that_differ_at_their_end_are_two_facts() -> None:
    for end in ("a", "a", "b"):
        say("x" * 300 + end)
    assert Message.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_slow_batch_sends_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []

    def slow(message: Message) -> None:
        """The first takes longer than the claim: meanwhile another sender takes the second, whose outcome is its own."""
        sent.append(message.dedup_key)
        if message.dedup_key == "one":
            Message.objects.filter(dedup_key="two").update(wake_at=Now())
            commands.send_due()

    monkeypatch.setattr(commands, "channels", lambda: {"fake": slow})
    say("one", channel="fake")
    say("two", channel="fake")
    commands.send_due()
    assert sent == ["one", "two"]


def test_a_silent_mail_server_is_left_soon() -> None:
    from django.conf import settings

    assert commands.CLAIM.total_seconds() > settings.EMAIL_TIMEOUT * 3


@pytest.mark.parametrize(("code", "status"), [(552, "dead"), (452, "queued")])
@pytest.mark.django_db(transaction=True)
def test_r_g05_a_mail_that_its_server_refuses_holds_up_no_other(monkeypatch: pytest.MonkeyPatch, code: int, status: str) -> None:
    send = EmailMessage.send

    def refusing(self: EmailMessage, fail_silently: bool = False) -> int:
        if self.to == ["big@example.org"]:
            raise smtplib.SMTPDataError(code, b"not this one")
        return int(send(self))

    monkeypatch.setattr(EmailMessage, "send", refusing)
    say("run:1:stuck:big@example.org", "big@example.org")
    assert commands.send_due() == 1
    say()
    assert commands.send_due() == 1 and [one.to for one in mail.outbox] == [["a@example.org"]], "at once, not after a rest"
    assert Message.objects.get(recipient="big@example.org").status == status and not Way.objects.exists()
