"""What comes in: pushed samples, and a source's answer when it is asked for the current value of a metric. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from slo.budget import Ratio


@dataclass(frozen=True, slots=True)
class Reading:
    """`value` is finite, or None: then `error` says what went wrong (refused, timed out, malformed), or it is empty and `reason` says
    why there is nothing to judge (no data, NaN, several series, too old). Unknown is a value and never good news."""

    value: float | None
    samples: int | None = None  # events behind the value; None where the source cannot count them
    newest_at: datetime | None = None  # when the newest sample was taken, by the source; not when the answer was given
    error: str = ""
    reason: str = ""


def shared_out(whole: Ratio, tags: Mapping[str, Ratio]) -> dict[str, Ratio]:
    """A minute's events by the window they are tagged with, and "" for the rest. Rounding, or series tagged twice, never make more
    than there are."""
    found, rest = {}, whole
    for window, share in sorted(tags.items()):
        good = min(share.good, rest.good)
        found[window] = Ratio(good, good + min(share.total - share.good, rest.total - rest.good))
        rest = rest - found[window]
    return found | {"": rest}


@dataclass(frozen=True, slots=True)
class Push:
    """Events since the sender's last push. `key` is the sender's own and names this push for ever; `window` is a label."""

    key: str
    at: datetime
    good: int
    total: int
    source: str = ""
    window: str = ""
