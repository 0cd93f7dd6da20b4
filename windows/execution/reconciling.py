"""What is observed of every surface is compared with what is desired: drift is written down, then mended or shown; what nobody wants any
more is ended. One surface's trouble is no other's."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from windows.actions.ports import Observed, PortError
from windows.execution.commands.asking import page
from windows.execution.commands.surfaces import end, note, want
from windows.execution.models import LIVE, Run, Surface, clock
from windows.execution.ports.limits import Limits
from windows.execution.ports.patience import patiently
from windows.execution.ports.surfaces import UNKNOWN, adapter, unknown
from windows.execution.queries.surfaces import derived
from windows.execution.states import RunStatus, SurfaceStatus

MANY = 200
AFTER_PREFLIGHT = sorted(set(LIVE) - {RunStatus.PREFLIGHT.value})


def due(now: datetime) -> list[tuple[int, str]]:
    """Surfaces to look at, with their kinds. Those of a window that has ended come first: they must go."""
    over = Surface.objects.filter(due_at__isnull=False).exclude(run__status__in=LIVE).order_by("due_at").values_list("pk", "kind")
    live = Surface.objects.filter(due_at__lte=now, run__status__in=LIVE).order_by("due_at").values_list("pk", "kind")
    return [*over[:MANY], *live[:MANY]]


def derive() -> None:
    """The surfaces that follow from a run itself get their rows: its flags, its live rows, its event in the calendars."""
    for run in Run.objects.select_related("window").filter(status__in=AFTER_PREFLIGHT).order_by("pk")[:MANY]:
        known = {(kind, name): desired for kind, name, desired in run.surfaces.values_list("kind", "name", "desired")}
        for kind, name, desired in derived(run):
            if known.get((kind, name)) != desired:
                want(run.pk, kind, name, desired, on_drift="show" if kind == "flag" else "mend")


def reconcile(surface_id: int) -> bool:
    """Look at one, and act; False where the other side did not answer. Another worker that comes upon it meanwhile finds that it is not
    due."""
    row = Surface.objects.select_related("window", "run").get(pk=surface_id)
    now, period = clock(), settings.ROADWORKS.reconcile
    if row.due_at is None or not Surface.objects.filter(pk=row.pk, due_at=row.due_at).update(due_at=now + period):
        return True
    limits = Limits.of(settings.ROADWORKS.gate_timeout.total_seconds(), lambda: False)
    by = adapter(row.kind)
    if row.run.status not in LIVE:
        try:
            said = by.end(row, limits)
        except PortError as error:
            write(row, Observed(False, dict(row.observed), f"It could not be ended yet: {error}"), now, limits)
            if row.kind == "credential":
                why = str(error)
                patiently(lambda: outlives(row.run, row.name, why), limits)
            return False
        patiently(lambda: end(row.pk, said), limits)
        return True
    seen = look(row, limits)
    if not seen.agrees:
        row = write(row, seen, now, limits)
        if seen.state == UNKNOWN or row.status == SurfaceStatus.ACCEPTED or row.on_drift != "mend":
            return seen.state != UNKNOWN
        try:
            seen = by.mend(row, limits)
        except PortError as error:
            seen = unknown(error)
        write(row, seen, now, limits, mended=True)
        return seen.state != UNKNOWN
    if hasattr(by, "keep"):
        try:
            seen = by.keep(row, seen, limits)
        except PortError:
            pass  # it still holds: renewed at the next look
    write(row, seen, now, limits)
    return True


def outlives(run: Run, name: str, why: str) -> None:
    """Access that should be gone is a security matter: people hear of it at once, once (F6)."""
    with transaction.atomic():
        page(
            run, f"credential:{name}", f"has ended and its credential {name} has not", f"It could not be revoked: {why}. It is tried again."
        )


def look(row: Surface, limits: Limits) -> Observed:
    try:
        seen: Observed = adapter(row.kind).observe(row, limits)
    except PortError as error:
        return unknown(error)
    return seen


def write(row: Surface, seen: Observed, now: datetime, limits: Limits, *, mended: bool = False) -> Surface:
    return patiently(lambda: note(row.pk, seen, due_at=now + settings.ROADWORKS.reconcile, mended=mended), limits)
