"""One gate of a run: its readings on a time axis, its thresholds across. As a figure for Plotly, and as a sketch of a few lines for a
phone at night and for readers without scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from portal.charts.chart import Chart, Figure, literal, rounded, threshold

WIDE, HIGH, TOP, LEFT = 320, 104, 14, 4  # of the sketch, in its own units
BOTTOM = HIGH - 16


@dataclass(frozen=True, slots=True)
class Point:
    """A reading. `value` None: there was nothing to judge, a gap."""

    at: datetime
    value: float | None
    verdict: str  # pass, fail, inconclusive


@dataclass(frozen=True, slots=True)
class Limit:
    """A threshold with its words on the line; `colour` is a token of tokens.css."""

    value: float
    text: str
    colour: str


def stretches(points: Sequence[Point]) -> list[list[Point]]:
    """Runs of readings with a value; a gap is where one is missing, or where nothing was measured for three times as long as usual."""
    apart = sorted((b.at - a.at for a, b in pairwise(points)))
    usual = apart[len(apart) // 2] if apart else timedelta(0)
    found: list[list[Point]] = [[]]
    last: Point | None = None
    for point in points:
        if found[-1] and (point.value is None or (last and point.at - last.at > usual * 3 + timedelta(seconds=2))):
            found.append([])
        if point.value is not None:
            found[-1].append(point)
        last = point
    return [one for one in found if one]


def extent(points: Sequence[Point], limits: Sequence[Limit]) -> tuple[float, float]:
    """What the axis must show: every value and every threshold, with a little room, below zero only where a value is; never an axis
    without height."""
    values = [point.value for point in points if point.value is not None] + [limit.value for limit in limits]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    room = (high - low) * 0.12 or abs(high) * 0.05 or 1.0
    return (max(0.0, low - room) if low >= 0 else low - room), high + room


def shown(points: Sequence[Point]) -> tuple[datetime, datetime]:
    """What the time axis shows: from the first reading to the last; a lone reading in the middle of a minute."""
    begins, ends = points[0].at, points[-1].at
    return (begins, ends) if ends > begins else (begins - timedelta(seconds=30), ends + timedelta(seconds=30))


def said(value: float | None, unit: str) -> str:
    return "no data" if value is None else f"{value:.4g}{unit}"


def gate(name: str, points: Sequence[Point], limits: Sequence[Limit], *, source: str, unit: str, zone: ZoneInfo, key: str) -> Chart:
    """Values in `unit`, times in `zone`. Readings without a value are gaps, and are said."""
    low, high = extent(points, limits)
    known = [point.value for point in points if point.value is not None]
    missing = len(points) - len(known)
    gaps = f", {missing} of {len(points)} readings here" if missing else ""

    def at(moment: datetime) -> str:
        return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")

    x: list[str | None] = []
    y: list[float | None] = []
    for one in stretches(points):
        x += [*(at(point.at) for point in one), at(one[-1].at)]
        y += [*rounded((point.value for point in one), 6), None]
    alone = [one[0] for one in stretches(points) if len(one) == 1]  # a line of one point shows nothing
    broke = [point for point in points if point.verdict == "fail" and point.value is not None]
    lines = [threshold(limit.value, limit.text, colour=limit.colour) for limit in limits]
    ticks = "%H:%M:%S" if points[-1].at - points[0].at < timedelta(minutes=6) else "%H:%M"
    notes = [note | {"bgcolor": "@surface", "yshift": 3} for _, note in lines]  # clear of its own line
    label = f"Chart. {name}: last {said(points[-1].value, unit)}, from {said(min(known), unit)} to {said(max(known), unit)}" if known else (
        f"Chart. {name}: nothing was measured"
    )  # fmt: skip
    figure: Figure = {
        "data": [
            {
                "type": "scatter", "mode": "lines", "name": "measured", "connectgaps": False, "x": x, "y": y,
                "line": {"color": "@approved", "width": 2}, "hovertemplate": f"%{{y:.4g}}{unit}<extra></extra>",
            },
            {
                "type": "scatter", "mode": "markers", "cliponaxis": False, "name": "alone", "x": [at(point.at) for point in alone],
                "y": rounded((point.value for point in alone), 6), "marker": {"color": "@approved", "size": 7}, "hoverinfo": "skip",
            },
            {
                "type": "scatter", "mode": "markers", "cliponaxis": False, "name": "failed", "x": [at(point.at) for point in broke],
                "y": rounded((point.value for point in broke), 6), "marker": {"color": "@failed", "symbol": "x", "size": 8},
                "hoverinfo": "skip",
            },
        ],
        "layout": {
            "xaxis": {
                "type": "date", "tickformat": ticks, "nticks": 5, "title": {"text": points[-1].at.astimezone(zone).tzname()},
                "range": [at(moment) for moment in shown(points)],
            },
            "yaxis": {"ticksuffix": unit, "range": [round(low, 6), round(high, 6)]},
            "shapes": [line for line, _ in lines], "annotations": notes, "margin": {"t": 8},
        },
    }  # fmt: skip
    return Chart(
        name=key, title=name, definition=f"{literal(source)}. A gap: nothing could be judged{gaps}.",
        source="Source: the readings of this run.", label=label, figure=figure if known else {},
        columns=("Time", "Value", "Verdict"), rows=tuple((point.at, point.value, point.verdict) for point in points),
        empty="Every reading so far was without a value.",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    y: float
    text: str
    colour: str
    text_y: float


@dataclass(frozen=True, slots=True)
class Sketch:
    """What the server draws: paths, marks of failures, thresholds; the last value beside its point."""

    paths: tuple[str, ...]
    broke: tuple[tuple[float, float], ...]
    lines: tuple[Line, ...]
    last: tuple[float, float, str] | None
    begins: datetime
    ends: datetime


def sketch(points: Sequence[Point], limits: Sequence[Limit], unit: str) -> Sketch:
    """`points` is not empty."""
    low, high = extent(points, limits)
    begins, ends = shown(points)
    whole = (ends - begins).total_seconds()

    def place(point: Point) -> tuple[float, float]:
        x = LEFT + (point.at - begins).total_seconds() / whole * (WIDE - 2 * LEFT)
        return round(x, 1), height(point.value or 0.0)

    def height(value: float) -> float:
        return round(BOTTOM - (value - low) / (high - low) * (BOTTOM - TOP), 1)

    paths = []
    for one in stretches(points):
        spots = [place(point) for point in one]
        if len(spots) == 1:  # a point alone is no line
            spots.append((spots[0][0] + 1.5, spots[0][1]))
        paths.append("M" + "L".join(f"{x:g} {y:g}" for x, y in spots))
    lines = []
    for limit in limits:
        y = height(limit.value)
        lines.append(Line(y, limit.text, limit.colour, y - 3 if y > TOP + 8 else y + 9))
    known = [point for point in points if point.value is not None]
    last = (*place(known[-1]), said(known[-1].value, unit)) if known else None
    broke = tuple(place(point) for point in points if point.verdict == "fail" and point.value is not None)
    return Sketch(tuple(paths), broke, tuple(lines), last, begins, ends)
