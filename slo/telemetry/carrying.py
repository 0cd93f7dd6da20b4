"""The maintenance tags that this thread works under: what it logs and whom it asks meanwhile shall tell of them. Pure.

Source of the header: W3C Baggage. Threads that are started meanwhile begin without any.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from urllib.parse import quote

TAGS: ContextVar[Mapping[str, str] | None] = ContextVar("maintenance", default=None)


@contextmanager
def under(tags: Mapping[str, str]) -> Iterator[None]:
    """Within it these tags hold, and not those of outside; empty values are no tags."""
    token = TAGS.set({name: value for name, value in tags.items() if value})
    try:
        yield
    finally:
        TAGS.reset(token)


def tags() -> Mapping[str, str]:
    return TAGS.get() or {}


def baggage(told: Mapping[str, str]) -> str:
    """The tags as percent-encoded members."""
    return ",".join(f"{name}={quote(value, safe='')}" for name, value in told.items() if value)


def headers() -> dict[str, str]:
    """What a request of ours carries; nothing outside of any window."""
    return {"Baggage": told} if (told := baggage(tags())) else {}
