"""The pages that alerts of the past would have sent, as delivered mails: on-call load counts them. No mail was sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from windows.alerts.commands.telling import on_duty, teams_of
from windows.delivery.models import Message, MessageStatus, Urgency

SAID = "Made up by the example: nobody was paged.\n\n"


@dataclass(frozen=True, slots=True)
class Page:
    service: str
    title: str
    text: str
    window: str
    at: datetime


def write_pages(pages: Sequence[Page]) -> None:
    """To whoever is on call for the service."""
    people = {service: sorted(on_duty(teams_of([service]))) for service in {one.service for one in pages}}
    Message.objects.bulk_create(
        Message(
            dedup_key=f"example:page:{number}:{email}", fact=f"example:page:{number}", channel="email", recipient=email,
            urgency=Urgency.PAGE.value, title=f"{one.window} alert: {one.title}" if one.window else one.title, body=f"{SAID}{one.text}\n",
            window=one.window, status=MessageStatus.DELIVERED.value, attempts=1, wake_at=None, created_at=one.at, queued_at=one.at,
            delivered_at=one.at + timedelta(seconds=2),
        )
        for number, one in enumerate(pages, start=1)
        for email in people[one.service]
    )  # fmt: skip
