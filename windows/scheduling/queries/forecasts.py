"""What would be left of each error budget after a planned window, from windows like it and from what its request expects."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Max

from slo.budget import Policy, Ratio
from slo.forecast import Forecast, Past, forecast, usual_hours
from slo.intervals import Interval
from slo.objectives.queries import Health
from slo.telemetry.queries import ratios
from windows.access.roles import Actor
from windows.catalogue.models import Service
from windows.lifecycle.states import Mode
from windows.scheduling.models import Window, WindowScope, begin
from windows.scheduling.queries.accounts import accounts_of
from windows.scheduling.queries.conflicts import hidden_from

LAST, LOOKED_AT = 5, 200  # past windows it rests on, at most; places of windows looked at for them
OLDEST = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Planned:
    """A window that is still ahead, saved or not. `runbook` is the id of its runbook."""

    window_id: int | None
    period: Interval
    zone: str
    places: frozenset[tuple[str, str]]
    mode: str
    slack: float
    expected_users: int | None
    runbook: int | None


def forecasts(planned: Planned, budgets: Sequence[Health], viewer: Actor, now: datetime) -> list[Forecast]:
    """One for each budget, in order; a constant number of statements."""
    if not budgets:
        return []
    found: dict[str, list[Past]] = {}
    ids, like = alike(planned, viewer, now)
    for one in accounts_of(ids, now):
        if one.is_known:
            found.setdefault(one.objective, []).append(Past(one.window, Ratio(one.total - one.raw, one.total)))
    hours = usual_hours(planned.period, now, zone=ZoneInfo(planned.zone))
    asked = iter(ratios([(one.promise.series, hour) for one in budgets for hour in hours]))
    usual = {one.promise.slug: [next(asked) for _ in hours] for one in budgets}
    expected = touched(planned)
    return [
        forecast(
            one.figures, usual[one.promise.slug], found.get(one.promise.slug, []),
            expected=expected, policy=Policy(one.promise.maintenance), slack=planned.slack, like=like,
        )
        for one in budgets
    ]  # fmt: skip


def alike(planned: Planned, viewer: Actor, now: datetime) -> tuple[Collection[int], str]:
    """The last windows that ran at one of these places with the same runbook; where there is none, those in the same mode. And what they
    have in common, in words."""
    services = list(Service.objects.filter(slug__in={service for service, _ in planned.places}).values_list("pk", flat=True))
    begun = WindowScope.objects.alias(begins=begin()).filter(service__in=services, begins__lt=now, begins__gt=now - OLDEST)
    ids = set(begun.order_by("-begins").values_list("window", flat=True)[:LOOKED_AT])  # however many windows there ever were
    rows = Window.objects.filter(pk__in=ids, started_at__isnull=False, ended_at__lt=now).exclude(pk=planned.window_id or 0)
    told = list(rows.order_by("-started_at").values_list("pk", "confidential", "mode", "runbook_version__runbook"))
    hidden = hidden_from(viewer, {pk for pk, confidential, *_ in told if confidential})
    seen = [(pk, mode, runbook) for pk, _, mode, runbook in told if pk not in hidden]
    same = [pk for pk, _, runbook in seen if runbook is not None and runbook == planned.runbook]
    if same:
        return same[:LAST], "with this runbook"
    return [pk for pk, mode, _ in seen if mode == planned.mode][:LAST], f"in which it was {planned.mode.replace('_', ' ')} too"


def touched(planned: Planned) -> float | None:
    """The share of users that the request expects it to touch: those it names, of a month's; all where nothing is served."""
    if planned.mode == Mode.OFFLINE:
        return 1.0
    if planned.expected_users is None:
        return None
    services = {service for service, _ in planned.places}
    active = Service.objects.filter(slug__in=services).aggregate(most=Max("monthly_active_users"))["most"]
    return min(1.0, planned.expected_users / active) if active else None
