"""Calendars out of a mailbox: one message (.eml) or many (mbox), parts of type text/calendar and attachments named .ics. Pure."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator

from windows.ical_in.lines import Unreadable

MOST_MESSAGES = 500
BEGINS = re.compile(rb"(?m)^From [^\n]*\n")
HEADER = re.compile(rb"\s*[A-Za-z][A-Za-z0-9-]*:\s")


def is_mail(raw: bytes) -> bool:
    """A mailbox or a message, and not a calendar; by its first line, whatever it is called."""
    head = raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:200]
    return head.startswith(b"From ") or (bool(HEADER.match(head)) and not head.upper().startswith(b"BEGIN:"))


def attached(raw: bytes) -> Iterator[bytes]:
    """Every calendar in it, as the sender wrote it. Unreadable where there is none at all."""
    messages = [part for part in BEGINS.split(raw) if part.strip()] if raw.lstrip().startswith(b"From ") else [raw]
    if len(messages) > MOST_MESSAGES:
        raise Unreadable(f"A mailbox has at most {MOST_MESSAGES} messages; this one has {len(messages)}.")
    found = [calendar for message in messages for calendar in parts(message)]
    if not found:
        raise Unreadable("No message here has a calendar: no part of type text/calendar and no attachment that ends in .ics.")
    yield from found


def parts(message: bytes) -> Iterator[bytes]:
    for part in email.message_from_bytes(message, policy=email.policy.compat32).walk():
        name = str(part.get_filename() or "").lower()
        if part.get_content_type() in ("text/calendar", "application/ics") or name.endswith(".ics"):
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes) and payload.strip():
                yield payload
