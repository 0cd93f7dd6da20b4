"""What every figure function answers: the figure, the table with the same data, and the words around both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Cell = str | int | float | datetime | None  # None is unknown, never zero
Figure = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """`columns` name their unit. `figure` is empty where there is nothing to draw; `rows` say what is drawn, gaps as None."""

    name: str
    title: str
    headline: str = ""  # the one thing to take away
    definition: str
    source: str
    label: str  # what a person hears who does not see it
    figure: Figure = field(default_factory=dict)
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    size: str = ""  # "", "low" or "tall"
    empty: str = "Nothing was measured yet."  # said instead of an empty chart

    @property
    def is_empty(self) -> bool:
        return not self.figure


@dataclass(frozen=True, slots=True)
class Shade:
    """A maintenance window on a time axis. `status` is a value of WindowStatus."""

    reference: str
    start: datetime
    end: datetime
    status: str = ""


TONES = {
    "running": "amber", "rolled_back": "rolledback", "failed": "failed", "completed": "completed", "approved": "approved",
    "requested": "requested",
}  # fmt: skip
LINES = (
    ("@ink-2", "solid"),
    ("@approved", "solid"),
    ("@rolledback", "solid"),
    ("@validating", "dash"),
    ("@requested", "dash"),
    ("@completed", "dot"),
)


def literal(text: str) -> str:
    """Free text for a figure: Plotly reads a small HTML in every text, links included, and turns these back into signs."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def stamp(at: datetime) -> str:
    """As Plotly wants it: UTC without a zone, so that no browser moves it to its own."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def shaded(shades: Sequence[Shade], since: datetime, until: datetime) -> Figure:
    """Layout parts for windows behind the lines: bands, and each reference once at the top. Where names would run into each other,
    the later one is left to the table below."""
    shapes, notes = [], []
    apart, last = (until - since) / 9, since - (until - since)
    for one in sorted(shades, key=lambda shade: shade.start):
        start, end = max(one.start, since), min(one.end, until)
        if start >= end:
            continue
        tone = TONES.get(one.status, "draft")
        # A window of half an hour is thinner than a pixel in four weeks: its edge is drawn all the same.
        shapes.append({
            "type": "rect", "xref": "x", "yref": "paper", "x0": stamp(start), "x1": stamp(end), "y0": 0, "y1": 1, "layer": "below",
            "fillcolor": f"@{tone}/28", "line": {"color": f"@{tone}", "width": 1}, "name": one.reference,
        })  # fmt: skip
        if start - last >= apart:
            notes.append({
                "x": stamp(start), "xref": "x", "y": 1, "yref": "paper", "yanchor": "bottom", "text": one.reference,
                "xanchor": "right" if until - start < apart else "left" if start - since < apart else "center",
            })  # fmt: skip
            last = start
    return {"shapes": shapes, "annotations": notes}


def threshold(value: float, text: str, *, colour: str = "failed") -> tuple[Figure, Figure]:
    """A line across, its label on it."""
    line = {
        "type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": value, "y1": value,
        "line": {"color": f"@{colour}", "width": 1.25, "dash": "dash"},
    }  # fmt: skip
    note = {
        "xref": "paper", "x": 0, "xanchor": "left", "y": value, "yanchor": "bottom", "text": text,
        "font": {"color": f"@{colour}-ink"},
    }  # fmt: skip
    return line, note


def legend(several: bool) -> Figure:
    """Layout parts of a chart with windows behind it: its legend stands above their references."""
    return {"showlegend": several, "margin": {"t": 52 if several else 22}, "legend": {"y": 1.13}}


def instants(since: datetime, until: datetime, step: timedelta) -> list[datetime]:
    """From `since` to `until`, both included; the last stretch may be shorter."""
    found = [since + step * n for n in range(max(0, -(-(until - since) // step)))]
    return [*found, until]


def rounded(values: Iterable[float | None], digits: int) -> list[float | None]:
    return [None if value is None else round(value, digits) for value in values]


def percent(share: float | None, digits: int = 1) -> str:
    return "not known" if share is None else f"{share * 100:.{digits}f} %"
