"""What comes in: pushed samples, and a source's answer when it is asked for the current value of a metric. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """`value` is finite, or None: then `error` says what went wrong (refused, timed out, malformed), or it is empty and `reason` says
    why there is nothing to judge (no data, NaN, several series, too old). Unknown is a value and never good news."""

    value: float | None
    samples: int | None = None  # events behind the value; None where the source cannot count them
    newest_at: datetime | None = None  # when the newest sample was taken, by the source; not when the answer was given
    error: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Push:
    """Events since the sender's last push. `key` is the sender's own and names this push for ever; `window` is a label."""

    key: str
    at: datetime
    good: int
    total: int
    source: str = ""
    window: str = ""
