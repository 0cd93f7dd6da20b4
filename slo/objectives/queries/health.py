"""Budgets raw and adjusted, burn rates and deviations.

Any number of objectives cost three statements: the objectives, the record of adjustments, all sums at all instants.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from slo.budget import Figures, Part, Policy, Ratio, figures
from slo.burn_rate import WINDOWS, Judgement, burn_rate, judge
from slo.deviation import Deviation, deviation, same_hours
from slo.intervals import Interval, subtract
from slo.maintenance import Treatment, disjoint
from slo.maintenance import treatments as recorded
from slo.objectives.queries.adjustments import adjustments, by_objective
from slo.objectives.queries.promises import Promise, promise
from slo.telemetry.queries import ratios


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
        return judge(self.burn, self.promise.alerts)


def health(wanted: Sequence[Promise], now: datetime, treatments: Mapping[str, Iterable[Treatment]] | None = None) -> list[Health]:
    """Budget and burn rates of each: the one query every page, check and API asks. Two statements, whatever there is.

    The recorded adjustments are applied, then `treatments` by slug; where they overlap, the earlier counts. Burn rates leave out what
    EXCLUDE excludes: they ask whether something burns beside what was agreed.
    """
    frames = [one.frame(now) for one in wanted]
    oldest = min((frame.start for frame in frames), default=now)
    record = by_objective(adjustments(objectives=[one.slug for one in wanted], since=oldest, until=now)) if wanted else {}
    asked: list[tuple[str, Interval]] = []
    plans = []
    for one, frame in zip(wanted, frames, strict=True):
        told = [*recorded(record.get(one.slug, ())), *(treatments or {}).get(one.slug, ())]
        treated = disjoint(told, frame)
        holes = [piece for part in treated if part.policy is Policy.EXCLUDE for piece in part.pieces]
        windows = [subtract([Interval(now - length, now)], holes) for length in WINDOWS.values()]
        pieces = [[frame], *(part.pieces for part in treated), *windows]
        plans.append((one, frame, treated, [len(group) for group in pieces]))
        asked += [(one.series, piece) for group in pieces for piece in group]
    answers = iter(ratios(asked))
    found = []
    for one, frame, treated, sizes in plans:
        whole, *sums = [sum((next(answers) for _ in range(size)), Ratio()) for size in sizes]
        parts = [Part(inside, part.policy, part.slack) for part, inside in zip(treated, sums, strict=False)]
        burn = {name: burn_rate(inside, one.target) for name, inside in zip(WINDOWS, sums[len(treated) :], strict=True)}
        found.append(Health(one, frame.start, frame.end, figures(whole, parts, one.target), burn, tuple(treated)))
    return found


def budget(slug: str, now: datetime, treatments: Iterable[Treatment] = ()) -> Figures:
    """Raw and adjusted budget of one objective over its window, side by side. Missing where there is none."""
    return health([promise(slug)], now, {slug: list(treatments)})[0].figures


def burn_rates(slug: str, now: datetime, exclude: Iterable[Interval] = ()) -> Mapping[str, float | None]:
    """Burn rates by the names of WINDOWS; None where there were no events. Missing where there is no such objective."""
    told = {slug: [Treatment(Policy.EXCLUDE, list(exclude))]}
    return health([promise(slug)], now, told)[0].burn


def strayed(slug: str, interval: Interval, weeks: int = 4, zone: tzinfo = UTC) -> Deviation:
    """How far the SLI strayed in an interval from the same hours of past weeks; one statement."""
    actual, *past = ratios([(slug, one) for one in (interval, *same_hours(interval, weeks, zone))])
    return deviation(actual, past)
