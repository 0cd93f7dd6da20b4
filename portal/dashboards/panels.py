"""A panel: one noun on a board, with an address of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from portal.charts.chart import Chart


@dataclass(frozen=True, slots=True)
class Behind:
    """One window behind a figure."""

    reference: str
    title: str
    status: str
    at: datetime
    said: str
    is_bad: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Either a chart or a template with what it shows. `look` is its width in the grid; `behind`: the windows behind its figure."""

    name: str
    title: str
    chart: Chart | None = None
    template: str = ""
    told: dict[str, Any] = field(default_factory=dict)
    look: str = ""
    behind: Sequence[Behind] = ()


def charted(chart: Chart, look: str = "", behind: Sequence[Behind] = ()) -> Panel:
    return Panel(name=chart.name, title=chart.title, chart=chart, look=look, behind=behind)
