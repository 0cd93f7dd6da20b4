"""What the change calendars of others say of a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db.models import F, Func, IntegerField, QuerySet, Window
from django.db.models.functions import RowNumber

from windows.errors import Invalid, NotFound
from windows.ical_in.notices import Notice
from windows.ical_in.states import NoticeStatus
from windows.scheduling.models import ChangeCalendar, ChangePeriod
from windows.scheduling.oracle import Answer, Closing, Period, answer, closed_by, untold
from windows.scheduling.unfolding import Unfolded, unfold

UNREAD = "it has not been read yet"
SILENT = timedelta(days=1)  # after so long without an answer, what was known counts no more
AHEAD = timedelta(days=31)  # how far the next transition is looked for
MOST = 200  # periods of one calendar on the page of all


@dataclass(frozen=True, slots=True)
class ChangeCalendarView:
    """`address` is the host alone, "" for one kept from files: the rest is often a secret. `says` is the answer for now."""

    name: str
    description: str
    opens_by_default: bool
    events: int
    kept_by: str
    kept_at: datetime
    address: str
    polled_at: datetime | None
    succeeded_at: datetime | None
    failures: int
    error: str
    says: Answer


def change_calendars(now: datetime) -> list[ChangeCalendarView]:
    """All of them, by name; there are a hundred at most. Two queries; further ones for those that are not unfolded yet."""
    rows = list(counted().order_by("name"))
    near = ChangePeriod.objects.filter(calendar__in=rows, ends_at__gt=now, starts_at__lt=now + AHEAD)
    first = near.annotate(n=Window(RowNumber(), partition_by=F("calendar"), order_by="starts_at")).filter(n__lte=MOST)
    periods: dict[int, list[Period]] = {}
    for calendar, begins, ends, title in first.values_list("calendar_id", "starts_at", "ends_at", "title"):
        periods.setdefault(calendar, []).append(Period(begins, ends, title))
    return [view(row, answer(closings(row, now, now + AHEAD, now, periods.get(row.pk, [])), now)) for row in rows]


def change_calendar_of(name: str, now: datetime) -> tuple[ChangeCalendarView, list[Closing]]:
    """One of them, and when it is closed in the month to come. NotFound names it."""
    row = named(name)
    found = closings(row, now, now + AHEAD, now)
    return view(row, answer(found, now)), sorted(found, key=lambda one: one.begins)


def counted() -> QuerySet[Any]:
    """Calendars without their events: these are many, and wanted far away only. `many` is how many."""
    many = Func(F("events"), function="jsonb_array_length", output_field=IntegerField())
    return ChangeCalendar.objects.select_related("kept_by").defer("events").annotate(many=many)


def view(row: Any, says: Answer) -> ChangeCalendarView:
    return ChangeCalendarView(
        row.name, row.description, row.opens_by_default, row.many, row.kept_by.name, row.kept_at,
        urlsplit(row.url).hostname or "", row.polled_at, row.succeeded_at, row.failures, row.error, says,
    )  # fmt: skip


def calendar_closings(name: str, since: datetime, until: datetime, now: datetime) -> list[Closing]:
    """When this calendar is closed, as far as it touches [since, until). NotFound names it. Two queries where it is unfolded so far."""
    return closings(named(name), since, until, now)


def named(name: str) -> Any:
    row = counted().filter(name=name).first()
    if row is None:
        raise NotFound(f"There is no change calendar {name[:63]} here.")
    return row


def closings(row: ChangeCalendar, since: datetime, until: datetime, now: datetime, known: list[Period] | None = None) -> list[Closing]:
    """Throughout, where its times cannot be told, or nobody has answered for them for long: what is not known opens nothing."""
    why = row.untold
    if row.url and row.succeeded_at is not None and row.succeeded_at < now - SILENT:
        why = f"it has not been read since {row.succeeded_at:%Y-%m-%d %H:%M} UTC"
    if why:
        return [untold(row.name, since, why)]
    if row.unfolded_since is not None and row.unfolded_until is not None and row.unfolded_since <= since and until <= row.unfolded_until:
        near = row.periods.filter(ends_at__gt=since, starts_at__lt=until).values_list("starts_at", "ends_at", "title")
        periods = [Period(*one) for one in near] if known is None else known
    else:  # a time so far away that no rows are kept of it
        try:
            found = unfold([Notice(**one) for one in row.events], since)
        except Invalid as error:  # it could be told when it was kept
            return [untold(row.name, since, error.detail)]
        if why := lost(found):
            return [untold(row.name, since, why)]
        periods = periods_in(found.rows.values())
    return closed_by(row.name, periods, since, until, opens_by_default=row.opens_by_default)


def lost(found: Unfolded) -> str:
    """What cannot be told of it; "" where all can."""
    return f"when “{found.incomplete[0].title or found.incomplete[0].uid}” is cannot be told"[:500] if found.incomplete else ""


def periods_in(occurrences: Iterable[Notice]) -> list[Period]:
    return [
        Period(datetime.fromisoformat(one.starts_at), datetime.fromisoformat(one.ends_at), one.title)
        for one in occurrences
        if one.starts_at and one.status != NoticeStatus.CANCELLED
    ]
