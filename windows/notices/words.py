"""What a notice says: all that is needed to judge whether it concerns one, in the message itself. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

MOST = 10  # places named


@dataclass(frozen=True, slots=True)
class Ahead:
    """A window that is about to begin, as its notice tells it. Times in UTC."""

    reference: str
    title: str
    reason: str
    starts_at: datetime
    ends_at: datetime
    mode: str
    impact: str
    places: Sequence[str]
    owner: str
    coordinator: str
    address: str


def heading(ahead: Ahead) -> str:
    return f"{ahead.reference} begins {ahead.starts_at:%a %d %b %H:%M} UTC: {ahead.title}"


def body(ahead: Ahead) -> str:
    more = f" and {len(ahead.places) - MOST} more" if len(ahead.places) > MOST else ""
    people = ", ".join(f"{part} {name}" for part, name in (("owner", ahead.owner), ("coordinator", ahead.coordinator)) if name)
    facts = [
        f"When: {ahead.starts_at:%Y-%m-%d %H:%M} to {ahead.ends_at:%Y-%m-%d %H:%M} UTC",
        f"Where: {', '.join(ahead.places[:MOST])}{more}",
        f"Users get: {ahead.mode.replace('_', ' ')}. {ahead.impact}".strip(),
        *([f"Ask: {people}"] if people else []),
    ]
    last = f"You hear of it because your team has a part in what it touches. {ahead.address}\n"
    return "\n\n".join([*([ahead.reason] if ahead.reason else []), "\n".join(facts), last])
