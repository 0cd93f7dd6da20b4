"""Workers are killed in the middle of steps and of compensations, and nothing is lost, doubled or out of order.

ROADWORKS_KILLS says how many kills that cut a call, on each broker and a quarter of it on PostgreSQL 15; ROADWORKS_SEED which. A kill
that cut nothing is not counted: a story whose kills do not bite fails.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import time
from typing import Any

import pytest
from django.db.models import Q

from portal.bootstrap.processes import kill_group
from tests import given_windows as given
from tests.given_calls import call, copy_of
from tests.given_runs import people, run_of
from tests.ledger import Ledger
from tests.workers import Workers, wait_until_gone
from windows.execution.commands.holding import resume
from windows.execution.commands.steps import attest
from windows.execution.models import Run, StepRun
from windows.execution.saga import TAKEOVERS
from windows.live.models import LiveScope
from windows.scheduling.models import Window

KILLS = int(os.environ.get("ROADWORKS_KILLS", "20"))
AT_ONCE = 3
LIMIT = 3 + TAKEOVERS  # tries of a step of `call()` whose workers die


def start(ledger: Ledger, template: Window, number: int, *, fails: bool) -> Run:
    """Eight steps, every third at the door that does not forgive a second call; the last one may fail, and all is rolled back."""
    steps = [call(ledger, "plain" if position % 3 == 0 else "honours") for position in range(1, 8)]
    return run_of(*steps, call(ledger, "broken" if fails else "honours"), window=copy_of(template, number))


def answer_for_a_person(ledger: Ledger, run: Run) -> None:
    """Whoever is asked looks at the target, once nothing is on its way there any more, and says the truth."""
    for step in run.steps.filter(status="in_doubt"):
        if ledger.in_flight(run.pk):
            return
        attest(given.actor("olga"), run.pk, step.position, step.position in ledger.effects(run.pk, "forward"), "looked at the target")
    resume(given.actor("olga"), run.pk, "went on")


class Killer:
    """Kills every pool process, or now and then the whole worker, while the target keeps a call: before its effect, or between effect
    and answer. Which, and whose call, follows from the seed and the run's own pace."""

    def __init__(self, company: Workers, ledger: Ledger, seed: int) -> None:
        self.company, self.ledger, self.dice = company, ledger, random.Random(seed)
        self.kills = self.bites = 0

    def strike(self) -> None:
        trap = self.ledger.set_trap(
            self.dice.choice(["before", "between"]), skip=self.dice.randrange(3), direction="undo" if self.kills % 2 else ""
        )
        until = time.monotonic() + 20
        while not trap.caught.wait(0.1) and time.monotonic() < until:
            self.mind_the_worker()
        if not trap.caught.is_set():
            return trap.spring()
        self.kills += 1
        if self.kills % 10 == 0:
            self.company.kill("worker")
            self.company.restart("worker", wait=False)
        else:
            pool = self.company.pool("worker")
            time.sleep(max(0.0, 1.1 - age(pool)))  # Celery gives up when a pool process dies in its first second
            for pid in pool:
                os.kill(pid, signal.SIGKILL)
            wait_until_gone(pool)
        trap.spring()
        assert trap.answered.wait(60)
        self.bites += trap.was_cut
        return None

    def mind_the_worker(self) -> None:
        """Celery gives up when a pool process dies in its first second: then a supervisor starts it again."""
        if not self.company.is_running("worker"):
            kill_group(self.company.roles["worker"])  # its pool outlives a main process that gave up
            self.company.restart("worker", wait=False)


def age(pool: list[int]) -> float:
    """Seconds since the youngest was born."""
    return min((time.time() - os.stat(f"/proc/{pid}").st_ctime for pid in pool), default=9.0)


def story(company: Workers, ledger: Ledger, kills: int, seed: int) -> tuple[Killer, dict[int, bool]]:
    template, killer, fails, closed = people(), Killer(company, ledger, seed), dict[int, bool](), set[int]()
    until = time.monotonic() + 180 + 30 * kills
    while killer.bites < kills or len(closed) < len(fails):
        assert time.monotonic() < until, f"seed {seed}: {killer.bites} of {kills} kills bit; open: {open_runs(fails, closed)}"
        while killer.bites < kills and len(fails) - len(closed) < AT_ONCE:
            run = start(ledger, template, len(fails), fails=len(fails) % 2 == 0)
            fails[run.pk] = len(fails) % 2 == 0
        for run in Run.objects.filter(pk__in=set(fails) - closed):
            if run.status in {"succeeded", "rolled_back", "stuck", "aborted", "blocked"}:
                closed.add(run.pk)
            elif run.status == "held":
                answer_for_a_person(ledger, run)
        if killer.bites < kills and not worn_out(set(fails) - closed):
            killer.strike()
        else:
            killer.mind_the_worker()
            time.sleep(0.1)
    return killer, fails


def worn_out(runs: set[int]) -> bool:
    """Whether one more death of its worker would end the tries of a step: what kills each worker that touches it is another story."""
    last = LIMIT - 1
    return StepRun.objects.filter(
        Q(status="started", attempt__gte=last) | Q(status="compensating", undo_attempt__gte=last), run__in=runs
    ).exists()


def open_runs(fails: dict[int, bool], closed: set[int]) -> list[Any]:
    live = Run.objects.filter(pk__in=set(fails) - closed)
    return [(run.pk, run.status, run.reason, list(run.steps.order_by("position").values_list("status", flat=True))) for run in live]


VARIANTS = [("embedded", "valkey", KILLS), ("embedded", "rabbitmq", KILLS), ("pg15", "valkey", max(4, KILLS // 4))]


@pytest.mark.parametrize(("database", "broker_server", "kills"), VARIANTS, indirect=["database", "broker_server"])
def test_r_a01_r_a02_r_a08_test_killed_worker_resumes(
    company: Workers, ledger: Ledger, kills: int, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = int(os.environ.get("ROADWORKS_SEED", "20260101"))
    killer, fails = story(company, ledger, kills, seed)
    assert killer.bites >= kills
    for pk, failing in fails.items():
        run = Run.objects.get(pk=pk)
        assert (run.status, run.lease_until, run.wake_at) == ("rolled_back" if failing else "succeeded", None, None), (seed, run.reason)
        forward, back = ledger.effects(pk, "forward"), ledger.effects(pk, "undo")
        assert forward == list(range(1, 8 if failing else 9)), (seed, "every step took effect once and in order")
        assert back == (list(range(8, 0, -1)) if failing else []), (seed, "every touched step was undone once, the last one first")
    plain = [c.key for c in ledger.calls if c.door == "plain"]
    assert all(ledger_arrivals_are_single(ledger, key) for key in plain), (seed, "what may not be repeated ran at most once")
    assert overlaps(ledger) == [], (seed, "no two live workers called for one run at the same time")
    assert not LiveScope.objects.exists() and not StepRun.objects.filter(status__in=["started", "compensating"]).exists()
    undone = sum(each.was_cut for each in ledger.calls if each.direction == "undo")
    with capsys.disabled():
        print(f"\n  seed {seed}: {killer.kills} kills, {killer.bites} cut a call ({undone} calls cut in compensations), {len(fails)} runs")


def ledger_arrivals_are_single(ledger: Ledger, key: str) -> bool:
    """A second call is right only after a person attested that the first had no effect."""
    return sum(each.took_effect for each in ledger.calls if each.key == key) == 1


def overlaps(ledger: Ledger) -> list[tuple[str, str]]:
    found = []
    for run in {each.run for each in ledger.calls}:
        calls = sorted((c for c in ledger.calls if c.run == run and not c.was_cut), key=lambda c: c.began)
        found += [(a.key, b.key) for a, b in itertools.pairwise(calls) if b.began < a.ended - 0.001]
    return found
