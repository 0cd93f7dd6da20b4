"""Measures of windows that ended: adherence, rollbacks; and what the coming ones touch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from portal.charts.chart import Chart, Figure, percent, rounded, threshold
from windows.lifecycle.words import counted

ON_TIME = 0.95  # M1
ROLLED_BACK = 0.05  # M3
TRAIL = "Source: stored runs and approvals, by the database clock."


@dataclass(frozen=True, slots=True)
class Week:
    """`monday` begins it; `met` of `all` fulfil the measure."""

    monday: date
    met: int
    all: int

    @property
    def name(self) -> str:
        return f"W{self.monday.isocalendar().week:02}"

    @property
    def share(self) -> float | None:
        return self.met / self.all if self.all else None


def ticks(weeks: Sequence[Week]) -> Figure:
    """About five names on the axis, the last one among them."""
    every = max(1, len(weeks) // 5)
    names = [week.name for week in reversed(weeks)][::every]
    return {"type": "category", "tickangle": 0, "tickvals": names, "title": {"text": "week"}}


def rows_of(weeks: Sequence[Week]) -> tuple[tuple[str, int, int, float | None], ...]:
    return tuple(
        (week.monday.isoformat(), week.met, week.all, None if week.share is None else round(week.share * 100, 1)) for week in weeks
    )


def adherence(weeks: Sequence[Week]) -> Chart:
    """M1 by week; a week without windows is a gap."""
    met, all_ = sum(week.met for week in weeks), sum(week.all for week in weeks)
    share = met / all_ if all_ else None
    line, note = threshold(ON_TIME * 100, "target 95 %")
    return Chart(
        name="adherence",
        title="Windows on time",
        headline=f"{percent(share)}, {met} of {all_}",
        definition="Runs ended, in whatever way, at or before the end first approved ÷ windows that ran [M1]. Hollow: a week below the"
        " target. A gap: no window ran.",
        source=TRAIL,
        label=f"Chart. Share of windows on time by week: {met} of {all_} in {counted(len(weeks), 'week')}, target 95 per cent.",
        figure={
            "data": [{
                "type": "scatter", "mode": "lines+markers", "connectgaps": False, "x": [week.name for week in weeks],
                "y": rounded((None if week.share is None else week.share * 100 for week in weeks), 1),
                "line": {"color": "@completed", "width": 2}, "customdata": [f"{week.met} of {week.all}" for week in weeks],
                "marker": {
                    "size": 7, "line": {"width": 1.5, "color": "@completed"},
                    "color": ["@completed" if (week.share or 0) >= ON_TIME else "@surface" for week in weeks],
                },
                "hovertemplate": "%{y} %, %{customdata}<extra></extra>",
            }],
            "layout": {
                "xaxis": ticks(weeks),
                "yaxis": {
                    "range": [0, 108], "tickvals": [0, 50, 100], "ticktext": ["0 %", "50 %", "100 %"], "title": {"text": "on time"},
                },
                "shapes": [line], "annotations": [note | {"yanchor": "top"}],
            },
        } if all_ else {},
        columns=("Week of", "On time, windows", "Ran, windows", "On time, %"),
        rows=rows_of(weeks),
        size="low", empty="No window has ended in this time.",
    )  # fmt: skip


def rollbacks(weeks: Sequence[Week]) -> Chart:
    """M3 by week, as counts: what went back on top of what did not."""
    back, all_ = sum(week.met for week in weeks), sum(week.all for week in weeks)
    share = back / all_ if all_ else None
    names = [week.name for week in weeks]
    bars = (
        ("rolled back", "rolledback", [week.met for week in weeks]),
        ("not rolled back", "ink-3/50", [week.all - week.met for week in weeks]),
    )
    return Chart(
        name="rollbacks",
        title="Runs rolled back",
        headline=f"{percent(share)}, {back} of {all_}",
        definition="Runs with a rollback ÷ runs that ended and were no rehearsal [M3]; target below 5 %.",
        source=TRAIL,
        label=f"Chart. Runs by week: {back} of {all_} were rolled back, target below 5 per cent.",
        figure={
            "data": [
                {
                    "type": "bar", "name": name, "x": names, "y": values, "marker": {"color": f"@{colour}"},
                    "hovertemplate": "%{y}<extra>%{fullData.name}</extra>",
                }
                for name, colour, values in bars
            ],
            "layout": {
                "barmode": "stack", "bargap": 0.45, "showlegend": True, "xaxis": ticks(weeks),
                "yaxis": {"title": {"text": "runs"}, "rangemode": "tozero", "tickformat": "d", "nticks": 4}, "margin": {"t": 26},
            },
        } if all_ else {},
        columns=("Week of", "Rolled back, runs", "Ended, runs", "Rolled back, %"),
        rows=rows_of(weeks),
        size="low", empty="No run has ended in this time.",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stake:
    """What the windows of a coming week touch. `revenue` adds up what is known; `unknown` counts windows with a figure missing."""

    monday: date
    windows: int
    revenue: float
    unknown: int


def at_stake(weeks: Sequence[Stake], currency: str) -> Chart:
    """Revenue of the services that coming windows touch, by week."""
    total, count, unknown = sum(week.revenue for week in weeks), sum(week.windows for week in weeks), sum(week.unknown for week in weeks)
    names = [f"W{week.monday.isocalendar().week:02}" for week in weeks]
    missing = f", {unknown} without a figure" if unknown else ""
    return Chart(
        name="impact",
        title="Revenue touched, next 30 days",
        headline=f"{currency} {total:,.0f} in {counted(count, 'window')}{missing}",
        definition="Revenue per hour of each production service a window touches × planned length; windows that leave users in normal mode"
        " touch none. An upper bound of what is at stake, not a forecast of loss. On each bar: windows.",
        source="Source: requested and approved windows, the services' own figures, all in one currency.",
        label=f"Chart. Revenue touched by planned windows, by week: {currency} {total:,.0f} in {counted(count, 'window')}{missing}.",
        figure={
            "data": [{
                "type": "bar", "x": names, "y": [round(week.revenue, 2) for week in weeks], "marker": {"color": "@approved"},
                "text": [f"{week.windows}{' ?' if week.unknown else ''}" if week.windows else "" for week in weeks],
                "textposition": "outside", "cliponaxis": False, "textfont": {"color": "@ink", "size": 11},
                "hovertemplate": "%{y:,.0f}<extra></extra>",
            }],
            "layout": {
                "bargap": 0.5, "xaxis": {"type": "category", "title": {"text": "week"}},
                "yaxis": {"rangemode": "tozero", "tickformat": "~s", "nticks": 4, "title": {"text": currency}}, "margin": {"t": 18},
            },
        } if count else {},
        columns=("Week of", "Windows", f"Revenue touched, {currency}", "Windows without a figure"),
        rows=tuple((week.monday.isoformat(), week.windows, round(week.revenue, 2), week.unknown) for week in weeks),
        size="low", empty="No window is planned in the next 30 days.",
    )  # fmt: skip
