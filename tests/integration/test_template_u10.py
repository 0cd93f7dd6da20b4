"""U10 for real: functions whose instances are processes get another runtime; users never wait for one to start, or all goes back.

Story E2 is this: 5 % and then more, a flag for each function, gates, and the flags rolled back."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.bootstrap.processes import Child
from tests import given_windows as given
from tests.clusters import KUBE, asked
from tests.given_templates import Node, carried_out, outcomes, plan_of
from tests.measured import again_and_again, known
from tests.servers import Prometheus, Server, folder, free_ports, listens, remove
from windows.execution.models import Run
from windows.flags.models import FlagVersion

pytestmark = pytest.mark.django_db(transaction=True)
PROGRAM = Path(__file__).parents[1] / "functions.py"
NAMES = ("thumbnail", "invoice")
FAST = {"seconds": 5, "settle": "1s", "errors": 0, "warm": 4, "p99": 60, "median": 60}


class Functions:
    def __init__(self) -> None:
        base, _ = folder("functions")
        self.port = free_ports(1)[0]
        self.server = Server("", base, Child("functions", [sys.executable, str(PROGRAM), str(self.port)], ready=listens(self.port)))
        self.failed, self.put_off = list[str](), 0

    def order(self, **said: object) -> None:
        told = "&".join(f"{name}={value}" for name, value in said.items())
        assert asked(self.port, "POST", f"/order?{told}") == (200, "done")

    def prepare(self) -> None:
        """All of it on the first runtime, which is warm."""
        self.failed.clear()
        self.order(verb="unshare", runtime=2, of=1, percent=100)
        for name in NAMES:
            self.order(verb="cool", function=name, runtime=2)
            self.order(verb="warm", function=name, runtime=1, count=4)
            self.order(verb="throttle", function=name, rate=0)

    def use(self) -> None:
        for name in NAMES:
            status, text = asked(self.port, "GET", f"/invoke/{name}")
            self.put_off += status == 429
            if (status, text) not in ((200, "olleh"), (429, "later")):
                self.failed.append(f"{name}: {status} {text}")

    def measured(self, start: str) -> float:
        lines = [line for line in asked(self.port, "GET", "/metrics")[1].splitlines() if line.startswith(start)]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


class Gateway(Node):
    """Throttles the function its flag names, and then says so."""

    def __init__(self, functions: Functions) -> None:
        self.functions, self.told = functions, list[tuple[str, str]]()
        super().__init__("functions")

    def apply(self, newest: FlagVersion) -> None:
        self.functions.order(verb="throttle", function=newest.flag.component, rate=newest.payload.get("rate", 0))
        self.told.append((newest.flag.component, newest.mode))


@pytest.fixture(scope="module")
def functions(prometheus: Prometheus) -> Iterator[Functions]:
    made = Functions()
    prometheus.scrape(f"127.0.0.1:{made.port}")
    yield made
    remove(made.server)


def moved(functions: Functions, prometheus: Prometheus, settings: Any, folder: Path, **said: Any) -> tuple[Run, Gateway]:
    given.service("functions", regions=("r1",))
    gateway = Gateway(functions)
    (folder / "functions").write_text(KUBE.format(python=sys.executable, port=functions.port))
    (folder / "functions").chmod(0o755)
    settings.PROMETHEUS_URL, settings.COMMANDS_DIR = prometheus.url, folder
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
