"""The weekly review as a mail: when it is due by the receiver's own clock, and what it says. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

HOUR = 8  # of Monday, on the receiver's wall
MOST = 10  # lines of one part


def due_week(now: datetime, zone: str) -> str:
    """The ISO week (2027-W09) whose digest is the latest due: its Monday, eight o'clock on the wall there, has come."""
    wall = now.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    monday = wall.replace(hour=HOUR, minute=0, second=0, microsecond=0) - timedelta(days=wall.weekday())
    year, week, _ = (monday if wall >= monday else monday - timedelta(weeks=1)).isocalendar()
    return f"{year}-W{week:02}"


@dataclass(frozen=True, slots=True)
class Part:
    """A heading and its lines; `more` were left out. What is empty says so."""

    title: str
    lines: Sequence[str]
    nothing: str

    @property
    def text(self) -> str:
        shown = [f"- {line}" for line in self.lines[:MOST]]
        more = [f"- and {len(self.lines) - MOST} more"] if len(self.lines) > MOST else []
        return "\n".join([self.title.upper(), *(shown or [self.nothing]), *more])


def letter(name: str, period: str, parts: Sequence[Part], address: str, settings: str) -> str:
    """The whole body, plain text."""
    told = "\n\n".join(part.text for part in parts)
    return (
        f"{name}, this is the week of maintenance {period}, as you may see it.\n\n{told}\n\n"
        f"The whole review: {address}\nYou asked for this mail; stop it here: {settings}\n"
    )
