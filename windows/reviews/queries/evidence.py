"""The evidence of each team's maturity, in windows that these eyes may see. The number of statements does not follow how many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, QuerySet

from windows.access.roles import Actor
from windows.approvals.models import ApprovalRequest, RequestStatus
from windows.audit.models import AuditEntry
from windows.catalogue.models import Team
from windows.execution.models import CheckResult, Run, StepRun
from windows.execution.rehearsing import Rehearsal
from windows.execution.states import RunStatus
from windows.reviews.maturity import Evidence, Maturity, maturity
from windows.reviews.measures import Ended
from windows.reviews.queries.counted import counted_runs
from windows.scheduling.models import Override, Window
from windows.scheduling.queries.listing import for_eyes_of

SPAN = timedelta(days=91)
BEGAN = ("run.rollback_started", "rehearsal.rollback_started")


def maturity_of_teams(viewer: Actor, now: datetime) -> list[Maturity]:
    """Of every team, by name."""
    return [maturity(one) for one in evidence(viewer, now)]


def evidence(viewer: Actor, now: datetime) -> list[Evidence]:
    since = now - SPAN
    runs = counted_runs(viewer, since, now)
    ran = Window.objects.filter(pk__in={int(one.reference[3:]) for one in runs})
    mine = Window.objects.filter(for_eyes_of(viewer))
    undone = StepRun.objects.filter(run=OuterRef("pk"), undo_ended_at__isnull=False)
    back = Run.objects.filter(Exists(undone), window__in=mine, status=RunStatus.ROLLED_BACK.value, ended_at__gte=since)
    alone = AuditEntry.objects.filter(run_id=OuterRef("pk"), kind__in=BEGAN, actor_id=None)
    by_person = AuditEntry.objects.filter(run_id=OuterRef("pk"), kind__in=BEGAN, actor_id__isnull=False)
    told = {
        "declares_alerts": by_team(ran.exclude(expected_alerts=[]), "team__slug", "pk"),
        "rehearsed": by_team(back.filter(rehearsal=Rehearsal.GAME_DAY.value), "window__team__slug", "pk"),
        "went_back_alone": by_team(back.filter(Exists(alone), ~Exists(by_person)), "window__team__slug", "pk"),
        "under_policy": by_team(
            ApprovalRequest.objects.filter(window__in=ran, status=RequestStatus.GRANTED.value), "window__team__slug", "window"
        ),
        "budget_checks": by_team(
            CheckResult.objects.filter(run__in=[one.run_id for one in runs], name="error_budget").exclude(verdict="inconclusive"),
            "run__window__team__slug", "run__window",
        ),
        "overrides": by_team(Override.objects.filter(window__in=ran, agreed_at__isnull=False), "window__team__slug", "pk"),
    }  # fmt: skip
    return [
        Evidence(team=slug, name=name, **counted(runs, slug), **{what: found.get(slug, 0) for what, found in told.items()})
        for slug, name in Team.objects.order_by("name").values_list("slug", "name")[:500]
    ]


def by_team(rows: QuerySet[Any], team: str, what: str) -> Mapping[str, int]:
    counted_rows = rows.order_by().annotate(of_team=F(team)).values("of_team").annotate(number=Count(what, distinct=True))
    return dict(counted_rows.values_list("of_team", "number"))


def counted(runs: Sequence[Ended], team: str) -> dict[str, Any]:
    mine = [one for one in runs if one.team == team]
    known = [one for one in mine if one.expected_tags]
    return {
        "ran": len({one.reference for one in mine}),
        "with_runbook": sum(not one.is_manual for one in mine),
        "tagged": sum(one.tagged or 0 for one in known) if known else None,
        "expected_tags": sum(one.expected_tags or 0 for one in known) if known else None,
    }
