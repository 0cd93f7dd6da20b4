"""What a notice says: all that is needed to judge whether it concerns one, in the message itself. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from windows.notices.deciding import What

MOST = 10  # places, and windows, named


@dataclass(frozen=True, slots=True)
class Told:
    """A window as its notices tell it. Times in UTC: they are put into each reader's zone when they are sent."""

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


@dataclass(frozen=True, slots=True)
class Change:
    """What became of it: why, as was said; until when it goes on; how it ended; the period it had before it was moved."""

    what: What
    because: str = ""
    until: datetime | None = None
    ended: str = ""
    before: tuple[datetime, datetime] | None = None


VERBS = {
    What.PLANNED: "is asked for, {when}",
    What.APPROVED: "will take place {when}",
    What.MOVED: "moved to {when}",
    What.CALLED_OFF: "will not take place",
    What.BEGUN: "has begun",
    What.LONGER: "goes on until {until}",
    What.OVERRAN: "is not over at its end",
    What.ENDED: "has ended: {ended}",
}
ENDS = {
    "window.completed": "completed",
    "window.rolled_back": "rolled back",
    "window.failed": "it failed, and what it changed was not taken back",
}


def clock_of(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def heading(ahead: Told) -> str:
    return f"{ahead.reference} begins {clock_of(ahead.starts_at)}: {ahead.title}"


def heading_of(told: Told, change: Change, more: int = 0) -> str:
    """`more` windows of its series share its fate."""
    until = clock_of(change.until) if change.until else "later"
    verb = VERBS[change.what].format(when=clock_of(told.starts_at), until=until, ended=change.ended)
    beside = f" (and {more} more of its series)" if more else ""
    return f"{told.reference}{beside} {verb}: {told.title}"


def body(told: Told, change: Change | None = None, others: Sequence[str] = ()) -> str:
    """`others` are the windows of its series that share its fate, as lines."""
    more = f" and {len(told.places) - MOST} more" if len(told.places) > MOST else ""
    people = ", ".join(f"{part} {name}" for part, name in (("owner", told.owner), ("coordinator", told.coordinator)) if name)
    facts = [
        f"When: {period(told.starts_at, told.ends_at)}",
        *([f"Before: {period(*change.before)}"] if change and change.before else []),
        *([f"Why: {change.because}"] if change and change.because else []),
        f"Where: {', '.join(told.places[:MOST])}{more}",
        f"Users get: {told.mode.replace('_', ' ')}. {told.impact}".strip(),
        *([f"Ask: {people}"] if people else []),
    ]
    together = [f"And {line}" for line in others[:MOST]] + ([f"And {len(others) - MOST} more"] if len(others) > MOST else [])
    last = f"You hear of it because your team has a part in what it touches. {told.address}\n"
    return "\n\n".join(["\n".join(part) for part in ([told.reason] if told.reason else [], facts, together) if part] + [last])


def missing_announcement(told: Told, services: Sequence[str]) -> tuple[str, str]:
    """Heading and text for the window's own people: what the public knows, and was not told of."""
    who = ", ".join(services)
    text = f"The public knows {who} and was not told of this window: no run begins before it is announced.\n\n"
    return f"{told.reference} will not begin before it is announced: {told.title}", f"{text}{told.address}/announce\n"


def period(starts_at: datetime, ends_at: datetime) -> str:
    return f"{starts_at:%Y-%m-%d %H:%M} UTC to {ends_at:%Y-%m-%d %H:%M} UTC"
