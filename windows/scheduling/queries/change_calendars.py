"""What the change calendars of others say of a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from windows.errors import Invalid, NotFound
from windows.ical_in.notices import Notice
from windows.ical_in.states import NoticeStatus
from windows.scheduling.models import ChangeCalendar
from windows.scheduling.oracle import Closing, Period, closed_by, untold
from windows.scheduling.unfolding import unfold


@dataclass(frozen=True, slots=True)
class ChangeCalendarView:
    name: str
    description: str
    opens_by_default: bool
    events: int
    kept_by: str
    kept_at: datetime


def change_calendars() -> list[ChangeCalendarView]:
    """All of them, by name; there are a hundred at most."""
    rows = ChangeCalendar.objects.select_related("kept_by").order_by("name")
    return [ChangeCalendarView(r.name, r.description, r.opens_by_default, len(r.events), r.kept_by.name, r.kept_at) for r in rows]


def calendar_closings(name: str, since: datetime, until: datetime) -> list[Closing]:
    """When this calendar is closed, as far as it touches [since, until): throughout, where its times cannot be told any more. NotFound
    names it."""
    row = ChangeCalendar.objects.filter(name=name).first()
    if row is None:
        raise NotFound(f"There is no change calendar {name[:63]} here.")
    try:
        unfolded = unfold([Notice(**one) for one in row.events], since)
    except Invalid as error:  # it could be told when it was kept
        return [untold(row.name, since, error.detail)]
    if unfolded.incomplete:
        lost = unfolded.incomplete[0]
        return [untold(row.name, since, f"when “{lost.title or lost.uid}” is cannot be told")]
    found = unfolded.rows.values()
    periods = [
        Period(datetime.fromisoformat(one.starts_at), datetime.fromisoformat(one.ends_at), one.title)
        for one in found
        if one.starts_at and one.status != NoticeStatus.CANCELLED
    ]
    return closed_by(row.name, periods, since, until, opens_by_default=row.opens_by_default)
