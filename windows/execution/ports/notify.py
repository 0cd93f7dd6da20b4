"""The notify port: who a recipient is, and a message to each in the outbox.

The words are the runbook's own. Of a confidential window they stand alone: its reference is in no subject, and with the message itself only
for those who may see it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from django.db import transaction

from windows.access.roles import Role
from windows.actions.ports import Rejected
from windows.catalogue.queries import holders, who_may_see
from windows.delivery.commands import queue
from windows.execution.ports.patience import patiently
from windows.outbound.limits import Limits
from windows.scheduling.models import Window
from windows.scheduling.queries import subject_of


class Notify:
    def __init__(self, window: Window, limits: Limits) -> None:
        self.window, self.limits = window, limits

    def send(self, recipients: Sequence[str], *, title: str, body: str, urgency: str, key: str) -> int:
        return patiently(lambda: self.queue_all(recipients, title=title, body=body, urgency=urgency, key=key), self.limits)

    def queue_all(self, recipients: Sequence[str], *, title: str, body: str, urgency: str, key: str) -> int:
        addresses = list(dict.fromkeys(address for recipient in recipients for address in self.addresses(recipient)))
        name, hidden = self.window.reference, self.window.confidential
        inside = who_may_see(subject_of(self.window), addresses) if hidden else set(addresses)
        with transaction.atomic():
            for address in addresses:
                said = hashlib.sha256(f"{key}/{address}".encode()).hexdigest()[:40]
                heading = title if hidden else f"{name}: {title}"  # a subject is read on locked screens
                queue(
                    f"step:{self.window.pk}:{said}",
                    "email",
                    address,
                    urgency,
                    heading,
                    body,
                    name if address in inside else "",
                    timezone=self.window.timezone,
                )
        return len(addresses)

    def addresses(self, recipient: str) -> list[str]:
        """Rejected where nobody would hear it: a message to nobody must not look sent."""
        if recipient.startswith("team:"):
            team, _, role = recipient.removeprefix("team:").partition("/")
            found = [contact.email for contact in holders([team], Role(role))]
        elif recipient.startswith("window:"):
            person = getattr(self.window, recipient.removeprefix("window:"))
            found = [person.email] if person and person.is_active else []
        else:
            found = [recipient]
        if not found:
            raise Rejected(f"“{recipient}” reaches nobody: no active person has this part.")
        return found
