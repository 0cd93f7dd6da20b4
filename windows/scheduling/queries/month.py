"""A month as a grid of days: the first few windows of each, and how many more. Two queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Value, Window
from django.db.models.functions import Greatest, RowNumber, TruncDate

from windows.access.roles import Actor
from windows.scheduling.queries.board import FIELDS, Planned
from windows.scheduling.queries.calendar import CalendarFilter, check, chosen

FEW = 4


@dataclass(frozen=True, slots=True)
class Day:
    planned: tuple[Planned, ...]
    more: int


def month(wanted: CalendarFilter, viewer: Actor, zone: ZoneInfo, few: int = FEW) -> dict[date, Day]:
    """Days with windows, each by begin. What began earlier lies on the first day shown."""
    check(wanted)
    rows = chosen(wanted, viewer).annotate(day=TruncDate(Greatest(F("starts_at"), Value(wanted.since)), tzinfo=zone))
    totals = dict(rows.order_by().values_list("day").annotate(n=Count("id")))
    ranked = rows.annotate(rank=Window(RowNumber(), partition_by=F("day"), order_by=[F("starts_at").asc(), F("id").asc()]))
    found: dict[date, list[Planned]] = {}
    for day, *values in ranked.filter(rank__lte=few).order_by("starts_at", "id").values_list("day", *FIELDS):
        found.setdefault(day, []).append(Planned(**dict(zip(FIELDS, values, strict=True))))
    return {day: Day(tuple(planned), totals[day] - len(planned)) for day, planned in found.items()}
