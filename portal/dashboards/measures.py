"""The measures M1–M10 as a board: each with its target, its trend, and the windows behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.charts.measures import WeekOf, told, trend
from portal.dashboards.executive import RANGES, USUAL, Figure
from portal.dashboards.history import in_weeks
from portal.dashboards.panels import Behind, Panel, charted
from windows.access.roles import Actor
from windows.errors import Invalid
from windows.reviews.measures import MEASURES, Ended, Measure, Value, value_of
from windows.reviews.measures import beside as beside_it
from windows.reviews.queries.counted import counted_runs

NAMES = tuple(name.lower() for name in MEASURES)
SHOWN = 100  # windows behind a figure, the worst first


@dataclass(frozen=True, slots=True)
class AskedFor:
    """A range by its name; a team and a service by slug, empty for all."""

    span: str = USUAL
    team: str = ""
    service: str = ""

    def __post_init__(self) -> None:
        if self.span not in RANGES:
            raise Invalid("Choose 28d, quarter or year.", field="range")


def measures(viewer: Actor, now: datetime, asked: AskedFor) -> tuple[list[Figure], list[Panel]]:
    since = now - RANGES[asked.span][1]
    since -= since - since.replace(hour=0, minute=0, second=0, microsecond=0)
    runs = counted_runs(viewer, since, now, team=asked.team, service=asked.service)
    weeks = in_weeks(runs, since, now)
    figures, panels = [], []
    for one in MEASURES.values():
        whole = value_of(one, runs)
        figures.append(figure_of(one, whole))
        usual = beside_it(one, runs)
        by_week = [WeekOf(monday, value_of(one, here), beside_it(one, here)) for monday, here in weeks.items()]
        panels.append(charted(trend(one, by_week, whole, usual), behind=behind(one, runs)))
    return figures, panels


def figure_of(measure: Measure, whole: Value) -> Figure:
    """A unit in words stands beside its number, as small as what else is said of it."""
    value, unit = told(measure, whole.value), ""
    if whole.value is not None and measure.unit == "a window":
        value, unit = value.removesuffix(f" {measure.unit}"), measure.unit
    beside = f"{whole.known} of {whole.all} runs known" if whole.value is not None else ""
    return Figure(measure.id.lower(), measure.title, value, beside, whole.verdict(measure), f"Target: {measure.target}", unit)


def behind(measure: Measure, runs: Sequence[Ended]) -> list[Behind]:
    """The windows that count, what each counts, and whether it alone would miss the target; those first."""
    found = []
    for run in runs:
        value = value_of(measure, [run]).value
        if value is not None:
            is_bad = measure.holds is not None and not measure.holds(value)
            found.append(Behind(run.reference, run.title, run.status, run.ended_at, said(measure, run, value), is_bad))
    return sorted(found, key=lambda one: not one.is_bad)[:SHOWN]


def said(measure: Measure, run: Ended, value: float) -> str:
    match measure.id:
        case "M1":
            return "on time" if value else "after the end first approved"
        case "M3":
            return "rolled back" if value else "not rolled back"
        case "M5" if run.users is not None:
            expected = "nobody said how many" if run.expected_users is None else f"{run.expected_users:,} expected"
            return f"{told(measure, value)}: at most {run.users:,} measured, {expected}"
        case "M7":
            return f"{run.alone} of {run.tried} steps"
        case _:
            return told(measure, value)
