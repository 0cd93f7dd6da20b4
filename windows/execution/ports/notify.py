"""The notify port: who a recipient is, and a message to each in the outbox."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from django.db import transaction

from windows.access.roles import Role
from windows.actions.ports import Rejected
from windows.catalogue.queries import holders
from windows.delivery.commands import queue
from windows.execution.ports.patience import patiently
from windows.outbound.limits import Limits
from windows.scheduling.models import Window


class Notify:
    def __init__(self, window: Window, limits: Limits) -> None:
        self.window, self.limits = window, limits

    def send(self, recipients: Sequence[str], *, title: str, body: str, urgency: str, key: str) -> int:
        return patiently(lambda: self.queue_all(recipients, title=title, body=body, urgency=urgency, key=key), self.limits)

    def queue_all(self, recipients: Sequence[str], *, title: str, body: str, urgency: str, key: str) -> int:
        addresses = list(dict.fromkeys(address for recipient in recipients for address in self.addresses(recipient)))
        with transaction.atomic():
            for address in addresses:
                said = hashlib.sha256(f"{key}/{address}".encode()).hexdigest()[:40]
                queue(f"step:{said}", "email", address, urgency, f"{self.window.reference}: {title}", body, self.window.reference)
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
