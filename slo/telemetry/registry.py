"""The sources there are: every module in sources/ that can measure."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Protocol, cast

from slo.budget import Ratio
from slo.telemetry import sources
from slo.telemetry.readings import Reading


class Source(Protocol):
    def check(self, query: Mapping[str, str]) -> None:
        """Invalid(field="query") where this source could not use the query."""
        ...

    def measure(self, series: str, query: Mapping[str, str], window_seconds: float, now: datetime, *, is_past: bool = False) -> Reading:
        """The SLI of the seconds before `now`; `is_past` where that is not now. Never raises for what the source answers."""
        ...

    def events(self, series: str, query: Mapping[str, str], minute: datetime) -> Ratio | Reading | None:
        """Good and total of the finished minute that began then, for the budget; None where senders push by themselves."""
        ...

    # tags(series, query, minute) -> Mapping[str, Ratio]: what of that minute's events carries which window's tag. A source without it
    # cannot tell: none does.

    # marked(series, query, window) -> Ratio | Reading: of the series it reads now, those that carry this window's tag. Only of a source
    # that is asked; what is sent to us we can send a canary through.


def tags(source: Source, series: str, query: Mapping[str, str], minute: datetime) -> Mapping[str, Ratio]:
    """What of the minute's events carries which window's tag, as far as the source can tell."""
    found: Mapping[str, Ratio] = asked(series, query, minute) if (asked := getattr(source, "tags", None)) else {}
    return found


def marked(source: Source, series: str, query: Mapping[str, str], window: str) -> Ratio | Reading | None:
    """Of the series it reads now, those that carry this window's tag; None of a source that cannot tell."""
    found: Ratio | Reading | None = asked(series, query, window) if (asked := getattr(source, "marked", None)) else None
    return found


@cache
def known() -> Mapping[str, Source]:
    """Every source by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(sources.__path__))
    return {name: cast(Source, importlib.import_module(f"{sources.__name__}.{name}")) for name in names}
