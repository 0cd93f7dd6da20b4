"""The executive board: five figures, four charts, the next windows. A constant number of queries, however many windows there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

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
NAMES = (*CHARTS, "upcoming", "too-many", "incidents", "glass", "maturity")
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


def executive(viewer: Actor, now: datetime, span: str = USUAL) -> tuple[list[Figure], list[Panel]]:
    since = now - RANGES[span][1]
    since -= timedelta(days=since.weekday(), hours=since.hour, minutes=since.minute, seconds=since.second, microseconds=since.microsecond)
    runs = ended_runs(viewer, since, now)
    on_time = by_week(runs, since, now, lambda run: run.is_on_time)
    back = by_week(runs, since, now, lambda run: run.went_back)
    wanted = promises()
    budgets = left(wanted, now)
    told = touched(viewer, now)
    coming, more = upcoming(viewer, now, told, DAYS, SHOWN)
    panels = [
        charted(adherence(on_time), behind=sorted((lateness(run) for run in runs), key=lambda one: not one.is_bad)),
        charted(rollbacks(back), behind=sorted((going_back(run) for run in runs), key=lambda one: not one.is_bad)),
        charted(left_by_service(budgets, LEAST)),
        charted(at_stake(stakes(told, now))),
        Panel(
            name="upcoming",
            title="Upcoming windows",
            template="dashboards/_upcoming.html",
            told={"coming": coming, "more": more, "days": DAYS},
            look="wide",
        ),
        Panel(
            name="too-many",
            title="Too many windows",
            template="dashboards/_too_many.html",
            told={"over": months(now - MONTH, now + MONTH, limit=SHOWN), "any": WindowBudget.objects.exists()},
            look="whole",
        ),
        Panel(
            name="incidents", title="Incidents by month", template="dashboards/_incidents.html", look="whole",
            told={"months": incidents(viewer, around("month", now))},
        ),
        Panel(
            name="glass", title="Broken glass", template="dashboards/_glass.html", look="whole",
            told={"teams": glass_by_team(viewer, now - SPAN, now), "glass": broken_glass(viewer, now - SPAN, now, limit=SHOWN),
                  "days": SPAN.days},
        ),
        Panel(
            name="maturity", title="Maturity of each team", template="dashboards/_maturity.html", look="wide",
            told={"teams": maturity_of_teams(viewer, now), "days": SPAN.days},
        ),
    ]  # fmt: skip
    return figures(runs, budgets, told, coming, now), panels


def figures(runs: list[Ended], budgets: list[Left], told: dict[int, Touched], coming: list[Coming], now: datetime) -> list[Figure]:
    met, back = sum(run.is_on_time for run in runs), sum(run.went_back for run in runs)
    low = [one for one in budgets if one.adjusted is not None and one.adjusted < LEAST]
    unknown = sum(one.adjusted is None for one in budgets)
    revenue = [one.revenue for one in told.values()]
    missing = revenue.count(None)
    worst = min(low, key=lambda one: one.adjusted or 0.0, default=None)
    first = coming[0].window if coming else None
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
            "impact", "Revenue touched, 30 days", f"{sum(money or 0.0 for money in revenue):,.0f}", f"in {len(revenue)} windows",
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
