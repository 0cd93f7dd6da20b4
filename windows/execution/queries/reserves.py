"""How long a rollback of a runbook takes, by what its author declared and by what was measured."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import F, Sum

from windows.execution.models import StepRun
from windows.execution.reserve import rollback_reserve
from windows.execution.states import RunStatus, StepStatus

LAST = 50  # rollbacks looked at


def reserve_of(runbook_id: int | None, declared: timedelta) -> timedelta:
    """max(declared, 95th percentile of this runbook's last rollbacks) × the factor of the settings."""
    past: list[timedelta] = []
    if runbook_id is not None:
        undone = StepRun.objects.filter(
            run__runbook_version__runbook=runbook_id, run__rehearsal="",
            run__status=RunStatus.ROLLED_BACK.value, status=StepStatus.COMPENSATED.value,
            undo_started_at__isnull=False, undo_ended_at__isnull=False,
        )  # fmt: skip
        took = undone.values("run").annotate(took=Sum(F("undo_ended_at") - F("undo_started_at"))).order_by("-run")
        past = [row["took"] for row in took[:LAST]]
    return rollback_reserve(declared, past, settings.ROADWORKS.rollback_reserve_factor)
