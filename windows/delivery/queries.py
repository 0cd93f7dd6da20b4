"""Nouns: what is in the outbox."""

from __future__ import annotations

from windows.delivery.models import Message, MessageStatus


def messages_of(window: str) -> list[Message]:
    """Everything said about a window, oldest first."""
    return list(Message.objects.filter(window=window).order_by("pk"))


def undelivered() -> list[Message]:
    """The dead, and what is still being tried after a failure, newest first."""
    tried = Message.objects.filter(status=MessageStatus.QUEUED.value, attempts__gt=0).exclude(last_error="")
    return list((tried | Message.objects.filter(status=MessageStatus.DEAD.value)).order_by("-pk")[:200])
