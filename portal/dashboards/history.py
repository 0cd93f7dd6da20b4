"""Runs that ended, week by week, and what is said of each behind a figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

from portal.charts.windows import Week
from portal.dashboards.panels import Behind
from portal.templatetags.signs import lasting
from windows.reviews.measures import Ended


def mondays(since: datetime, until: datetime) -> list[date]:
    """The Mondays of the weeks (UTC) from one instant to the other."""
    first = since.astimezone(UTC).date()
    first -= timedelta(days=first.weekday())
    last = until.astimezone(UTC).date()
    return [first + timedelta(weeks=n) for n in range((last - first).days // 7 + 1)]


def in_weeks(runs: Sequence[Ended], since: datetime, until: datetime) -> dict[date, list[Ended]]:
    """The runs of each week by its Monday; weeks without any included."""
    found = {monday: list[Ended]() for monday in mondays(since, until)}
    for run in runs:
        (monday,) = mondays(run.ended_at, run.ended_at)
        if monday in found:
            found[monday].append(run)
    return found


def by_week(runs: Sequence[Ended], since: datetime, until: datetime, met: Callable[[Ended], bool]) -> list[Week]:
    """How many of each week's runs fulfil the measure; weeks without any included."""
    return [Week(monday, sum(map(met, here)), len(here)) for monday, here in in_weeks(runs, since, until).items()]


def lateness(run: Ended) -> Behind:
    said = "on time" if run.is_on_time else f"{lasting(run.ended_at - run.due_at)} after the end first approved"
    return Behind(run.reference, run.title, run.status, run.ended_at, said, not run.is_on_time)


def going_back(run: Ended) -> Behind:
    return Behind(run.reference, run.title, run.status, run.ended_at, "rolled back" if run.went_back else "", run.went_back)
