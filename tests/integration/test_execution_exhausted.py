"""Memory or disk that runs out under a step (R-A14): it fails with its reason, the run stays consistent, and what came before is undone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tests import given_runs
from tests.given_runs import World, run_of, step
from windows.audit.models import AuditEntry
from windows.execution.engine import loop
from windows.execution.models import Run
from windows.execution.ports.context import build
from windows.live.models import LiveScope

world = given_runs.world
pytestmark = pytest.mark.django_db(transaction=True)
HOG = f"ulimit -v 200000; exec {sys.executable} -c 'bytearray(10**9)'"


def consistent(run: Run) -> None:
    run.refresh_from_db()
    assert (run.status, run.lease_until, run.wake_at) == ("rolled_back", None, None), run.reason
    assert list(run.steps.order_by("position").values_list("status", flat=True)) == ["compensated", "compensated"]
    assert not LiveScope.objects.exists()
    assert AuditEntry.objects.filter(run_id=run.pk, kind="step.failed").count() == 1


def fill_the_disk(ctx: Any) -> Any:
    with Path("/dev/full").open("w") as file:
        file.write("what a worker keeps")


@pytest.mark.parametrize(
    ("exhaust", "reason"),
    [(lambda ctx: bytearray(2**60), "MemoryError"), (fill_the_disk, "No space left on device")],
    ids=["memory", "disk"],
)
def test_r_a14_a_worker_without_memory_or_disk_fails_its_step(world: World, exhaust: Any, reason: str) -> None:
    world.script[2, "forward"] = [exhaust]
    run = world.drive(run_of(step(), step()))
    consistent(run)
    assert reason in run.reason
    assert world.undone() == [2, 1]


@pytest.mark.parametrize(
    ("text", "reason"), [(HOG, "MemoryError"), ("echo all of it >/dev/full", "No space left on device")], ids=["memory", "disk"]
)
def test_r_a14_a_program_without_memory_or_disk_fails_its_step(tmp_path: Path, settings: Any, text: str, reason: str) -> None:
    for name, script in {"well": "true", "exhausted": text}.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{script}\n")
        (tmp_path / name).chmod(0o755)
    settings.COMMANDS_DIR = tmp_path
    undo = {"kind": "command", "params": {"name": "well"}, "verb": "run"}
    run = run_of(*(step(kind="command", params={"name": name}, undo=undo, is_repeatable=False) for name in ("well", "exhausted")))
    loop.advance(run.pk, build)
    consistent(run)
    failed = run.steps.get(position=2)
    log = "\n".join(run.logs.filter(position=2).values_list("text", flat=True))
    assert reason in run.reason + log, (run.reason, log)
    assert failed.undo_attempt == 1
