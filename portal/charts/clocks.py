"""A chart on its reader's clock: figures are made in UTC, so that one is the same for everybody, and moved where they are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from portal.charts.chart import Chart

STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")  # as `chart.stamp` writes it
PLACES = frozenset({"x", "base", "x0", "x1"})  # of a figure, where instants stand


def local(chart: Chart, zone: ZoneInfo) -> Chart:
    """The same chart with its instants, its axis and its columns in `zone`. What is not UTC already stays as it is."""
    if all(not isinstance(cell, datetime) for row in chart.rows for cell in row):
        return chart
    name = named((cell for row in chart.rows for cell in row if isinstance(cell, datetime)), zone)
    return replace(
        chart,
        figure=moved(chart.figure, zone, name),
        columns=tuple(f"{told.removesuffix('UTC')}{name}" if told.endswith(", UTC") else told for told in chart.columns),
        rows=tuple(tuple(cell.astimezone(zone) if isinstance(cell, datetime) else cell for cell in row) for row in chart.rows),
    )


def named(instants: Iterable[datetime], zone: ZoneInfo) -> str:
    """CET; the zone's whole name where its clock changes in between."""
    names = {str(at.astimezone(zone).tzname()) for at in instants}
    return names.pop() if len(names) == 1 else zone.key


def moved(value: Any, zone: ZoneInfo, name: str, key: str = "") -> Any:
    if isinstance(value, dict):
        return {inner: moved(one, zone, name, inner) for inner, one in value.items()}
    if isinstance(value, list):
        return [moved(one, zone, name, key) for one in value]
    if key == "text" and value == "UTC":
        return name
    if key in PLACES and isinstance(value, str) and STAMP.fullmatch(value):
        return f"{datetime.fromisoformat(value).replace(tzinfo=UTC).astimezone(zone):%Y-%m-%d %H:%M:%S}"
    return value
