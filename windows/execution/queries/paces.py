"""How long the steps of a runbook took in its last runs. One query over a bounded number of runs: a page asks every two seconds."""

from __future__ import annotations

from django.db.models import Avg, F, Q

from windows.execution.models import Run, StepRun
from windows.execution.pace import Pace
from windows.execution.states import RunStatus, StepStatus

LAST = 20  # runs looked at: older ones ran on another system


def paces(runbook_id: int) -> dict[str, Pace]:
    """By the step's name, over the last runs that did their work or undid it."""
    ended = Run.objects.filter(
        runbook_version__runbook=runbook_id, rehearsal="", status__in=[RunStatus.SUCCEEDED.value, RunStatus.ROLLED_BACK.value]
    )  # fmt: skip
    lately = StepRun.objects.filter(run__in=ended.order_by("-pk").values("pk")[:LAST])
    done = Q(status=StepStatus.SUCCEEDED.value, intended_at__isnull=False, ended_at__isnull=False)
    undone = Q(status=StepStatus.COMPENSATED.value, undo_started_at__isnull=False, undo_ended_at__isnull=False)
    rows = lately.values("name").annotate(
        forward=Avg(F("ended_at") - F("intended_at"), filter=done), undo=Avg(F("undo_ended_at") - F("undo_started_at"), filter=undone)
    )
    return {name: Pace(forward, undo) for name, forward, undo in rows.values_list("name", "forward", "undo")}
