"""How many windows services have in a month, beside their budget (X17). One query; what it reads follows the months, not the history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from windows.lifecycle.states import WindowStatus
from windows.scheduling.conflicts.too_many import AFTER, Counted, Load, month_of
from windows.scheduling.models import LONGEST_RESERVATION

W = WindowStatus
COUNT = [status.value for status in (W.REQUESTED, W.APPROVED, W.RUNNING, W.COMPLETED, W.ROLLED_BACK, W.FAILED)]
WENT_WRONG = [W.ROLLED_BACK.value, W.FAILED.value]
# A reservation begins with its window, or earlier where that began before its time: by a week at most is looked for.
LOADS = f"""
select s.slug, b.at_most, b.severity, w.id, w.confidential, w.starts_at, case when w.status = any(%(wrong)s) then w.ended_at end,
    w.published_at
from catalogue_service s
left join lateral (
    select at_most, severity from scheduling_windowbudget
    where (service_id = s.id or service_id is null) and (tier = s.tier or tier is null)
    order by service_id nulls last, tier nulls last limit 1
) b on true
left join lateral (
    select distinct w.id, w.confidential, w.starts_at, w.status, w.ended_at, w.published_at from scheduling_windowscope x
    join scheduling_window w on w.id = x.window_id
    where x.service_id = s.id and lower(x.reserved) > %(since)s::timestamptz - interval '{LONGEST_RESERVATION.days} days'
    and lower(x.reserved) < %(until)s::timestamptz
    and w.status = any(%(count)s) and w.starts_at >= %(since)s and w.starts_at < %(until)s and w.id is distinct from %(exclude)s
) w on true
where s.slug = any(%(slugs)s) order by s.slug, w.starts_at
"""  # noqa: S608 - our own number
TOO_MANY = """
with counted as (
    select s.id, s.slug, s.name, s.tier, date_trunc('month', w.starts_at, 'UTC') as month, count(distinct w.id) as number,
        count(distinct w.id) filter (where w.status = any(%(wrong)s)) as wrong
    from scheduling_window w join scheduling_windowscope x on x.window_id = w.id join catalogue_service s on s.id = x.service_id
    where w.starts_at >= %(since)s and w.starts_at < %(until)s and w.status = any(%(count)s) group by 1, 2, 3, 4, 5
)
select c.slug, c.name, c.month, c.number, c.wrong, b.at_most from counted c
left join lateral (
    select at_most from scheduling_windowbudget
    where (service_id = c.id or service_id is null) and (tier = c.tier or tier is null)
    order by service_id nulls last, tier nulls last limit 1
) b on true
where (%(slug)s = '' and c.number > b.at_most) or c.slug = %(slug)s
order by c.number - coalesce(b.at_most, 0) desc, c.slug, c.month limit %(limit)s
"""


@dataclass(frozen=True, slots=True)
class MonthLoad:
    """A service's windows of one month (UTC). `at_most` is None where no budget is set."""

    service: str
    name: str
    month: datetime
    number: int
    went_wrong: int
    at_most: int | None

    @property
    def is_over(self) -> bool:
        return self.at_most is not None and self.number > self.at_most


def loads(services: Iterable[str], since: datetime, until: datetime, exclude: int | None = None) -> list[Load]:
    """The windows of these services in the months of a period, and what went wrong shortly before it."""
    first, last = month_start(since), month_start(month_start(until) + timedelta(days=32))
    asked: dict[str, Any] = {
        "slugs": sorted(set(services)),
        "since": min(first, since - AFTER - timedelta(days=7)),
        "until": last,
        "exclude": exclude,
    }
    with connection.cursor() as cursor:
        cursor.execute(LOADS, asked | {"count": COUNT, "wrong": WENT_WRONG})
        rows = cursor.fetchall()
    found: dict[str, list[Counted]] = {}
    budgets: dict[str, tuple[int | None, str]] = {}
    for slug, at_most, severity, window_id, confidential, starts_at, ended_at, asked_at in rows:
        budgets[slug] = (at_most, severity or "soft")
        if window_id is not None:
            reference = f"MW-{window_id}"
            name = "A confidential window" if confidential else reference
            found.setdefault(slug, []).append(Counted(reference, name, starts_at, ended_at, asked_at))
    return [Load(slug, at_most, severity, tuple(found.get(slug, ()))) for slug, (at_most, severity) in budgets.items()]


def months(since: datetime, until: datetime, *, service: str = "", limit: int = 50) -> list[MonthLoad]:
    """The services over their budget by month, the worst first; of one service, every month with windows. One query."""
    asked: dict[str, Any] = {
        "since": month_start(since),
        "until": until,
        "slug": service,
        "limit": limit,
        "count": COUNT,
        "wrong": WENT_WRONG,
    }
    with connection.cursor() as cursor:
        cursor.execute(TOO_MANY, asked)
        return [MonthLoad(*row) for row in cursor.fetchall()]


def month_start(at: datetime) -> datetime:
    return datetime(*month_of(at.astimezone(UTC)), 1, tzinfo=UTC)
