"""A measure week by week, beside its target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import inf

from portal.charts.chart import Chart, rounded, threshold
from portal.charts.windows import TRAIL
from windows.reviews.measures import Measure, Value


@dataclass(frozen=True, slots=True)
class WeekOf:
    """`usual` is what the value stands beside, where there is such a thing (M2)."""

    monday: date
    value: Value
    usual: float | None = None

    @property
    def name(self) -> str:
        return f"W{self.monday.isocalendar().week:02}"


def told(measure: Measure, value: float | None) -> str:
    """A value as people read it."""
    if value is None:
        return "not known"
    if measure.unit != "%":
        return f"{value:.2f} ×" if measure.unit == "×" else f"{value:.2f} a window"
    return "under 0.1 %" if 0 < value < 0.0005 else f"{value * 100:.1f} %"  # a little too much is not nothing


BESIDE = {"M2": "same hours of past weeks", "M5": "as expected"}  # what the dotted line of a measure is


def trend(measure: Measure, weeks: Sequence[WeekOf], whole: Value, usual: float | None = None) -> Chart:
    """A week in which nothing is known is a gap, not zero."""
    times = 100 if measure.unit == "%" else 1
    values = rounded((None if week.value.value is None else week.value.value * times for week in weeks), 2)
    names = [week.name for week in weeks]
    every = max(1, len(weeks) // 5)
    lines = [{
        "type": "scatter", "mode": "lines+markers", "connectgaps": False, "name": measure.title, "x": names, "y": values,
        "line": {"color": "@completed", "width": 2}, "marker": {"size": 7}, "cliponaxis": False,
        "customdata": [f"{week.value.known} of {week.value.all} runs known" for week in weeks],
        "hovertemplate": f"%{{y}} {measure.unit}, %{{customdata}}<extra></extra>",
    }]  # fmt: skip
    if any(week.usual is not None for week in weeks):
        lines.append({
            "type": "scatter", "mode": "lines", "connectgaps": False, "name": BESIDE.get(measure.id, "usual"), "x": names,
            "y": rounded((None if week.usual is None else week.usual * times for week in weeks), 2),
            "line": {"color": "@ink-3", "width": 1.5, "dash": "dot"}, "hovertemplate": f"%{{y}} {measure.unit}<extra>usual</extra>",
        })  # fmt: skip
    line, note = threshold((measure.goal or 0) * times, f"target {measure.target}")
    note |= {"bgcolor": "@surface", "yshift": 3}
    if measure.holds is not None and measure.holds(inf):
        note |= {"yanchor": "top", "yshift": -3}  # what is well runs above it: its label stands below
    word = "expected" if measure.id == "M5" else "usual"
    beside = f", {word} {told(measure, usual)}" if usual is not None else ""
    return Chart(
        name=measure.id.lower(),
        title=measure.title,
        headline=f"{told(measure, whole.value)}{beside}",
        definition=f"{measure.definition} Target: {measure.target} [{measure.id}].",
        source=TRAIL,
        label=f"Chart. {measure.title} by week: {told(measure, whole.value)}{beside}, target {measure.target}.",
        figure={
            "data": lines,
            "layout": {
                "showlegend": len(lines) > 1,
                "xaxis": {"type": "category", "tickangle": 0, "tickvals": list(reversed(names))[::every]},
                "yaxis": {"title": {"text": "% of events" if measure.id == "M2" else measure.unit}, "rangemode": "tozero", "nticks": 4},
                **({} if measure.goal is None else {"shapes": [line], "annotations": [note]}),
            },
        } if whole.value is not None else {},
        columns=("Week of", f"{measure.title}, {measure.unit}", "Known, runs", "Ended, runs", f"Usual, {measure.unit}"),
        rows=tuple(
            (week.monday.isoformat(), value, week.value.known, week.value.all, None if week.usual is None else round(week.usual * times, 2))
            for week, value in zip(weeks, values, strict=True)
        ),
        size="low",
        empty=measure.lacking if whole.all else "Nothing has ended in this time.",
    )  # fmt: skip
