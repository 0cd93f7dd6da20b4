"""Runs that tests of the engine start from, and a world of scripted actions that remembers who called it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from tests import given_windows as given
from windows.access.roles import Role
from windows.actions import registry
from windows.actions.outcomes import Done, Outcome
from windows.actions.params import Params
from windows.actions.registry import Kind
from windows.execution.commands.transitions import open_live
from windows.execution.engine import loop, turns
from windows.execution.intent import Intent
from windows.execution.models import Run, StepRun, clock
from windows.execution.states import Phase, RunStatus, StepStatus
from windows.scheduling.models import Window


class Anything(Params):
    says: str = "fine"


@dataclass
class FakeContext:
    intent: Intent
    stop: Callable[[], bool]

    @property
    def checkpoint(self) -> dict[str, Any]:
        return self.intent.checkpoint

    @property
    def attempt(self) -> int:
        return self.intent.attempt

    def stop_requested(self) -> bool:
        return self.stop()

    def now(self) -> datetime:
        return clock()

    def log(self, text: str, level: str = "info") -> None:
        pass


@dataclass
class World:
    """`calls` holds (position, direction); `script[position, direction]` is a list of outcomes or callables, used up in order."""

    calls: list[tuple[int, str]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    script: dict[tuple[int, str], list[Any]] = field(default_factory=dict)
    prepared: dict[str, Any] | None = None

    def build(self, step_run: StepRun, run: Run, intent: Intent, stop: Callable[[], bool]) -> Any:
        return FakeContext(intent, stop)

    def act(self, params: Any, ctx: FakeContext) -> Outcome:
        place = (ctx.intent.position, ctx.intent.direction)
        self.calls.append(place)
        self.keys.append(ctx.intent.key)
        planned = self.script.get(place) or []
        outcome = planned.pop(0) if planned else Done("done")
        return outcome(ctx) if callable(outcome) else outcome

    def prepare(self, params: Any, ctx: FakeContext) -> dict[str, Any]:
        self.calls.append((ctx.intent.position, "prepare"))
        return dict(self.prepared or {})

    def kinds(self) -> dict[str, Kind]:
        hour = timedelta(hours=1)
        facts = {
            "params": Anything,
            "sentence": lambda p: p.says,
            "run": self.act,
            "compensate": self.act,
            "timeout": hour,
            "longest": hour,
        }
        rest = {"code": frozenset[str](), "urls": frozenset[str](), "summary": "", "repeatable": True, "needs": frozenset[str]()}
        prepare = self.prepare if self.prepared is not None else None
        return {
            "act": Kind(name="act", prepare=prepare, interruptible=True, **facts, **rest),
            "rock": Kind(name="rock", prepare=None, interruptible=False, **facts, **rest),
        }

    def drive(self, run: Run, turns_at_most: int = 50) -> Run:
        """As workers would, until it sleeps for longer than a moment, is stuck, or ended."""
        for _ in range(turns_at_most):
            loop.advance(run.pk, self.build)
            run.refresh_from_db()
            if run.wake_at is None or run.wake_at > clock():
                break
        return run

    def undone(self) -> list[int]:
        return [position for position, direction in self.calls if direction == "undo"]

    def done(self) -> list[int]:
        return [position for position, direction in self.calls if direction == "forward"]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """The action kinds `act` (may be interrupted) and `rock` (may not), scripted."""
    here = World()
    monkeypatch.setattr(registry, "kinds", here.kinds)
    monkeypatch.setattr(turns, "kinds", here.kinds)
    return here


def people() -> Window:
    """A window of the team shop: Olga owns it, Carl coordinates, Dora is deputy, Otto is on call, Sam is SRE."""
    olga = given.actor("olga", ("shop", Role.OWNER), ("shop", Role.MEMBER))
    carl, dora = given.person("carl", ("shop", Role.COORDINATOR)), given.person("dora", ("shop", Role.MEMBER))
    given.person("otto", ("shop", Role.ON_CALL))
    given.person("sam", ("infra", Role.SRE))
    return given.window(olga, coordinator_id=carl.pk, deputy_id=dora.pk)


def step(**facts: Any) -> dict[str, Any]:
    """A step row's fields: kind `act`, repeatable, undone by the kind itself."""
    kind = facts.get("kind", "act")
    undo = {"kind": kind, "params": {}, "verb": "compensate"}
    base = {"kind": kind, "params": {}, "undo": undo, "is_repeatable": True, "timeout": timedelta(seconds=30), "backoff": timedelta(0)}
    return base | facts


def check(**facts: Any) -> dict[str, Any]:
    return step(phase=Phase.VALIDATION.value, undo=None, **facts)


def run_of(*steps: dict[str, Any], window: Window | None = None, status: RunStatus = RunStatus.RUNNING, **facts: Any) -> Run:
    """A run under way, its window running, due now."""
    window = window or people()
    now = clock()
    Window.objects.filter(pk=window.pk).update(
        status="running", started_at=now, starts_at=now - timedelta(minutes=1), ends_at=now + timedelta(hours=1)
    )
    window.refresh_from_db()
    base: dict[str, Any] = {
        "number": 1, "status": status.value, "started_by": "a test", "window_ends_at": window.ends_at, "started_at": now, "wake_at": now,
        "turn_back_at": window.ends_at - timedelta(minutes=10),
    }  # fmt: skip
    rows = [{"name": f"step {n}", "sentence": f"Do {n}", "status": StepStatus.PENDING.value, **given} for n, given in enumerate(steps, 1)]
    with transaction.atomic():  # real workers look for due runs meanwhile: one without its steps would be done at once
        run = Run.objects.create(window=window, **(base | facts))
        StepRun.objects.bulk_create(StepRun(run=run, position=n, **row) for n, row in enumerate(rows, 1))
        open_live(run, now)
    return run


def statuses(run: Run) -> list[str]:
    return list(StepRun.objects.filter(run=run).order_by("position").values_list("status", flat=True))
