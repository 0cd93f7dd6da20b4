"""How a turn takes the run's row: the lock, the database's clock and "is there a freeze?" in one query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import DateTimeField, Exists, Func, Q

from windows.execution.models import Run
from windows.execution.saga import FreezeMet
from windows.scheduling.models import Freeze
from windows.scheduling.queries import freezes_for

ENFORCED = ["hard", "soft"]  # an advisory freeze is shown, not acted on


@dataclass(frozen=True, slots=True)
class LockedRun:
    run: Run
    now: datetime  # by the database, when the row was read
    is_frozen: bool  # some freeze is in force somewhere: look closer


@dataclass(frozen=True, slots=True)
class FreezesMet:
    first: FreezeMet | None  # the strictest that must be acted on
    noted: list[FreezeMet]  # those whose policy lets the run go on


def in_force() -> Q:
    now = Func(function="clock_timestamp", output_field=DateTimeField())
    return Q(starts_at__lte=now, ends_at__gt=now, lifted_at=None, severity__in=ENFORCED)


def lock(run_id: int, *, fresh: bool) -> LockedRun | None:
    """The run's row under lock. `fresh`: somebody else's lock means somebody else's run, so None; else wait for the lock."""
    rows = Run.objects.select_for_update(of=("self",), skip_locked=fresh).select_related("window")
    clock = Func(function="clock_timestamp", output_field=DateTimeField())
    run = rows.annotate(at=clock, is_frozen=Exists(Freeze.objects.filter(in_force()))).filter(pk=run_id).first()
    return None if run is None else LockedRun(run, run.at, run.is_frozen)


def freezes_met(run: Run, now: datetime) -> FreezesMet:
    """Freezes in force over the run's scope that it has not met yet. Those it began under stand in `freezes_met` from the start."""
    found = [f for f in freezes_for(run.window_id, now) if f.severity in ENFORCED and f.id not in run.freezes_met]
    mine = [FreezeMet(f.id, f.title, f.on_running) for f in found]
    order = ["roll_back", "hold", "finish_step"]
    acting = sorted((f for f in mine if f.policy in order), key=lambda f: order.index(f.policy))
    return FreezesMet(acting[0] if acting else None, [f for f in mine if f.policy == "continue"])
