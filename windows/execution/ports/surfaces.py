"""The surfaces port: what is wanted is written down, then done by the adapter of its kind, then what was seen is written down.

An adapter is one module in adapters/ with
    observe(row, limits) -> Observed            what is there now; PortError where that cannot be known
    mend(row, limits) -> Observed               bring it to `row.desired`, also the first time; again it changes nothing
    end(row, limits) -> str                     let it go; one sentence
    keep(row, seen, limits) -> Observed         optional: renew what lapses by itself
    OTHER_SIDE                                  optional: which of `desired` names the server it talks to, where there may be several
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from types import ModuleType
from typing import Any

from django.conf import settings

from windows.actions.ports import Observed, PortError, Rejected
from windows.audit.clock import clock
from windows.execution.commands.surfaces import UNKNOWN, end, let_go, note, want
from windows.execution.models import Run, Surface
from windows.execution.ports import adapters as folder
from windows.execution.ports.alone import alone
from windows.execution.ports.limits import Limits
from windows.execution.ports.patience import patiently
from windows.execution.states import SurfaceStatus


@cache
def adapters() -> Mapping[str, ModuleType]:
    """Every adapter by its kind, which is its module's name."""
    return {item.name: importlib.import_module(f"{folder.__name__}.{item.name}") for item in pkgutil.iter_modules(folder.__path__)}


def adapter(kind: str) -> ModuleType:
    if kind not in adapters():
        raise Rejected(f"There is no surface of the kind “{kind}”.")
    return adapters()[kind]


def other_side(kind: str, desired: Mapping[str, Any]) -> str:
    """Whom a look at it asks: where one of them is away, the others are asked all the same."""
    field = getattr(adapters().get(kind), "OTHER_SIDE", "")
    return f"{kind} {desired.get(field, '')}".strip()


def unknown(error: PortError) -> Observed:
    """Not known is not in place."""
    return Observed(False, UNKNOWN, f"Not known: {error}")


class Surfaces:
    def __init__(self, run: Run, limits: Limits) -> None:
        self.run, self.limits = run, limits

    def look(self, kind: str, name: str, desired: Mapping[str, Any]) -> Observed:
        kept = patiently(lambda: self.kept(kind, name), self.limits)
        row = Surface(run=self.run, window=self.run.window, kind=kind, name=name, desired=dict(desired), handle=kept.handle if kept else "")
        seen: Observed = adapter(kind).observe(row, self.limits)
        return seen

    def covers(self, service: str, environment: str) -> bool:
        scopes = self.run.window.scopes.filter(service__slug=service)
        if self.run.rehearsal:  # the same services, elsewhere; a name without an environment would be production's as well
            return environment == self.run.staged["environment"] and patiently(scopes.exists, self.limits)
        return patiently((scopes.filter(environment=environment) if environment else scopes).exists, self.limits)

    def wanted(self, kind: str, name: str) -> Mapping[str, Any]:
        row = patiently(lambda: self.kept(kind, name), self.limits)
        return row.desired if row and row.status != SurfaceStatus.ENDING else {}

    def hold(self, kind: str, name: str, desired: Mapping[str, Any], *, on_drift: str = "mend", within: str = "") -> Observed:
        by = adapter(kind)
        told: dict[str, Any] = {"on_drift": on_drift, "within": within, "due_in": soon()}
        row = patiently(lambda: want(self.run.pk, kind, name, dict(desired), **told), self.limits)
        with alone(row.pk, self.limits):
            try:
                seen: Observed = by.mend(row, self.limits)
            except PortError as error:
                self.note(row, unknown(error))
                raise
            self.note(row, seen)
        return seen

    def note(self, row: Surface, seen: Observed) -> None:
        patiently(lambda: note(row.pk, seen, generation=row.generation, due_at=clock() + soon()), self.limits)

    def let_go(self, kind: str, name: str) -> str:
        row = patiently(lambda: self.kept(kind, name), self.limits)
        if row is None:
            return "It was never there."
        mine = patiently(lambda: let_go(row.pk, due_in=soon()), self.limits)
        with alone(mine.pk, self.limits):
            said = str(adapter(kind).end(mine, self.limits))
            patiently(lambda: end(mine.pk, said, generation=mine.generation), self.limits)
        return said

    def kept(self, kind: str, name: str) -> Surface | None:
        rows = Surface.objects.filter(window=self.run.window, kind=kind, name=name[:200], is_rehearsed=bool(self.run.rehearsal))
        return rows.exclude(status="ended").first()


def soon() -> timedelta:
    """Until it is looked at again."""
    period: timedelta = settings.ROADWORKS.reconcile
    return period
