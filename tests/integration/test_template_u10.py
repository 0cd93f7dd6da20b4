"""U10 for real: functions whose instances are processes get another runtime; users never wait for one to start, or all goes back.

Story E2 is this: 5 % and then more, a flag for each function, gates, and the flags rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import invocations
from tests.given_templates import carried_out, outcomes, plan_of
from tests.invocations import NAMES, Functions, Gateway
from tests.measured import again_and_again, known
from tests.servers import Prometheus
from windows.execution.models import Run

pytestmark = pytest.mark.django_db(transaction=True)
FAST = {"seconds": 5, "settle": "1s", "errors": 0, "warm": 4, "p99": 60, "median": 60}


@pytest.fixture(scope="module")
def functions(prometheus: Prometheus) -> Iterator[Functions]:
    with invocations.functions(prometheus) as made:
        yield made


def moved(functions: Functions, prometheus: Prometheus, settings: Any, folder: Path, **said: Any) -> tuple[Run, Gateway]:
    gateway = Gateway(functions)
    settings.PROMETHEUS_URL, settings.COMMANDS_DIR = prometheus.url, functions.commands(folder)
    functions.prepare()
    with again_and_again(functions.use, functions.use):
        known(prometheus.url, "sum(rate(function_errors_total[5s])) / (sum(rate(function_invocations_total[5s])) > 0)")
        return carried_out(plan_of("u10-cold-starts", **FAST, **said), gateway), gateway


def test_u10_e02_users_never_wait_for_a_cold_start(functions: Functions, prometheus: Prometheus, settings: Any, tmp_path: Path) -> None:
    run, gateway = moved(functions, prometheus, settings, tmp_path, cold=0)
    assert run.status == "succeeded", (run.reason, outcomes(run), functions.failed[:3])
    assert not functions.failed
    assert functions.measured('function_cold_starts_total{function="thumbnail",runtime="2"}') == 0
    assert functions.measured('function_invocations_total{function="invoice",runtime="2"}') > 0
    assert functions.put_off, "over its rate nobody is let in while it is moved"
    assert gateway.told == [(name, mode) for mode in ("throttled", "normal") for name in NAMES]


def test_u10_e02_a_runtime_that_always_starts_cold_goes_back_with_the_flags(
    functions: Functions, prometheus: Prometheus, settings: Any, tmp_path: Path
) -> None:
    run, gateway = moved(functions, prometheus, settings, tmp_path, new=13, cold=0.3)
    assert run.status == "rolled_back", (run.reason, outcomes(run))
    assert "nobody waits for a cold start" in run.reason
    assert dict(gateway.told) == dict.fromkeys(NAMES, "normal"), "the flags are as they were before"
    before = functions.measured('function_invocations_total{function="invoice",runtime="13"}')
    functions.use()
    assert functions.measured('function_invocations_total{function="invoice",runtime="13"}') == before
    assert not functions.failed
