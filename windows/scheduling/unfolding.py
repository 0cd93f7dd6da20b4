"""Notices as the rows they mean: a series becomes its occurrences within the horizon, each replaced by its override where there is one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from windows.errors import Invalid
from windows.ical_in.notices import Notice
from windows.ical_in.states import NoticeStatus
from windows.scheduling.recurrence import localised, occurrences, read
from windows.scheduling.recurrence.expansion import MOST_WORK

BEHIND, AHEAD = timedelta(days=31), timedelta(days=396)  # 13 months, as for series of ours
MOST_ROWS, MOST_SERIES = 5_000, 500  # of one file
WORK, LEAST_WORK = 500_000, 5_000  # steps for all the rules of a file; what each may take at least


@dataclass(slots=True)
class Unfolded:
    """`rows` by (provider, uid, occurrence); `incomplete` cannot be taken; `series` are those whose every occurrence is in
    `rows`, `called_off` those that were cancelled as a whole."""

    rows: dict[tuple[str, str, str], Notice] = field(default_factory=dict)
    incomplete: list[Notice] = field(default_factory=list)
    series: set[tuple[str, str]] = field(default_factory=set)
    called_off: set[tuple[str, str]] = field(default_factory=set)


def unfold(notices: Iterable[Notice], now: datetime) -> Unfolded:
    """Every notice, its provider filled in, as rows. The highest sequence of a file wins over what the same file says before.
    Invalid(field="file") for a file that means more rows, or has more series, than are taken: nothing of it is."""
    found = Unfolded()
    ordered = sorted(notices, key=lambda one: (bool(one.occurrence), one.sequence, one.stamped_at))
    many = sum(bool((one.rrule or one.rdates) and not one.occurrence) for one in ordered)
    if many > MOST_SERIES:
        raise Invalid(f"A file has at most {MOST_SERIES} events that recur; this one has {many}.", field="file")
    work = min(MOST_WORK, max(LEAST_WORK, WORK // max(many, 1)))
    for one in ordered:
        if len(found.rows) > MOST_ROWS:
            raise Invalid(f"A file means at most {MOST_ROWS:,} events within 13 months, each time of what recurs counted.", field="file")
        key = (one.provider, one.uid)
        if one.missing and not (one.status == NoticeStatus.CANCELLED and all(key)):
            found.incomplete.append(one)
        elif (one.rrule or one.rdates) and not one.occurrence and not one.missing:
            try:
                found.rows |= {(*key, each.occurrence): each for each in recurring(one, now, work)}
                found.series.add(key)
            except Invalid as error:
                found.incomplete.append(replace(one, missing=[f"{error.field.upper()}: {error.detail}"]))
        else:
            found.rows[*key, one.occurrence] = one
    return found


def recurring(one: Notice, now: datetime, work: int) -> list[Notice]:
    """Invalid where the rule is hostile, not understood, or has more occurrences than we take."""
    begins, ends = datetime.fromisoformat(one.starts_at), datetime.fromisoformat(one.ends_at)
    walls = ([datetime.fromisoformat(at) for at in dates] for dates in (one.rdates, one.exdates))
    series = read(datetime.fromisoformat(one.wall_start), one.zone, one.rrule or None, *walls)
    if not one.rrule:
        series = replace(series, added=series.added | {series.starts})
    told = []
    longest = max(BEHIND, ends - begins)  # what began before that is over
    for each in occurrences(series, now - longest, now + AHEAD, most_work=work):
        end = each.at + (ends - begins)
        name = f"{localised(each.wall, one.zone):%Y%m%dT%H%M%SZ}"
        told.append(replace(one, occurrence=name, starts_at=each.at.isoformat(), ends_at=end.isoformat()))
    return told


def spread(found: Unfolded, known: Iterable[tuple[str, str, str]]) -> None:
    """Calling off a series by its name alone calls off each of its occurrences that is known."""
    for provider, uid, occurrence in known:
        whole = found.rows.get((provider, uid, ""))
        if occurrence and whole is not None and whole.status == NoticeStatus.CANCELLED and not whole.rrule:
            found.rows.setdefault((provider, uid, occurrence), replace(whole, occurrence=occurrence, starts_at="", ends_at=""))
            found.called_off.add((provider, uid))
    for provider, uid in found.called_off:
        del found.rows[provider, uid, ""]
