"""The SLI inside windows against the same hours of past weeks, and which of them took more of a budget than was agreed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.charts.chart import Chart, Figure, rounded
from windows.lifecycle.words import counted


@dataclass(frozen=True, slots=True)
class Strayed:
    """One window and one objective: SLI inside, in the same hours of past weeks, and what of the budget it took. Shares; None unknown.

    Bad events are counted as every page counts them, by whole minutes: `bad` of them all, `charged` those that nobody had agreed to.
    """

    window: str
    at: datetime
    objective: str
    actual: float | None
    usual: float | None
    lowest: float | None
    highest: float | None
    weeks: int
    bad: int
    charged: float
    spent: float | None  # by all of them, of the objective's whole budget
    over: float | None  # by those that were charged


def deviation(told: Sequence[Strayed]) -> Chart:
    """The SLI in each window against the same hours of past weeks (what M6 adds up stands in the table)."""
    known = [one for one in told if one.actual is not None]
    over = [one for one in known if one.over is not None and one.over > 0]
    told_over = over_of(over, known)
    names = [f"{one.window} {one.objective}" for one in known]
    compared = [one for one in known if one.usual is not None]
    figure: Figure = {}
    if known:
        figure = {
            "data": [
                {
                    "type": "scatter", "mode": "markers", "name": "same hours of past weeks",
                    "x": [f"{one.window} {one.objective}" for one in compared],
                    "y": rounded(((one.usual or 0.0) * 100 for one in compared), 3),
                    "error_y": {
                        "type": "data", "symmetric": False, "color": "@ink-3", "thickness": 1.5, "width": 4,
                        "array": rounded((((one.highest or 0.0) - (one.usual or 0.0)) * 100 for one in compared), 3),
                        "arrayminus": rounded((((one.usual or 0.0) - (one.lowest or 0.0)) * 100 for one in compared), 3),
                    },
                    "marker": {"symbol": "line-ew", "size": 12, "line": {"width": 2, "color": "@ink-3"}},
                    "customdata": [one.objective for one in compared], "hovertemplate": "%{customdata}: %{y:.2f} %<extra>usual</extra>",
                },
                {
                    "type": "scatter", "mode": "markers", "name": "in the window", "x": names,
                    "y": rounded(((one.actual or 0.0) * 100 for one in known), 3),
                    "marker": {"size": 9, "color": ["@failed" if one in over else "@approved" for one in known]},
                    "customdata": [one.objective for one in known],
                    "hovertemplate": "%{customdata}: %{y:.2f} %<extra>in the window</extra>",
                },
            ],
            "layout": {
                "xaxis": {
                    "type": "category", "tickvals": names, **labels(known), "categoryorder": "array", "categoryarray": names,
                },
                "yaxis": {"ticksuffix": " %", "title": {"text": "good ÷ all"}}, "showlegend": True, "margin": {"t": 40},
            },
        }  # fmt: skip
    return Chart(
        name="deviation",
        title="SLO deviation in windows",
        headline=told_over if known else "",
        definition="Good ÷ all inside the window, beside the same hours of the four weeks before (bar: lowest to highest). Red: some of its"
        " bad events are charged to it, beyond what was agreed [M6]. Weeks without events do not count.",
        source="Source: measurements per minute, by the whole minutes that a window touched, as it really began and ended.",
        label=f"Chart. SLI inside windows against past weeks: {told_over}.",
        figure=figure,
        columns=(
            "Window", "Began, UTC", "Objective", "In the window, %", "Same hours before, %", "Lowest, %", "Highest, %", "Weeks compared",
            "Bad events", "Charged, events", "Budget spent, raw, %", "Charged, %",
        ),
        rows=tuple(
            (
                one.window, one.at, one.objective, hundred(one.actual), hundred(one.usual), hundred(one.lowest), hundred(one.highest),
                one.weeks, one.bad, round(one.charged, 1), hundred(one.spent), hundred(one.over),
            )
            for one in told
        ),
        empty="No window of these services was measured.",
    )  # fmt: skip


def over_of(over: Sequence[Strayed], known: Sequence[Strayed]) -> str:
    """1 of 3 objectives in MW-1001, or in their windows, took more budget than agreed."""
    windows = {one.window for one in known}
    place = windows.pop() if len(windows) == 1 else "their windows"
    return f"{len(over)} of {counted(len(known), 'objective')} in {place} took more budget than agreed"


def labels(known: Sequence[Strayed]) -> Figure:
    """Of one window its objectives are named along the axis; of several the windows, and a pointer finds the objective."""
    if len({one.window for one in known}) == 1:
        return {"ticktext": [one.objective for one in known], "title": {"text": "objective"}}
    return {"ticktext": first_of_each([one.window for one in known]), "title": {"text": "window"}}


def first_of_each(names: Sequence[str]) -> list[str]:
    """A window stands once on the axis, at the first of its objectives."""
    return [name if n == 0 or names[n - 1] != name else "" for n, name in enumerate(names)]


def hundred(share: float | None) -> float | None:
    return None if share is None else round(share * 100, 3)
