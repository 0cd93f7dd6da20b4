"""Timeslices: a slice of minutes is good where enough of its events were; the budget counts slices. Pure.

The verdicts of the slices are a series of their own, one event each, at the minute a slice begins: so a budget of slices costs as few
rows as one of events, and a late minute corrects the slice it belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from slo.budget import Ratio


@dataclass(frozen=True, slots=True)
class Slicing:
    minutes: int  # divides a day or not: slices are counted from midnight UTC, and the last of a day may be shorter
    target: Decimal

    def series(self, of: str) -> str:
        """Another rule is another series: what was judged by the old one stays what it was."""
        return f"{of}/{self.minutes}m/{self.target.normalize():f}"

    def begin(self, minute: datetime) -> datetime:
        midnight = minute.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight + timedelta(minutes=(minute - midnight) // timedelta(minutes=self.minutes) * self.minutes)

    def end(self, begin: datetime) -> datetime:
        return min(begin + timedelta(minutes=self.minutes), begin.replace(hour=0, minute=0) + timedelta(days=1))

    def verdict(self, inside: Ratio) -> Ratio:
        """One event, good or bad; none where nothing happened in the slice. Exactly on the target is good."""
        return Ratio(int(Decimal(inside.good) >= self.target * inside.total), 1) if inside.total else Ratio()
