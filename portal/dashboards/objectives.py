"""Objectives for charts: what is left of each budget, how it was spent, how fast it burns, and what windows did to it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.contrib.postgres.aggregates import ArrayAgg

from portal.charts.budgets import Left, Spent
from portal.charts.chart import Shade, instants
from portal.charts.deviation import Strayed
from slo.budget import Ratio
from slo.burn_rate import burn_rate
from slo.deviation import deviation, same_hours
from slo.intervals import Interval
from slo.objectives.queries import Account, Promise, accounts, health
from slo.telemetry.queries import ratios
from windows.access.roles import Actor
from windows.scheduling.models import Window, period
from windows.scheduling.queries.listing import for_eyes_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEEKS = 4  # the past weeks a window is compared with


@dataclass(frozen=True, slots=True)
class Ran:
    """A window as it really was: from its begin to its end, or to now. `places`: "service environment"."""

    reference: str
    status: str
    started_at: datetime
    ended_at: datetime
    slack: float
    timezone: str
    places: frozenset[str]

    def touches(self, one: Promise) -> bool:
        return f"{one.service} {one.environment}" in self.places

    @property
    def interval(self) -> Interval:
        return Interval(self.started_at, max(self.started_at, self.ended_at))


def ran(viewer: Actor | None, since: datetime, now: datetime) -> list[Ran]:
    """Windows that were open in [since, now), the oldest first; None sees all (for sums, not for names). Two queries at most."""
    rows = Window.objects.alias(period=period()).filter(period__overlap=(since - DAY, now), started_at__lt=now)
    if viewer is not None:
        rows = rows.filter(for_eyes_of(viewer))
    told = rows.annotate(services=ArrayAgg("scopes__service__slug"), environments=ArrayAgg("scopes__environment")).order_by(
        "started_at", "pk"
    )
    names = ("pk", "status", "started_at", "ended_at", "slack", "timezone", "services", "environments")
    return [
        Ran(f"MW-{pk}", status, began, ended or now, slack, zone, frozenset(map(" ".join, zip(services, environments, strict=True))))
        for pk, status, began, ended, slack, zone, services, environments in told.values_list(*names)
        if began is not None and (ended or now) > since and None not in services
    ]


def measured(windows: Sequence[Ran], wanted: Sequence[Promise]) -> list[Ran]:
    """Those in which an objective of theirs counted anything, and those that are still open. One query, in order."""
    pairs = [(one, promise) for one in windows for promise in wanted if one.touches(promise)]
    told = ratios([(promise.series, one.interval) for one, promise in pairs])
    counted = {one.reference for (one, _), found in zip(pairs, told, strict=True) if found.total}
    return [one for one in windows if one.reference in counted or one.status == "running"]


def shades(windows: Sequence[Ran], wanted: Sequence[Promise]) -> list[Shade]:
    """The windows that touch any of these objectives."""
    return [
        Shade(one.reference, one.started_at, one.ended_at, one.status) for one in windows if any(one.touches(promise) for promise in wanted)
    ]


def left(wanted: Sequence[Promise], now: datetime) -> list[Left]:
    """Raw and adjusted budgets now, as every page and check counts them."""
    return [
        Left(
            told.promise.slug, told.promise.service, float(told.promise.target), told.figures.raw.remaining, told.figures.adjusted.remaining
        )
        for told in health(wanted, now)
    ]


def spending(wanted: Sequence[Promise], now: datetime, step: timedelta = 6 * HOUR) -> tuple[list[datetime], list[Spent]]:
    """How each budget went from the begin of the longest window of time on. One query."""
    since = now - DAY * max((one.window_days for one in wanted), default=28)
    at = instants(since, now, step)
    asked = [(one.series, Interval(begin, end)) for one in wanted for begin, end in pairwise(at)]
    answers = iter(ratios(asked))
    told = []
    for one in wanted:
        pieces = [next(answers) for _ in at[1:]]
        allowed = (1 - float(one.target)) * sum(pieces, Ratio()).total
        bad, shares = 0, list[float | None]([None])
        for piece in pieces:
            bad += piece.bad
            shares.append(1 - bad / allowed if piece.total and allowed else None)
        told.append(Spent(one.slug, one.window_days, shares))
    return at, told


def burning(
    wanted: Sequence[Promise], now: datetime, days: int = 7
) -> tuple[list[datetime], dict[str, list[tuple[float | None, float | None]]]]:
    """Burn rates of the hour and of the six hours before each full hour, and before now. One query."""
    at = instants(now.replace(minute=0, second=0, microsecond=0) - DAY * days, now, HOUR)
    asked = [(one.series, Interval(moment - span, moment)) for one in wanted for moment in at for span in (HOUR, 6 * HOUR)]
    answers = iter(ratios(asked))
    return at, {one.slug: [(burn_rate(next(answers), one.target), burn_rate(next(answers), one.target)) for _ in at] for one in wanted}


def error_rates(wanted: Sequence[Promise], since: datetime, until: datetime) -> tuple[list[datetime], dict[str, list[float | None]], int]:
    """Bad ÷ all in pieces of whole minutes, 180 at most; how many minutes a piece is. One query."""
    minutes = max(1, -(-(until - since) // (180 * timedelta(minutes=1))))
    begin = since.replace(second=0, microsecond=0)
    at = [begin + timedelta(minutes=minutes) * n for n in range(max(1, (until - begin) // timedelta(minutes=minutes)))]
    piece = timedelta(minutes=minutes)
    answers = iter(ratios([(one.slug, Interval(moment, moment + piece)) for one in wanted for moment in at]))
    return at, {one.slug: [share_of(next(answers)) for _ in at] for one in wanted}, minutes


def share_of(measured: Ratio) -> float | None:
    return measured.bad / measured.total if measured.total else None


def strayed(wanted: Sequence[Promise], windows: Sequence[Ran], known: Collection[Account] = ()) -> list[Strayed]:
    """Each window beside the same hours of past weeks, and what it took of the budget as its account has it.

    Accounts that are not `known` are read. Three queries at most.
    """
    pairs = [(one, promise) for one in windows for promise in wanted if one.touches(promise)]
    read = known or accounts([(one.reference, one.interval, promise) for one, promise in pairs])
    by_pair = {(one.window, one.objective): one for one in read}
    charged = [by_pair[one.reference, promise.slug] for one, promise in pairs]
    asked = []
    for (one, promise), account in zip(pairs, charged, strict=True):
        past = same_hours(account.interval, WEEKS, ZoneInfo(one.timezone))
        asked += [(promise.series, interval) for interval in (account.interval, *past)]
    answers = iter(ratios(asked))
    found = []
    for (one, promise), account in zip(pairs, charged, strict=True):
        actual, *past_weeks = [next(answers) for _ in range(1 + WEEKS)]
        told = deviation(actual, past_weeks)
        found.append(
            Strayed(
                one.reference,
                one.started_at,
                promise.slug,
                told.actual,
                told.usual,
                told.lowest,
                told.highest,
                told.weeks,
                account.raw,
                float(account.charged),
                account.felt,
                account.spent,
            )
        )
    return found
