"""What wants doing now. Each answer costs one query, whatever is stored."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q

from windows.execution.models import LIVE, Run, StepRun
from windows.execution.states import RunStatus, StepStatus
from windows.lifecycle.states import WindowStatus
from windows.scheduling.conflicts import OVERRUN
from windows.scheduling.models import LONGEST_RESERVATION, Window, WindowScope, finish, length

MANY = 200
JUST = timedelta(seconds=2)
OVERRUNNING = sorted(set(LIVE) - {RunStatus.PREFLIGHT.value})


def due_runs(now: datetime) -> list[int]:
    """Runs a worker must look at; the longest waiting first."""
    return list(Run.objects.filter(wake_at__lte=now).order_by("wake_at").values_list("pk", flat=True)[:MANY])


def just_due(now: datetime) -> list[int]:
    """Runs whose sleep has ended since the last tick or two, and that nobody has taken yet: a gate of a second measures each second.
    What is missed here the sweep finds."""
    woken = Run.objects.filter(wake_at__lte=now, wake_at__gt=now - JUST, lease_until=None)
    return list(woken.order_by("wake_at").values_list("pk", flat=True)[:MANY])


def due_windows(now: datetime) -> list[int]:
    """Approved windows that start themselves, whose time has come and not gone, and that no run has just been refused for."""
    defaults = settings.ROADWORKS
    live = Run.objects.filter(window=OuterRef("pk"), status__in=LIVE, rehearsal="")
    refused = Run.objects.filter(window=OuterRef("pk"), rehearsal="", ended_at__gt=now - defaults.preflight_retry)
    in_time = Q(starts_at__lte=now, starts_at__gte=now - defaults.latest_start, ends_at__gt=now)
    due = Window.objects.filter(in_time, status=WindowStatus.APPROVED.value, starts_itself=True)
    return list(due.filter(~Exists(live), ~Exists(refused)).order_by("starts_at", "pk").values_list("pk", flat=True)[:MANY])


def missed_windows(now: datetime) -> list[int]:
    """Approved windows whose latest start, or end, has passed without a run that is under way."""
    live = Run.objects.filter(window=OuterRef("pk"), status__in=LIVE, rehearsal="")
    late = Q(starts_at__lt=now - settings.ROADWORKS.latest_start) | Q(ends_at__lte=now)
    missed = Window.objects.filter(late, ~Exists(live), status=WindowStatus.APPROVED.value)
    return list(missed.order_by("pk").values_list("pk", flat=True)[:MANY])


def near_turn_back(now: datetime) -> list[int]:
    """Runs under way whose turn-back time is near and of whom nobody was told. One that began nearer than that is not announced."""
    warning = settings.ROADWORKS.turn_back_warning
    ahead = Run.objects.filter(status__in=[RunStatus.RUNNING.value, RunStatus.HELD.value, RunStatus.VALIDATING.value], warned_at=None)
    near = ahead.filter(turn_back_at__lte=now + warning, started_at__lt=F("turn_back_at") - warning)
    return list(near.values_list("pk", flat=True)[:MANY])


def overrunning(now: datetime) -> list[int]:
    """Runs under way after their window's end, not yet reported."""
    late = Run.objects.filter(status__in=OVERRUNNING, window_ends_at__lt=now, overrun_at=None)
    return list(late.values_list("pk", flat=True)[:MANY])


def outgrown(now: datetime) -> list[int]:
    """Runs under way after their window's end, whose reservation ends soon or has ended and may still grow."""
    ending = WindowScope.objects.alias(until=finish(), long=length()).filter(until__lt=now + OVERRUN / 2, long__lt=LONGEST_RESERVATION)
    mine = Exists(ending.filter(window=OuterRef("window")))
    late = Run.objects.filter(mine, rehearsal="", status__in=OVERRUNNING, window_ends_at__lt=now)
    return list(late.order_by("pk").values_list("pk", flat=True)[:MANY])


def under_way() -> list[str]:
    """The windows whose run has left preflight and not ended: their flags must stay."""
    live = Run.objects.filter(status__in=OVERRUNNING).order_by("window_id").values_list("window_id", flat=True).distinct()
    return [f"MW-{window}" for window in live]


def forgotten_resumes(now: datetime) -> list[int]:
    """Steps that stopped something which nobody let go on: the run has ended so, or it takes longer than the runbook allows."""
    resumed = StepRun.objects.filter(run=OuterRef("run"), resumes=OuterRef("quiesces"), status=StepStatus.SUCCEEDED.value)
    never = Q(status__in=[StepStatus.PENDING.value, StepStatus.COMPENSATED.value]) | Q(attempt=0)
    ended = Q(run__status__in=[RunStatus.ABORTED.value, RunStatus.SUCCEEDED.value], run__ended_at__gt=now - timedelta(days=1))
    late = Q(run__status__in=LIVE, resume_within__isnull=False, intended_at__lt=now - F("resume_within"))
    stopped = StepRun.objects.exclude(quiesces="").filter(ended | late, forgotten_at=None).exclude(never)
    return list(stopped.exclude(Exists(resumed)).order_by("pk").values_list("pk", flat=True)[:MANY])
