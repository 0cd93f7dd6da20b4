"""Objectives as others read them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from slo.burn_rate import RULES, Rule, rules_in
from slo.errors import Missing
from slo.intervals import Interval
from slo.objectives.models import Objective
from slo.periods import calendar_in, frame
from slo.telemetry.slices import Slicing


@dataclass(frozen=True, slots=True)
class Promise:
    """An objective as others read it. `target` as a share."""

    slug: str
    service: str
    environment: str
    title: str
    target: Decimal
    window_days: int
    source: str
    query: Mapping[str, str]
    is_critical: bool
    version: int
    description: str = ""
    calendar: Mapping[str, Any] = field(default_factory=dict)
    slice_minutes: int | None = None
    slice_target: Decimal | None = None
    slices_from: datetime | None = None  # from this day on slices are still to be judged
    maintenance: str = "allow"
    rules: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    labels: Mapping[str, Any] = field(default_factory=dict)

    def frame(self, now: datetime) -> Interval:
        """What its budget is counted over now."""
        return frame(now, self.window_days, calendar_in(self.calendar))

    @property
    def slicing(self) -> Slicing | None:
        return Slicing(self.slice_minutes, self.slice_target) if self.slice_minutes and self.slice_target is not None else None

    @property
    def series(self) -> str:
        """What its budget is made of: its events, or its slices."""
        return self.slicing.series(self.slug) if self.slicing else self.slug

    @property
    def alerts(self) -> tuple[Rule, ...]:
        return rules_in(self.rules) if self.rules else RULES


def promises(*, slugs: Collection[str] | None = None, services: Collection[str] | None = None) -> list[Promise]:
    """The objectives, by service and slug; of certain slugs or services where given."""
    rows = Objective.objects.order_by("service", "slug")
    rows = rows if slugs is None else rows.filter(slug__in=slugs)
    rows = rows if services is None else rows.filter(service__in=services)
    return [Promise(*row) for row in rows.values_list(*Promise.__dataclass_fields__)]


def promise(slug: str) -> Promise:
    """Missing where there is no such objective."""
    found = promises(slugs=[slug])
    if not found:
        raise Missing(f"There is no objective “{slug}”.")
    return found[0]
