"""What a window means for users and for error budgets: expected while it is ahead, measured once it has run."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Max

from portal.charts.chart import Chart
from portal.charts.deviation import Strayed, deviation
from portal.dashboards.objectives import Ran, strayed
from portal.pages.request.meaning import impact as touched_by
from portal.pages.request.outline import of_window
from slo.budget import after
from slo.forecast import Forecast
from slo.objectives.queries import Account as Charged
from slo.objectives.queries import Health, Promise, health, promises
from windows.access.roles import Actor
from windows.approvals.queries.budgets import LEAST
from windows.catalogue.models import Service
from windows.scheduling.queries import WindowView, window_id_of
from windows.scheduling.queries.accounts import accounts_of
from windows.scheduling.queries.forecasts import forecasts


@dataclass(frozen=True, slots=True)
class Account:
    """One objective's budget, raw and adjusted. `inside` is in events: what this window may use of it, or what it did use.

    `left` are shares: after this window where it is still ahead, else now. What is not known is None.
    """

    health: Health
    inside: tuple[float | None, float | None]
    left: tuple[float | None, float | None]
    record: Charged | None = None  # what was agreed, by whose authority
    forecast: Forecast | None = None  # of one that is still ahead


def impact(view: WindowView, actor: Actor, now: datetime) -> dict[str, Any]:
    """A constant number of queries, whatever the scope."""
    wanted = promised(view)
    ahead = view.started_at is None
    charged = {} if ahead else {one.objective: one for one in accounts_of([window_id_of(view.reference)], now)}
    inside = [] if ahead else measured(view, wanted, now, charged.values())
    outline, budgets = of_window(view), health(wanted, now)
    then = forecasts(outline.planned, budgets, actor, now) if ahead else [None] * len(budgets)
    told = zip(budgets, then, strict=True)
    return {
        "outline": outline,
        "touched": touched_by(outline),
        "felt": None if ahead else felt(view, charged.values()),
        "ahead": ahead,
        "accounts": [replace(account(one, view.slack, charged.get(one.promise.slug), ahead), forecast=seen) for one, seen in told],
        "least": max(LEAST, view.slack),
        "drawn": deviation(inside) if view.ended_at and inside else None,
    }


def felt(view: WindowView, inside: Iterable[Charged]) -> int | None:
    """At most so many users were touched, as M5 counts them: by the objective that saw most bad events; None where that is not known."""
    raw = [one.raw for one in inside if one.is_known]
    active = Service.objects.filter(slug__in={row.service for row in view.scope}).aggregate(most=Max("monthly_active_users"))["most"]
    return min(max(raw), active) if raw and active is not None else None


def promised(view: WindowView) -> list[Promise]:
    """The objectives of the places this window touches."""
    places = {(row.service, row.environment) for row in view.scope}
    return [one for one in promises(services={service for service, _ in places}) if (one.service, one.environment) in places]


def account(one: Health, slack: float, inside: Charged | None, ahead: bool) -> Account:
    raw, adjusted = one.figures.raw, one.figures.adjusted
    if ahead:
        asked = None if raw.allowed is None else slack * raw.allowed
        return Account(one, (asked, 0.0), (after(raw, asked or 0.0), adjusted.remaining))
    known = inside is not None and inside.is_known
    used = (float(inside.raw), float(inside.charged)) if inside is not None and known else (None, None)
    return Account(one, used, (raw.remaining, adjusted.remaining), inside)


def measured(view: WindowView, wanted: list[Promise], now: datetime, known: Collection[Charged] = ()) -> list[Strayed]:
    """The SLI inside this window beside the same hours of past weeks, and what it took of each budget."""
    if view.started_at is None or not wanted:
        return []
    places = frozenset(f"{row.service} {row.environment}" for row in view.scope)
    here = Ran(view.reference, view.status, view.started_at, view.ended_at or now, view.slack, view.timezone, places)
    return strayed(wanted, [here], known)


def strayed_in(view: WindowView, now: datetime) -> Chart:
    """What this window did to each objective it touched; empty while it has not run."""
    return deviation(measured(view, promised(view), now))
