"""How a turn takes the run's row: the lock, the database's clock and "is there a freeze?" in one query."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from windows.execution.models import Run
from windows.execution.saga import FreezeMet
from windows.scheduling.models import Window
from windows.scheduling.queries import freezes_for

ENFORCED = ["hard", "soft"]  # an advisory freeze is shown, not acted on


@dataclass(frozen=True, slots=True)
class LockedRun:
    run: Run
    now: datetime  # by the database, when the row was read
    ticks: float  # the monotonic clock then
    is_frozen: bool  # some freeze is in force somewhere: look closer


@dataclass(frozen=True, slots=True)
class FreezesMet:
    first: FreezeMet | None  # the strictest that must be acted on
    noted: list[FreezeMet]  # those whose policy lets the run go on


# Written out, because this is the one query every step waits for; its columns are the model's own.
LOCK = f"""
select r.*, clock_timestamp() as at, exists (
    select from scheduling_freeze f where f.starts_at <= clock_timestamp() and f.ends_at > clock_timestamp()
    and f.lifted_at is null and f.severity in ('{"', '".join(ENFORCED)}')
) as is_frozen
from {Run._meta.db_table} r where r.id = %s for update of r
"""  # noqa: S608 - our own names


def lock(run_id: int, window: Window | None) -> LockedRun | None:
    """The run's row under lock. `window`: as its owner read it before; None for one who would take the run: then somebody else's lock
    means somebody else's run, so None. An owner waits for the lock: a person presses something."""
    run = next(iter(Run.objects.raw(LOCK + (" skip locked" if window is None else ""), [run_id])), None)
    if run is None:
        return None
    if window is not None:
        run.window = window
    return LockedRun(run, run.__dict__["at"], time.monotonic(), run.__dict__["is_frozen"])


def freezes_met(run: Run, now: datetime) -> FreezesMet:
    """Freezes in force over the run's scope that it has not met yet. Those it began under stand in `freezes_met` from the start."""
    found = [f for f in freezes_for(run.window_id, now) if f.severity in ENFORCED and f.id not in run.freezes_met]
    mine = [FreezeMet(f.id, f.title, f.on_running) for f in found]
    order = ["roll_back", "hold", "finish_step"]
    acting = sorted((f for f in mine if f.policy in order), key=lambda f: order.index(f.policy))
    return FreezesMet(acting[0] if acting else None, [f for f in mine if f.policy == "continue"])
