"""When the clock on the wall jumps: summer time begins or ends, or a country moves to another offset. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

STEP, EXACTLY = timedelta(days=1), timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ClockChange:
    """From `at` (UTC) on the zone is `after` ahead of UTC, until then it was `before`."""

    at: datetime
    before: timedelta
    after: timedelta

    @property
    def words(self) -> str:
        """As a calendar says it: the clock goes back from 03:00 to 02:00 on Sun 25 Oct."""
        old, new = ((self.at + offset).replace(tzinfo=None) for offset in (self.before, self.after))
        way = "forward" if self.after > self.before else "back"
        return f"the clock goes {way} from {old:%H:%M} to {new:%H:%M} on {old:%a} {old.day} {old:%b}"


def offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def clock_changes(since: datetime, until: datetime, zone: ZoneInfo) -> list[ClockChange]:
    """The changes in (since, until], by time, to the minute. One that is taken back within a day is not seen."""
    found, at = [], since.astimezone(UTC)
    last = until.astimezone(UTC)
    while at < last:
        then = min(at + STEP, last)
        before, after = offset(at, zone), offset(then, zone)
        if before != after:
            low, high = at, then
            while high - low > EXACTLY:
                middle = low + (high - low) / 2
                low, high = (middle, high) if offset(middle, zone) == before else (low, middle)
            found.append(ClockChange(high.replace(second=0, microsecond=0), before, after))
        at = then
    return found
