"""What is coming: windows asked for or approved, and what of the business they touch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from portal.charts.windows import Stake
from portal.dashboards.history import mondays
from windows.access.roles import Actor
from windows.catalogue.models import Environment
from windows.lifecycle.states import Mode, WindowStatus
from windows.scheduling.models import Window, WindowScope
from windows.scheduling.queries import CalendarEntry, CalendarFilter, calendar
from windows.scheduling.queries.listing import for_eyes_of

AHEAD = (WindowStatus.REQUESTED.value, WindowStatus.APPROVED.value)
MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Touched:
    """The estimate for one window. `users`: expected by its owner (`is_expected`), else the active users of its largest service, an
    upper bound. None: not known."""

    starts_at: datetime
    users: int | None
    revenue: float | None
    is_expected: bool = False


@dataclass(frozen=True, slots=True)
class Coming:
    window: CalendarEntry
    touched: Touched | None  # None: it touches nothing in production


def touched(viewer: Actor, now: datetime) -> dict[int, Touched]:
    """By window id, for the next 30 days in production environments. One query."""
    seen = Window.objects.filter(for_eyes_of(viewer), status__in=AHEAD, starts_at__lt=now + MONTH, ends_at__gt=now)
    production = Environment.objects.filter(is_production=True).values("slug")
    rows = WindowScope.objects.filter(window__in=seen, environment__in=production).order_by("window_id", "service_id")
    names = ("window_id", "window__starts_at", "window__ends_at", "window__mode", "window__expected_users", "service_id")
    figures = ("service__monthly_active_users", "service__revenue_per_hour")
    services: dict[int, list[tuple[int | None, float | None]]] = {}
    facts: dict[int, tuple[datetime, datetime, str, int | None]] = {}
    for window, starts, ends, mode, expected, _, users, revenue in rows.values_list(*names, *figures).distinct():
        facts[window] = (starts, ends, mode, expected)
        services.setdefault(window, []).append((users, None if revenue is None else float(revenue)))
    return {window: estimate(*facts[window], told) for window, told in services.items()}


def estimate(starts: datetime, ends: datetime, mode: str, expected: int | None, services: list[tuple[int | None, float | None]]) -> Touched:
    """Pure. `services`: monthly active users and revenue per hour of each; one that is not known leaves the sum unknown."""
    if mode == Mode.NORMAL:
        return Touched(starts, expected or 0, 0.0, is_expected=True)
    users = [count for count, _ in services]
    revenue = [money for _, money in services]
    hours = (ends - starts) / timedelta(hours=1)
    known = [count for count in users if count is not None]
    most = expected if expected is not None else max(known) if len(known) == len(users) else None
    money = None if None in revenue else sum(one or 0.0 for one in revenue) * hours
    return Touched(starts, most, money, is_expected=expected is not None)


def upcoming(viewer: Actor, now: datetime, told: Mapping[int, Touched], days: int, limit: int) -> tuple[list[Coming], bool]:
    """The next windows with their owners, and whether there are more. One query."""
    found = calendar(CalendarFilter(since=now, until=now + timedelta(days=days), status=AHEAD, limit=limit + 1), viewer)
    return [Coming(entry, told.get(entry.id)) for entry in found[:limit]], len(found) > limit


def stakes(told: Mapping[int, Touched], now: datetime) -> list[Stake]:
    """Week by week, UTC; a window that has begun late counts in the present week."""
    weeks = {monday: [0, 0.0, 0] for monday in mondays(now, now + MONTH)}
    for one in told.values():
        day = max(one.starts_at, now).astimezone(UTC).date()
        week = weeks[day - timedelta(days=day.weekday())]
        week[0] += 1
        week[1] += one.revenue or 0.0
        week[2] += one.revenue is None
    return [Stake(monday, int(count), revenue, int(unknown)) for monday, (count, revenue, unknown) in weeks.items()]
