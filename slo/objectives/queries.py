"""Nouns that read: objectives, their budgets, burn rates and deviations.

Budgets of any number of objectives cost two statements: one for the objectives, one for all sums at all instants.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal

from slo.budget import Figures, Part, Policy, Ratio, figures
from slo.burn_rate import WINDOWS, Judgement, burn_rate, judge
from slo.deviation import Deviation, deviation, same_hours
from slo.errors import Missing
from slo.intervals import Interval, clip, subtract
from slo.objectives.models import Objective
from slo.telemetry import registry
from slo.telemetry.queries import ratios
from slo.telemetry.readings import Reading


@dataclass(frozen=True, slots=True)
class Treatment:
    """How bad events in an interval count for the adjusted figure; see slo.budget.Policy."""

    interval: Interval
    policy: Policy
    slack: float = 0.0


@dataclass(frozen=True, slots=True)
class Promise:
    """An objective as others read it. `target` as a share."""

    slug: str
    service: str
    environment: str
    title: str
    target: Decimal
    window_days: int
    source: str
    query: Mapping[str, str]
    is_critical: bool
    version: int


@dataclass(frozen=True, slots=True)
class Health:
    """An objective now: raw and adjusted budget side by side, burn rates by window name (None: no events), the judgement on them."""

    promise: Promise
    since: datetime
    until: datetime
    figures: Figures
    burn: Mapping[str, float | None]
    treated: Sequence[Treatment] = field(default_factory=tuple)

    @property
    def judgement(self) -> Judgement:
        return judge(self.burn)


def promises(*, slugs: Collection[str] | None = None, services: Collection[str] | None = None) -> list[Promise]:
    """The objectives, by service and slug; of certain slugs or services where given."""
    rows = Objective.objects.order_by("service", "slug")
    rows = rows if slugs is None else rows.filter(slug__in=slugs)
    rows = rows if services is None else rows.filter(service__in=services)
    return [Promise(*row) for row in rows.values_list(*Promise.__dataclass_fields__)]


def promise(slug: str) -> Promise:
    """Missing where there is no such objective."""
    found = promises(slugs=[slug])
    if not found:
        raise Missing(f"There is no objective “{slug}”.")
    return found[0]


def health(wanted: Sequence[Promise], now: datetime, treatments: Mapping[str, Iterable[Treatment]] | None = None) -> list[Health]:
    """Budget and burn rates of each, in one statement. `treatments` by slug; where they overlap, the earlier in the list counts.

    Burn rates leave out what EXCLUDE excludes: they ask whether something burns beside what was agreed.
    """
    asked: list[tuple[str, Interval]] = []
    plans = []
    for one in wanted:
        frame = Interval(now - timedelta(days=one.window_days), now)
        treated = _disjoint((treatments or {}).get(one.slug, ()), frame)
        holes = [piece.interval for piece in treated if piece.policy is Policy.EXCLUDE]
        windows = [subtract([Interval(now - length, now)], holes) for length in WINDOWS.values()]
        pieces = [[frame], [piece.interval for piece in treated], *windows]
        plans.append((one, frame, treated, [len(group) for group in pieces]))
        asked += [(one.slug, piece) for group in pieces for piece in group]
    answers = iter(ratios(asked))
    found = []
    for one, frame, treated, sizes in plans:
        (whole,), parts, *windows_sums = [[next(answers) for _ in range(size)] for size in sizes]
        told = [Part(inside, piece.policy, piece.slack) for piece, inside in zip(treated, parts, strict=True)]
        burn = {name: burn_rate(sum(sums, Ratio()), one.target) for name, sums in zip(WINDOWS, windows_sums, strict=True)}
        found.append(Health(one, frame.start, frame.end, figures(whole, told, one.target), burn, tuple(treated)))
    return found


def _disjoint(treatments: Iterable[Treatment], frame: Interval) -> list[Treatment]:
    """Clipped to the frame, each instant treated once. One agreed slack stays one, however its interval is cut."""
    taken: list[Interval] = []
    result = []
    for one in treatments:
        pieces = subtract(clip([one.interval], frame), taken)
        covered = sum((piece.length for piece in pieces), timedelta())
        for piece in pieces:
            result.append(Treatment(piece, one.policy, one.slack * (piece.length / covered)))
        taken += pieces
    return result


def budget(slug: str, now: datetime, treatments: Iterable[Treatment] = ()) -> Figures:
    """Raw and adjusted budget of one objective over its window, side by side. Missing where there is none."""
    return health([promise(slug)], now, {slug: list(treatments)})[0].figures


def burn_rates(slug: str, now: datetime, exclude: Iterable[Interval] = ()) -> Mapping[str, float | None]:
    """Burn rates over 5m, 30m, 1h, 6h and 3d; None where there were no events. Missing where there is no such objective."""
    told = {slug: [Treatment(one, Policy.EXCLUDE) for one in exclude]}
    return health([promise(slug)], now, told)[0].burn


def reading(slug: str, window_seconds: float, now: datetime, *, is_past: bool = False) -> Reading:
    """The SLI of the last seconds, by the objective's own source: what a gate is judged by. Never raises for what a source answers.

    `is_past`: of the seconds before `now`, which lies behind us.
    """
    found = promises(slugs=[slug])
    if not found:
        return Reading(None, error=f"there is no objective “{slug}”")
    return registry.known()[found[0].source].measure(slug, found[0].query, window_seconds, now, is_past=is_past)


def burning(slug: str, lengths: Sequence[float], now: datetime) -> Reading:
    """The slowest of the burn rates over the last so many seconds each: all of them burn at least so fast. None where one is unknown.

    Judged by the measurements kept by the minute; `samples` are the events of the shortest."""
    found = promises(slugs=[slug])
    if not found:
        return Reading(None, error=f"there is no objective “{slug}”")
    sums = ratios([(slug, Interval(now - timedelta(seconds=length), now)) for length in lengths])
    rates = [burn_rate(one, found[0].target) for one in sums]
    for length, rate in zip(lengths, rates, strict=True):
        if rate is None:
            return Reading(None, 0, now, reason=f"no events in the last {length:g} s")
    return Reading(min(rate for rate in rates if rate is not None), min(one.total for one in sums), now)


def strayed(slug: str, interval: Interval, weeks: int = 4, zone: tzinfo = UTC) -> Deviation:
    """How far the SLI strayed in an interval from the same hours of past weeks; one statement."""
    actual, *past = ratios([(slug, one) for one in (interval, *same_hours(interval, weeks, zone))])
    return deviation(actual, past)
