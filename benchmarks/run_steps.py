"""P-E: a runbook of 50 no-op steps, durable, leased and audited, beside a Celery chain and two bare durable commits.

    .venv/bin/python benchmarks/run_steps.py [--steps 50] [--rounds 6]

A store of its own with durable settings, an embedded Valkey, one worker process of ours and one of the peer's. Rounds are interleaved;
from the beginning of a step to the beginning of the next, median of all. Ansible is measured where `ansible-playbook` is installed.
Targets: at most 2x a Celery chain's step, at most 1/30 of Ansible's; the first step at most 2x as late as Celery's.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import psycopg  # noqa: E402

from benchmarks.conflicts import store  # noqa: E402
from portal.bootstrap import valkey  # noqa: E402
from portal.bootstrap.processes import Child, Supervisor  # noqa: E402

Times = tuple[float, list[float]]  # seconds from the trigger to the first step, and from each step to the next


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=6)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="roadworks-bench-"))
    supervisor = Supervisor(folder, say=lambda text: None)
    supervisor.start(valkey.child(folder / "valkey", folder))
    os.environ["BROKER_URL"] = valkey.url(folder)
    try:
        with store() as address:
            measure(options, folder, supervisor, address)
    finally:
        supervisor.stop()
        shutil.rmtree(folder, ignore_errors=True)


def measure(options: argparse.Namespace, folder: Path, supervisor: Supervisor, address: str) -> None:
    mark = folder / "ready"
    environ = {"DATABASE_URL": address, "READY_FILE": str(mark)}
    ours = Child("worker", [sys.executable, "-m", "portal.worker", "worker:execute:1"], environ=environ, ready=mark.exists)
    peer = Child("peer", [sys.executable, str(ROOT / "benchmarks" / "steps_peer.py")])
    supervisor.start(ours, peer)
    supervisor.pause(2)
    found: dict[str, list[Times]] = {"Roadworks": [], "Celery chain": [], "two bare commits": []}
    template = given_window()
    for number in range(options.rounds + 1):
        taken = {
            "Roadworks": run(template, number, options.steps),
            "Celery chain": chain(number, options.steps),
            "two bare commits": commits(address, options.steps),
        }
        if number:  # the first round warms everything up
            for name, times in taken.items():
                found[name].append(times)
    show(found, ansible(options.steps, folder))


def given_window() -> Any:
    from tests.given_runs import people

    return people()


def run(template: Any, number: int, steps: int) -> Times:
    """One run under way, its plan of no-op steps; the clock starts at the ring."""
    import uuid

    from tests.given_runs import run_of
    from windows.delivery.bell import ring
    from windows.execution.models import Run

    template.pk, template.uid, template._state.adding = None, uuid.uuid4(), True
    template.save()
    nothing = {"kind": "wait", "params": {"until": "2020-01-01T00:00:00+00:00"}, "undo": None, "is_repeatable": True}
    row = {**nothing, "timeout": timedelta(minutes=1), "backoff": timedelta(0)}
    one = run_of(*[row for _ in range(steps)], window=template, wake_at=None)
    began = time.time()
    assert ring("execution.advance_run", one.pk)
    until = time.monotonic() + 60
    while Run.objects.values_list("status", flat=True).get(pk=one.pk) != "succeeded":
        assert time.monotonic() < until, Run.objects.get(pk=one.pk).reason
        time.sleep(0.01)
    return split(began, [at.timestamp() for at in one.steps.order_by("position").values_list("intended_at", flat=True)])


def chain(number: int, steps: int) -> Times:
    from benchmarks import steps_peer as peer

    name, notes = f"round{number}", peer.notes
    began = time.time()
    links = [peer.step.si(name, each) for each in range(steps)]
    from celery import chain as celery_chain

    celery_chain(*links).apply_async()
    until = time.monotonic() + 60
    while notes.llen(name) < steps:
        assert time.monotonic() < until
        time.sleep(0.005)
    return split(began, sorted(float(note.split()[1]) for note in notes.lrange(name, 0, -1)))


def commits(address: str, steps: int) -> Times:
    """What durability alone costs: an intent and an outcome, each its own transaction."""
    began = time.time()
    times = []
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("create table if not exists bare (id bigserial primary key, state text)")
        for _ in range(steps):
            times.append(time.time())
            row = connection.execute("insert into bare (state) values ('started') returning id").fetchone()
            connection.execute("update bare set state = 'done' where id = %s", row)
    return split(began, times)


def ansible(steps: int, folder: Path) -> float | None:
    """Milliseconds a task, or None where it is not installed."""
    if not shutil.which("ansible-playbook"):
        return None
    tasks = "".join("    - command: /bin/true\n" for _ in range(steps))
    book = folder / "book.yml"
    book.write_text(f"- hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks:\n{tasks}")
    began = time.monotonic()
    subprocess.run(["ansible-playbook", "-i", "localhost,", str(book)], check=True, capture_output=True)
    return (time.monotonic() - began) / steps * 1000


def split(began: float, times: list[float]) -> Times:
    return times[0] - began, [after - before for before, after in itertools.pairwise(times)]


def show(found: dict[str, list[Times]], task: float | None) -> None:
    step = {name: statistics.median(t for _, each in rounds for t in each) * 1000 for name, rounds in found.items()}
    first = {name: statistics.median(start for start, _ in rounds) * 1000 for name, rounds in found.items()}
    print(f"{'':20} {'ms a step':>10} {'first ms':>10}")
    for name in found:
        print(f"{name:20} {step[name]:10.2f} {first[name]:10.2f}")
    print(f"a step against a Celery chain's: {step['Roadworks'] / step['Celery chain']:.2f}x (target 2, stretch 1)")
    print(f"a step against two bare commits: {step['Roadworks'] / step['two bare commits']:.2f}x")
    print(f"the first step against Celery's: {first['Roadworks'] / first['Celery chain']:.2f}x (target 2)")
    if task is not None:
        print(f"a step against Ansible's {task:.0f} ms: 1/{task / step['Roadworks']:.0f} (target 1/30)")


if __name__ == "__main__":
    main()
