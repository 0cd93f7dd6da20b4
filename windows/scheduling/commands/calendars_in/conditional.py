"""Asking a calendar's address only for what is new: by ETag, by date, and by digest, as many servers never answer 304."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.conf import settings

from windows.actions.ports import HttpAnswer
from windows.errors import Invalid
from windows.outbound.exchange import exchange
from windows.outbound.limits import Limits

PATIENCE = 20.0  # seconds for a whole answer


class Known(Protocol):
    """An address, and what its server said the last time."""

    url: str
    etag: str
    last_modified: str
    digest: str
    succeeded_at: datetime | None


@dataclass(frozen=True, slots=True)
class Polled:
    """The answer's text, None where nothing changed; `digest` of its bytes, and what to ask with the next time."""

    body: bytes | None
    etag: str = ""
    last_modified: str = ""
    digest: str = ""


def fetch(source: Known, now: datetime) -> Polled:
    """Ask once. PortError where it may not or cannot be reached, Invalid where the answer is none."""
    headers = {"User-Agent": "Roadworks", "Accept": "text/calendar, */*;q=0.1"}
    if is_stale(source, now):
        source.etag = source.last_modified = source.digest = ""
    if source.etag:
        headers["If-None-Match"] = source.etag
    if source.last_modified:
        headers["If-Modified-Since"] = source.last_modified
    answer = exchange("GET", source.url, Limits.of(PATIENCE, lambda: False), headers=headers, allowed=settings.HTTP_ALLOWED_HOSTS)
    if answer.status == 304:
        return Polled(None, source.etag, source.last_modified, source.digest)
    if answer.status != 200:
        raise Invalid(refusal(answer), field="url")
    digest = hashlib.sha256(answer.body).hexdigest()
    words = plain(answer, "etag", 300), plain(answer, "last-modified", 100)
    return Polled(None if digest == source.digest else answer.body, *words, digest)


def is_stale(source: Known, now: datetime) -> bool:
    """Whether a calendar that never changes must be read again all the same: the horizon of its series has moved on by a month."""
    return source.succeeded_at is None or (source.succeeded_at.year, source.succeeded_at.month) != (now.year, now.month)


def plain(answer: HttpAnswer, name: str, longest: int) -> str:
    """A header's value where it can be sent back as it is."""
    value = answer.headers.get(name, "")
    return value if len(value) <= longest and value.isprintable() and value.isascii() else ""


def refusal(answer: HttpAnswer) -> str:
    if 300 <= answer.status < 400:
        return f"It answers {answer.status} and points to another address; redirects are not followed. Enter the final address."
    return f"It answers {answer.status} where 200 is expected."
