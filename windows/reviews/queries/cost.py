"""What windows were to cost and did cost, from what is on record. A constant number of queries, however many windows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce, Concat

from windows.audit.models import AuditEntry
from windows.execution.models import Run
from windows.reviews.cost import Cost, Leftover, Rates, actual, estimate, rates
from windows.reviews.models import FollowUp
from windows.reviews.states import FollowUpKind
from windows.runbooks.models import RunbookVersion
from windows.runbooks.queries import spec_of
from windows.runbooks.spec import CostSpec, SpecError
from windows.scheduling.models import Window, WindowScope


@dataclass(frozen=True, slots=True)
class Costs:
    """`actual` None: it has not ended. `people` who acted in its run, whoever began it too; 0: it ran by itself, None: the trail does not
    tell of it."""

    rates: Rates
    estimate: Cost
    actual: Cost | None
    people: int | None


def cost_of(window_id: int, now: datetime) -> Costs:
    """The caller has asked whether the window may be seen."""
    return costs_of([window_id], now)[window_id]


def costs_of(window_ids: Collection[int], now: datetime) -> dict[int, Costs]:
    """Four queries."""
    began = Run.objects.filter(window=OuterRef(OuterRef("pk")), rehearsal="", started_at__isnull=False)  # who began it acted before that
    told_of = AuditEntry.objects.filter(
        window=Concat(Value("MW-"), Cast(OuterRef("pk"), CharField())), run_id__in=began.values("pk")
    )  # fmt: skip
    people = (
        told_of.filter(actor_id__isnull=False)
        .order_by()
        .values("window")
        .annotate(number=Count("actor_id", distinct=True))
        .values("number")
    )
    took_part = Case(When(Exists(told_of), then=Coalesce(Subquery(people), 0)))  # of a run that the trail does not tell of it is not known
    windows = list(Window.objects.filter(pk__in=window_ids).annotate(took_part=took_part).defer("vevent"))
    services: dict[int, dict[str, Decimal | None]] = {}
    scopes = WindowScope.objects.filter(window__in=window_ids).annotate(cost=F("service__cost_per_hour"))
    for window_id, slug, cost in scopes.values_list("window_id", "service__slug", "cost").distinct():
        services.setdefault(window_id, {})[slug] = cost
    left: dict[int, list[FollowUp]] = {}
    for row in FollowUp.objects.filter(window__in=window_ids, kind=FollowUpKind.LEFTOVER.value):
        left.setdefault(row.window_id, []).append(row)
    said = said_by({window.runbook_version_id for window in windows if window.runbook_version_id})
    found = {}
    for window in windows:
        told = said.get(window.runbook_version_id or 0, CostSpec())
        named = len({window.coordinator_id, window.deputy_id} - {None})
        at = rates(told.people, told.cloud_per_hour, list(services.get(window.pk, {}).values()), named)
        done = None
        if window.started_at is not None and window.ended_at is not None:
            running = [Leftover(row.cost_per_hour, window.ended_at, row.ended_at) for row in left.get(window.pk, ())]
            done = actual(window.ended_at - window.started_at, window.took_part, at, running, now)
        found[window.pk] = Costs(at, estimate(window.ends_at - window.starts_at, at), done, window.took_part if done else None)
    return found


def said_by(version_ids: Collection[int]) -> Mapping[int, CostSpec]:
    """What each version of a runbook says of its cost; nothing where today's rules refuse its text."""
    found = {}
    for version in RunbookVersion.objects.filter(pk__in=version_ids):
        try:
            found[version.pk] = spec_of(version).cost or CostSpec()
        except SpecError:
            found[version.pk] = CostSpec()
    return found
