"""What would be left of an error budget after a planned window. Pure.

Bad events are forecast as a share of the events that are usual in such hours. The share is what past windows of the kind had, all their
events counted once; where there are none, what its request expects of users. Where neither is known the forecast is not known, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from slo.budget import Figures, Policy, Ratio, after
from slo.intervals import Interval

WEEK = timedelta(weeks=1)
WEEKS = 4


@dataclass(frozen=True, slots=True)
class Past:
    """What was measured in a window that ran, as users felt it. `window` is a label."""

    window: str
    inside: Ratio


@dataclass(frozen=True, slots=True)
class Forecast:
    """`bad` events are likely, `worst` as in the worst of the past windows; of `usual` events in such hours. `raw` and `adjusted` are the
    shares that would be left. All of it None where `why` says why nothing is known. `past` are the windows that it rests on, `expected`
    the share of users that the request expects to be touched, where no window is.
    """

    bad: float | None = None
    worst: float | None = None
    usual: float | None = None
    raw: float | None = None
    adjusted: float | None = None
    worst_raw: float | None = None
    past: tuple[str, ...] = ()
    expected: float | None = None
    why: str = ""
    like: str = ""  # what those windows have in common with it, in words

    @property
    def is_known(self) -> bool:
        return self.bad is not None


def usual_hours(planned: Interval, now: datetime, weeks: int = WEEKS, zone: tzinfo = UTC) -> list[Interval]:
    """The hours of the week that are still ahead of this window, in the last weeks that are wholly past; the nearest first. By the wall
    clock of `zone`. None where nothing of it is ahead."""
    start, length = max(planned.start, now), planned.end - max(planned.start, now)
    if length <= timedelta():
        return []
    back = max(1, -(-(planned.end - now) // WEEK))
    local = start.astimezone(zone)
    begins = [(local - (back + number) * WEEK).astimezone(UTC) for number in range(weeks)]
    return [Interval(begin, begin + length) for begin in begins if begin + length <= now]


def forecast(
    figures: Figures, usual: Sequence[Ratio], past: Sequence[Past], *, expected: float | None, policy: Policy, slack: float, like: str = ""
) -> Forecast:
    """`usual` is what was measured in `usual_hours`; `expected` a share of users, 0 to 1; `policy` and `slack` what is agreed for it."""
    weeks = [one.total for one in usual if one.total]
    if figures.raw.allowed is None or not weeks:
        return Forecast(why="nothing was measured in these hours of the last weeks")
    events = sum(weeks) / len(weeks)
    known = [one for one in past if one.inside.total]
    if known:
        whole = sum((one.inside for one in known), Ratio())
        share, most = whole.bad / whole.total, max(one.inside.bad / one.inside.total for one in known)
    elif expected is not None:
        share = most = min(max(expected, 0.0), 1.0)
    else:
        return Forecast(usual=events, why="no such window was measured before, and its request does not say how many users it touches")
    bad, worst = share * events, most * events
    return Forecast(
        bad=bad, worst=worst, usual=events, raw=after(figures.raw, bad),
        adjusted=after(figures.adjusted, charged(bad, figures.raw.allowed, policy, slack)), worst_raw=after(figures.raw, worst),
        past=tuple(one.window for one in known), expected=None if known else share, like=like if known else "",
    )  # fmt: skip


def charged(bad: float, allowed: float, policy: Policy, slack: float) -> float:
    """What of it counts for the adjusted figure."""
    match policy:
        case Policy.EXCLUDE:
            return 0.0
        case Policy.ALLOW:
            return max(0.0, bad - slack * allowed)
    return bad
