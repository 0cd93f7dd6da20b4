"""A change calendar's events as rows of periods, thirteen months ahead: unfolded once, and asked ever after."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime, timedelta

from django.db.models import Q

from windows.audit.clock import clock
from windows.audit.going_on import going_on
from windows.errors import Invalid
from windows.ical_in.notices import Notice
from windows.ical_in.reading import Whole
from windows.scheduling import texts
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.models import ChangeCalendar, ChangePeriod
from windows.scheduling.queries.change_calendars import lost, periods_in
from windows.scheduling.unfolding import AHEAD, BEHIND, unfold

TYPES = {"": True, "DEFAULT_OPEN": True, "DEFAULT_CLOSED": False}
OF_ITS_TIME = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")
A_MONTH = timedelta(days=31)  # how much of the horizon may be used up before the rows are made anew


def fill(row: ChangeCalendar, whole: Whole, now: datetime) -> None:
    """The row says what was read, and so do its periods; saved. In the caller's transaction. Invalid as `keep_change_calendar` says."""
    if len(whole.types) != 1 or whole.types[0] not in TYPES:
        said = f"“{whole.types[0][:40]}”" if len(whole.types) == 1 else f"{len(whole.types)} calendars"
        raise Invalid(f"Send one calendar, its X-CALENDAR-TYPE DEFAULT_OPEN or DEFAULT_CLOSED; this is {said}.", field="file")
    events = [told(one) for one in whole.notices]
    found = unfold(events, now)
    for one in found.incomplete:
        raise Invalid(f"When this event is cannot be told: {'; '.join(one.missing)}.", field="file", line=one.line)
    row.description, row.opens_by_default = texts.line(whole.titles[0], "file", longest=200), TYPES[whole.types[0]]
    row.events, row.untold = [asdict(one) for one in events], ""
    write(row, list(found.rows.values()), now)


def told(one: Notice) -> Notice:
    """Of an event only its time counts; what a notice of maintenance would lack besides is nothing here."""
    lacking = [name for name in one.missing if name.startswith(OF_ITS_TIME)]
    return replace(one, provider="calendar", uid=one.uid or f"line {one.line}", raw="", objects={}, references=[], missing=lacking)


def write(row: ChangeCalendar, occurrences: list[Notice], now: datetime) -> None:
    row.unfolded_since, row.unfolded_until = now - BEHIND, now + AHEAD
    row.save()
    ChangePeriod.objects.filter(calendar=row).delete()
    found = [one for one in periods_in(occurrences) if one.ends > row.unfolded_since and one.begins < row.unfolded_until]
    ChangePeriod.objects.bulk_create(
        [ChangePeriod(calendar=row, starts_at=one.begins, ends_at=one.ends, title=one.title[:500]) for one in found], batch_size=1000
    )


def unfold_due() -> int:
    """Unfold anew every calendar a month of whose horizon is used up; how many. Where its times cannot be told any more it is closed."""
    due = ChangeCalendar.objects.filter(Q(unfolded_until=None) | Q(unfolded_until__lt=clock() + AHEAD - A_MONTH))
    ids = list(due.exclude(events=[], unfolded_until=None).values_list("pk", flat=True))
    unfolded = 0
    for pk in ids:
        with going_on("unfold a change calendar", calendar=pk):
            unfolded += unfold_anew(pk)
    return unfolded


@one_transaction
def unfold_anew(calendar_id: int) -> bool:
    row = ChangeCalendar.objects.select_for_update().filter(pk=calendar_id).first()
    now = clock()
    if row is None or (row.unfolded_until is not None and row.unfolded_until >= now + AHEAD - A_MONTH):
        return False
    unread = row.untold if row.untold and row.untold == row.error else ""  # of the last answer: until one is read, it stays closed
    try:
        found = unfold([Notice(**one) for one in row.events], now)
        row.untold = unread or lost(found)
    except Invalid as error:
        found, row.untold = None, error.detail[:500]
    write(row, list(found.rows.values()) if found else [], now)
    return True
