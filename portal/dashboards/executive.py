"""The executive board: five figures, four charts, the next windows. A constant number of queries, however many windows there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cached_property

from django.conf import settings

from portal.charts.budgets import Left, left_by_service
from portal.charts.chart import percent
from portal.charts.windows import ON_TIME, ROLLED_BACK, adherence, at_stake, rollbacks
from portal.dashboards.history import by_week, going_back, lateness
from portal.dashboards.objectives import left
from portal.dashboards.outlook import Coming, Touched, stakes, touched, upcoming
from portal.dashboards.panels import Panel, charted
from slo.objectives.queries import promises
from windows.access.roles import Actor
from windows.approvals.queries.budgets import LEAST
from windows.lifecycle.words import counted
from windows.reviews.measures import Ended
from windows.reviews.periods import around
from windows.reviews.queries.broken_glass import broken_glass, glass_by_team
from windows.reviews.queries.ended import ended_runs
from windows.reviews.queries.evidence import SPAN, maturity_of_teams
from windows.reviews.queries.review import incidents
from windows.scheduling.models import WindowBudget
from windows.scheduling.queries import CalendarEntry
from windows.scheduling.queries.loads import months

CHARTS = ("adherence", "rollbacks", "error-budgets", "impact")
RANGES = {"28d": ("28 days", timedelta(days=27)), "quarter": ("Quarter", timedelta(weeks=12)), "year": ("Year", timedelta(weeks=51))}
USUAL = "quarter"
SHOWN, DAYS = 6, 14
MONTH = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number to read first. `tone`: pass, fail or inconclusive (not known); empty for a figure that judges nothing."""

    name: str
    title: str
    value: str
    beside: str
    tone: str
    said: str
    unit: str = ""  # in words, beside the number


class Reading:
    """What the board is drawn from, as `viewer` may see it; each part is read when a panel first asks for it, and once."""

    def __init__(self, viewer: Actor, now: datetime, span: str = USUAL) -> None:
        self.viewer, self.now = viewer, now
        since = now - RANGES[span][1]
        self.since = datetime.combine(since.date() - timedelta(days=since.weekday()), time(), since.tzinfo)

    @cached_property
    def runs(self) -> list[Ended]:
        return ended_runs(self.viewer, self.since, self.now)

    @cached_property
    def budgets(self) -> list[Left]:
        return left(promises(), self.now)

    @cached_property
    def told(self) -> dict[int, Touched]:
        return touched(self.viewer, self.now)

    @cached_property
    def coming(self) -> tuple[list[Coming], bool]:
        return upcoming(self.viewer, self.now, self.told, DAYS, SHOWN)


def on_time(read: Reading) -> Panel:
    weeks = by_week(read.runs, read.since, read.now, lambda run: run.is_on_time)
    return charted(adherence(weeks), behind=sorted((lateness(run) for run in read.runs), key=lambda one: not one.is_bad))


def gone_back(read: Reading) -> Panel:
    weeks = by_week(read.runs, read.since, read.now, lambda run: run.went_back)
    return charted(rollbacks(weeks), behind=sorted((going_back(run) for run in read.runs), key=lambda one: not one.is_bad))


def next_windows(read: Reading) -> Panel:
    coming, more = read.coming
    told = {"coming": coming, "more": more, "days": DAYS, "now": read.now}
    return Panel(name="upcoming", title="Upcoming windows", template="dashboards/_upcoming.html", told=told, look="wide")


def too_many(read: Reading) -> Panel:
    told = {"over": months(read.now - MONTH, read.now + MONTH, limit=SHOWN), "any": WindowBudget.objects.exists()}
    return Panel(name="too-many", title="Too many windows", template="dashboards/_too_many.html", told=told, look="whole")


def by_month(read: Reading) -> Panel:
    told = {"months": incidents(read.viewer, around("month", read.now))}
    return Panel(name="incidents", title="Incidents by month", template="dashboards/_incidents.html", told=told, look="whole")


def glass(read: Reading) -> Panel:
    since, now = read.now - SPAN, read.now
    told = {
        "teams": glass_by_team(read.viewer, since, now),
        "glass": broken_glass(read.viewer, since, now, limit=SHOWN),
        "days": SPAN.days,
    }
    return Panel(name="glass", title="Broken glass", template="dashboards/_glass.html", told=told, look="whole")


def maturity(read: Reading) -> Panel:
    told = {"teams": maturity_of_teams(read.viewer, read.now), "days": SPAN.days}
    return Panel(name="maturity", title="Maturity of each team", template="dashboards/_maturity.html", told=told, look="wide")


PANELS: dict[str, Callable[[Reading], Panel]] = {  # in the order of the page
    "adherence": on_time,
    "rollbacks": gone_back,
    "error-budgets": lambda read: charted(left_by_service(read.budgets, LEAST)),
    "impact": lambda read: charted(at_stake(stakes(read.told, read.now), settings.CURRENCY)),
    "upcoming": next_windows,
    "too-many": too_many,
    "incidents": by_month,
    "glass": glass,
    "maturity": maturity,
}
NAMES = tuple(PANELS)


def executive(viewer: Actor, now: datetime, span: str = USUAL) -> tuple[list[Figure], list[Panel]]:
    read = Reading(viewer, now, span)
    return figures(read.runs, read.budgets, read.told, read.coming[0], now), [panel(read) for panel in PANELS.values()]


def figures(runs: list[Ended], budgets: list[Left], told: dict[int, Touched], coming: list[Coming], now: datetime) -> list[Figure]:
    met, back = sum(run.is_on_time for run in runs), sum(run.went_back for run in runs)
    low = [one for one in budgets if one.adjusted is not None and one.adjusted < LEAST]
    unknown = sum(one.adjusted is None for one in budgets)
    revenue = [one.revenue for one in told.values()]
    missing = revenue.count(None)
    worst = min(low, key=lambda one: one.adjusted or 0.0, default=None)
    first = next((one.window for one in coming if one.window.starts_at >= now), None)
    return [
        measure("adherence", "Windows on time", met, len(runs), at_least=ON_TIME),
        measure("rollbacks", "Runs rolled back", back, len(runs), below=ROLLED_BACK),
        Figure(
            "error-budgets", "Budgets below 25 %", str(len(low)), f"of {len(budgets)}",
            "fail" if low else "inconclusive" if unknown or not budgets else "pass",
            f"{worst.objective}, {percent(worst.adjusted, 0)} left" if worst
            else f"{unknown} not known" if unknown or not budgets else "All have room",
        ),
        Figure(
            "impact", "Revenue touched, 30 days", f"{sum(money or 0.0 for money in revenue):,.0f}",
            f"{settings.CURRENCY}, in {counted(len(revenue), 'window')}",
            "inconclusive" if missing else "", f"{missing} without a figure" if missing else "At most; the services' own figures",
        ),
        whom(first, told),
    ]  # fmt: skip


def whom(first: CalendarEntry | None, told: dict[int, Touched]) -> Figure:
    """Users of the next window: what its owner expects, else the upper bound, called so. Of who is really touched see M5."""
    name, title = "upcoming", "Users, next window"
    if first is None:
        return Figure(name, title, "none", "", "", f"Nothing planned in {DAYS} days")
    found = told.get(first.id)
    if found is None or found.users is None:
        return Figure(name, title, "not known" if found else "none", first.reference, "", first.title)
    return Figure(name, title, f"{found.users:,}", f"{'expected' if found.is_expected else 'at most'}, {first.reference}", "", first.title)


def measure(name: str, title: str, met: int, all_: int, *, at_least: float | None = None, below: float | None = None) -> Figure:
    """A share with its target; without anything to count it is not known, which is no target met."""
    if not all_:
        return Figure(name, title, "–", "", "inconclusive", "Nothing has ended in this time")
    share = met / all_
    holds = share >= at_least if at_least is not None else below is not None and share < below
    target = f"Target {at_least:.0%}" if at_least is not None else f"Target below {below or 0:.0%}"
    said = target.replace("%", " %")
    return Figure(name, title, percent(share), f"{met} of {all_}", "pass" if holds else "fail", said)
