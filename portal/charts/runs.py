"""One run on a time axis: its steps as bars, and the error rates of the services it touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.charts.chart import LINES, Chart, Shade, legend, literal, rounded, shaded, stamp
from windows.lifecycle.words import counted

COLOURS = {
    "succeeded": "completed", "failed": "failed", "in_doubt": "failed", "compensation_failed": "failed", "skipped": "cancelled",
    "compensated": "completed",  # its forward bar; the undoing has a bar of its own
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stretch:
    """A step under way, or its undoing. `end` is None while it goes on."""

    step: str
    status: str
    start: datetime
    end: datetime | None
    is_undo: bool
    said: str = ""


def timeline(run: str, stretches: Sequence[Stretch], now: datetime, turn_back_at: datetime | None, ends_at: datetime) -> Chart:
    """Steps in the order of the plan, the first on top; undoing in its own colour."""
    names = list(dict.fromkeys(literal(one.step) for one in stretches))
    begin = min((one.start for one in stretches), default=now)
    last = max((one.end or now for one in stretches), default=now)
    kinds: dict[str, list[Stretch]] = {}
    for one in stretches:
        kinds.setdefault("rolledback" if one.is_undo else COLOURS.get(one.status, "amber"), []).append(one)
    said = {"rolledback": "undoing", "completed": "done", "failed": "failed or in doubt", "cancelled": "skipped", "amber": "under way"}
    marks = [
        (at, text, colour) for at, text, colour in ((turn_back_at, "turn back", "rolledback"), (ends_at, "window ends", "failed")) if at
    ]
    near = [mark for mark in marks if begin <= mark[0] <= last + (last - begin)]
    return Chart(
        name="run-timeline",
        title=f"Timeline of {run}",
        headline=f"{counted(len(names), 'step')}, {whole(last - begin)}",
        definition="From each step's intent to its outcome; waiting and further tries included. Purple: its undoing.",
        source="Source: the run's stored steps, by the database clock.",
        label=f"Chart. When each of {counted(len(names), 'step')} of {run} was under way.",
        figure={
            "data": [
                {
                    "type": "bar", "orientation": "h", "name": said[colour], "y": [literal(one.step) for one in found],
                    "base": [stamp(one.start) for one in found], "marker": {"color": f"@{colour}"}, "width": 0.5,
                    # Plotly measures a bar on a time axis in milliseconds; one that took no time is drawn as a second.
                    "x": [max(((one.end or now) - one.start).total_seconds(), 1) * 1000 for one in found],
                    "customdata": [f"{one.status.replace('_', ' ')}, {whole((one.end or now) - one.start)}" for one in found],
                    "hovertemplate": "%{customdata}<extra></extra>",
                }
                for colour, found in kinds.items()
            ],
            "layout": {
                "barmode": "overlay", "hovermode": "closest",
                "xaxis": {"type": "date", "title": {"text": "UTC"}, "showgrid": True, "tickangle": 0, "nticks": 4},
                "yaxis": {"type": "category", "categoryorder": "array", "categoryarray": names[::-1], "showgrid": False, "dtick": 1},
                "showlegend": len(kinds) > 1, "margin": {"t": 40},
                "shapes": [
                    {
                        "type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": stamp(at), "x1": stamp(at),
                        "line": {"color": f"@{colour}", "width": 1.25, "dash": "dash"},
                    }
                    for at, _, colour in near
                ],
                "annotations": [
                    {
                        "x": stamp(at), "y": 1, "yref": "paper", "yanchor": "bottom", "xanchor": "right", "text": text,
                        "font": {"color": f"@{colour}-ink"},
                    }
                    for at, text, colour in near
                ],
            },
        } if stretches else {},
        columns=("Step", "What", "State", "Began, UTC", "Ended, UTC", "Seconds", "Outcome"),
        rows=tuple(
            (
                one.step, "undo" if one.is_undo else "do", one.status.replace("_", " "), one.start, one.end,
                None if one.end is None else round((one.end - one.start).total_seconds(), 1), one.said,
            )
            for one in stretches
        ),
        size="tall", empty="No step has begun yet.",
    )  # fmt: skip


def whole(length: timedelta) -> str:
    """2 h 5 min, 24 s."""
    seconds = round(length.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    minutes = f"{seconds // 60 % 60} min"
    return f"{seconds // 3600} h {minutes}" if seconds >= 3600 else minutes


def error_rates(at: Sequence[datetime], told: Mapping[str, Sequence[float | None]], shades: Sequence[Shade], minutes: int) -> Chart:
    """Share of bad events of each series at each instant, windows shaded. None is a gap."""
    known = {name: rates for name, rates in told.items() if any(rate is not None for rate in rates)}
    worst = max((rate for rates in known.values() for rate in rates if rate is not None), default=None)
    under = shaded(shades, at[0], at[-1]) if at else {"shapes": [], "annotations": []}
    span = f"{minutes} min" if minutes > 1 else "minute"
    return Chart(
        name="error-rates",
        title="Error rate by objective",
        headline=f"Highest: {worst * 100:.2f} %" if worst is not None else "",
        definition=f"Bad ÷ all events, per {span}. Shaded: windows of these services. A gap: nothing was measured.",
        source="Source: measurements per minute.",
        label="Chart. Error rates" + (f"; the highest is {worst * 100:.2f} per cent." if worst is not None else "; nothing was measured."),
        figure={
            "data": [
                {
                    "type": "scatter", "mode": "lines", "name": name, "connectgaps": False,
                    "x": [stamp(moment + timedelta(minutes=minutes) / 2) for moment in at],  # what a minute sums up lies in its middle
                    "y": rounded((None if rate is None else rate * 100 for rate in rates), 3),
                    "line": {"color": LINES[n % len(LINES)][0], "dash": LINES[n % len(LINES)][1], "width": 1.5},
                    "hovertemplate": "%{y:.2f} %<extra>%{fullData.name}</extra>",
                }
                for n, (name, rates) in enumerate(known.items())
            ],
            "layout": {
                "xaxis": {"type": "date", "title": {"text": "UTC"}}, **legend(len(known) > 1),
                "yaxis": {"ticksuffix": " %", "title": {"text": "bad ÷ all"}, "rangemode": "tozero"}, **under,
            },
        } if known else {},
        columns=("Time, UTC", *(f"{name}, %" for name in told)),
        rows=tuple(
            (moment, *rounded((None if rates[n] is None else (rates[n] or 0.0) * 100 for rates in told.values()), 3))
            for n, moment in enumerate(at)
        ) if known else (),
        size="tall", empty="Nothing was measured for these services in this time.",
    )  # fmt: skip
