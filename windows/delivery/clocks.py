"""A message as the clock of who reads it has it: it is kept in UTC, because the same words go to many."""

from __future__ import annotations

from zoneinfo import ZoneInfoNotFoundError

from windows.catalogue.models import Person
from windows.delivery.models import Message
from windows.lifecycle.moments import in_zone


def read_in(message: Message) -> str:
    """A person's own zone; for a channel, and for an address that is nobody's here, that of the window."""
    zones = Person.objects.filter(email=message.recipient).values_list("timezone", flat=True) if message.target_id is None else None
    return (zones.first() if zones is not None else None) or message.timezone or "UTC"


def spoken(message: Message) -> tuple[str, str]:
    """Title and body in that zone; in the body UTC stands beside."""
    zone = read_in(message)
    try:
        return in_zone(message.title, zone), in_zone(message.body, zone, beside=True)
    except ZoneInfoNotFoundError:  # a zone that is no more: better in UTC than not at all
        return message.title, message.body
