"""Many runs at once on few workers, and a broker that is away meanwhile (R-A18, R-B2): nobody starves, nothing is lost, pages are served.

ROADWORKS_RUNS says how many runs.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from portal.dashboards.queues import QUEUES
from tests import given_windows as given
from tests import servers
from tests.callers import browser
from tests.given_calls import call, copy_of
from tests.given_runs import people, run_of
from tests.ledger import Ledger
from tests.workers import Workers
from windows.delivery.bell import ring
from windows.delivery.consuming import unconsumed
from windows.execution.models import Run, StepRun

RUNS = int(os.environ.get("ROADWORKS_RUNS", "12"))
STEPS = 6


def ended(runs: list[Run]) -> list[Any]:
    found = Run.objects.filter(pk__in=[run.pk for run in runs])
    return list(found.values_list("status", flat=True)) if not found.exclude(status="succeeded").exists() else []


def test_r_a18_r_b02_many_at_once_and_a_broker_that_is_away(
    company: Workers, ledger: Ledger, broker_server: servers.Server, eventually: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    template = people()
    runs = [run_of(*[call(ledger, "honours") for _ in range(STEPS)], window=copy_of(template, n)) for n in range(RUNS)]
    for run in runs:
        ring("execution.advance_run", run.pk)
    eventually(lambda: ended(runs), 90 + 10 * RUNS)
    for run in runs:
        assert ledger.effects(run.pk, "forward") == list(range(1, STEPS + 1)), "each step once and in order"
    first = [min(each.began for each in ledger.calls if each.run == run.pk) for run in runs]
    turns = sorted(range(RUNS), key=first.__getitem__)
    assert max(abs(place - turn) for place, turn in enumerate(turns)) <= RUNS // 2, "first come, first served, or nearly"
    delays = sorted(
        (step.intended_at - run.created_at).total_seconds() for run in runs for step in StepRun.objects.filter(run=run, position=1)
    )
    with capsys.disabled():
        print(f"\n  {RUNS} runs of {STEPS} steps on two processes: the last began {delays[-1]:.1f} s after it was due")

    assert unconsumed(["execute", "sweep"]) == [] and unconsumed(QUEUES) == ["measure", "notify", "outside"]
    broker_server.kill()
    try:
        late = run_of(*[call(ledger, "honours") for _ in range(2)], window=copy_of(template, RUNS + 1))
        page = browser(given.person("olga"))
        assert page.get(f"/runs/{late.pk}").status_code == 200
        held = page.post(f"/runs/{late.pk}/hold", {"reason": "The broker is away.", "form_token": "a" * 32})
        assert held.status_code in {200, 302, 303}, held.content
        assert Run.objects.get(pk=late.pk).status == "held", "what people do is done"
        assert page.get("/dashboards/debug/queues").status_code == 200
        resumed = page.post(f"/runs/{late.pk}/resume", {"reason": "It will come back.", "form_token": "b" * 32})
        assert resumed.status_code in {200, 302, 303}
        assert Run.objects.get(pk=late.pk).status == "running"
        assert not ledger.effects(late.pk, "forward"), "no worker has heard of it"
    finally:
        broker_server.start()
    eventually(lambda: ended([late]))
    assert [each.position for each in ledger.calls if each.run == late.pk] == [1, 2]
