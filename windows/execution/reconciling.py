"""What is observed of every surface is compared with what is desired: drift is written down, then mended or shown; what nobody wants any
more is ended. One surface's trouble is no other's."""

from __future__ import annotations

from datetime import datetime
from types import ModuleType

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from slo.telemetry.carrying import under
from windows.actions.ports import Observed, PortError
from windows.execution.commands.asking import page
from windows.execution.commands.surfaces import end, note, want
from windows.execution.models import LIVE, Run, Surface, clock
from windows.execution.ports.alone import is_ours, leave
from windows.execution.ports.limits import Limits
from windows.execution.ports.patience import patiently
from windows.execution.ports.surfaces import adapter, other_side, unknown
from windows.execution.queries.surfaces import derived
from windows.execution.queries.tags import known_tags
from windows.execution.states import RunStatus, SurfaceStatus

MANY = 200
AFTER_PREFLIGHT = sorted(set(LIVE) - {RunStatus.PREFLIGHT.value})


def due(now: datetime) -> list[tuple[int, str]]:
    """Surfaces to look at, with whom that asks. Those of a run that has ended come first, at once when it ends: they must go. What could
    not be ended then is tried again when its time has come, as everything else."""
    rows = Surface.objects.order_by("due_at", "pk")
    unseen = Q(observed_at=None) | Q(observed_at__lte=F("run__ended_at"))
    over = rows.filter(Q(due_at__lte=now) | unseen, due_at__isnull=False).exclude(run__status__in=LIVE)
    live = rows.filter(due_at__lte=now, run__status__in=LIVE)
    found = [*over.values_list("pk", "kind", "desired")[:MANY], *live.values_list("pk", "kind", "desired")[:MANY]]
    return [(pk, other_side(kind, desired)) for pk, kind, desired in found]


def derive() -> None:
    """The surfaces that follow from a run itself get their rows: its flags, its live rows, its event in the calendars."""
    for run in Run.objects.select_related("window").filter(status__in=AFTER_PREFLIGHT, rehearsal="").order_by("pk")[:MANY]:
        known = {(kind, name): desired for kind, name, desired in run.surfaces.values_list("kind", "name", "desired")}
        for kind, name, desired in derived(run):
            if known.get((kind, name)) != desired:
                want(run.pk, kind, name, desired, on_drift="show" if kind == "flag" else "mend")


def reconcile(surface_id: int) -> bool:
    """Look at one, and act; False where the other side did not answer. Another worker that comes upon it meanwhile finds that it is not
    due; what a step is acting on just now is left to it."""
    row, now = Surface.objects.get(pk=surface_id), clock()
    if row.due_at is None or not Surface.objects.filter(pk=row.pk, due_at=row.due_at).update(due_at=now + settings.ROADWORKS.reconcile):
        return True
    limits = Limits.of(settings.ROADWORKS.gate_timeout.total_seconds(), lambda: False)
    if not is_ours(row.pk):
        return True
    try:
        while True:  # again where somebody has wished otherwise meanwhile: then what was done last was done for an old wish
            mine = known(surface_id)
            with under(known_tags(mine.run)):
                answered = see_to(mine, limits)
            if not answered or mine.status == SurfaceStatus.ENDED or known(surface_id).generation == mine.generation:
                return answered
    finally:
        leave(row.pk)


def known(surface_id: int) -> Surface:
    return Surface.objects.select_related("window", "run").get(pk=surface_id)


def see_to(row: Surface, limits: Limits) -> bool:
    """What is to be done about it now; False where the other side did not answer."""
    if row.status == SurfaceStatus.ENDED:
        return True
    if row.status == SurfaceStatus.ENDING or row.run.status not in LIVE:
        return see_off(row, limits)
    by = adapter(row.kind)
    try:
        seen: Observed = by.observe(row, limits)
        if seen.agrees and hasattr(by, "keep"):
            seen = kept(by, row, seen, limits)
        noted = write(row, seen, limits)
        if seen.agrees or noted.generation != row.generation or noted.status == SurfaceStatus.ACCEPTED or row.on_drift != "mend":
            return True
        write(row, by.mend(row, limits), limits, mended=True)
    except PortError as error:
        write(row, unknown(error), limits)
        return error.permanent
    return True


def kept(by: ModuleType, row: Surface, seen: Observed, limits: Limits) -> Observed:
    """Renewed, where that works; else it still holds and is renewed at the next look."""
    try:
        renewed: Observed = by.keep(row, seen, limits)
    except PortError:
        return seen
    return renewed


def see_off(row: Surface, limits: Limits) -> bool:
    """Nobody wants it any more."""
    try:
        said = adapter(row.kind).end(row, limits)
    except PortError as error:
        why = str(error)
        write(row, Observed(False, dict(row.observed), f"It could not be ended yet: {why}"), limits)
        if row.kind == "credential" and row.run.status not in LIVE:
            patiently(lambda: outlives(row.run, row.name, why), limits)
        if row.kind == "silence" and row.run.status not in LIVE:
            patiently(lambda: still_silent(row, why), limits)
        return error.permanent
    patiently(lambda: end(row.pk, said, generation=row.generation), limits)
    return True


def outlives(run: Run, name: str, why: str) -> None:
    """Access that should be gone is a security matter: people hear of it at once, once (F6)."""
    with transaction.atomic():
        page(
            run, f"credential:{name}", f"has ended and its credential {name} has not", f"It could not be revoked: {why}. It is tried again."
        )


def still_silent(row: Surface, why: str) -> None:
    """A silence that could not be taken away lapses by itself within minutes; people hear that it is still there, once (G3)."""
    with transaction.atomic():
        until = f" It lapses by itself at {row.lapses_at:%H:%M:%S} UTC." if row.lapses_at else ""
        said = f"{row.name} could not be taken away: {why}.{until} It is tried again."
        page(row.run, f"silence:{row.name}", "has ended and its silence has not", said)


def write(row: Surface, seen: Observed, limits: Limits, *, mended: bool = False) -> Surface:
    def noted() -> Surface:
        return note(row.pk, seen, generation=row.generation, due_at=clock() + settings.ROADWORKS.reconcile, mended=mended)

    return patiently(noted, limits)
