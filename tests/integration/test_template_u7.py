"""U7 for real: a hole is closed in two services and a batch job, each a process that begins anew; a bad patch takes all of them back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.given_templates import carried_out, outcomes, plan_of
from tests.measured import again_and_again, exported, known, until
from tests.servers import Prometheus
from tests.services import Services, services
from windows.execution.models import Run

pytestmark = pytest.mark.django_db(transaction=True)
NAMES = ("orders", "baskets", "reports")
FAST = {"seconds": 5, "settle": "1s", "errors": 0, "refused": 0}


@pytest.fixture(scope="module")
def three(prometheus: Prometheus) -> Iterator[Services]:
    with services(*NAMES) as made, exported(made.metrics, prometheus):
        prometheus.scrape(*made.scrapes())
        yield made


def patched(three: Services, prometheus: Prometheus, settings: Any, folder: Path, **said: Any) -> Run:
    settings.PROMETHEUS_URL, settings.COMMANDS_DIR = prometheus.url, three.commands(folder)
    with again_and_again(three.attack, rest=0.1), again_and_again(three.use):
        known(prometheus.url, "sum(rate(service_failures_total[5s])) == 0", "count(exploit_succeeded) == 3", "sum(exploit_succeeded) == 3")
        known(prometheus.url, *(f'rate(service_requests_total{{service="{name}"}}[5s]) > 0' for name in NAMES))
        return carried_out(plan_of("u7-security-patch", **FAST, **said))


def test_u7_e03_the_hole_is_closed_everywhere_batch_jobs_too_and_nobody_is_turned_away(
    three: Services, prometheus: Prometheus, settings: Any, tmp_path: Path
) -> None:
    three.prepare()
    run = patched(three, prometheus, settings, tmp_path, patience=500)
    assert run.status == "succeeded", (run.reason, outcomes(run), three.failed[:3])
    assert not three.failed
    assert three.levels() == dict.fromkeys(NAMES, 2)
    assert not (three.folder / "reports" / "hold").exists()


def test_u7_e03_one_that_fails_takes_all_of_them_back(three: Services, prometheus: Prometheus, settings: Any, tmp_path: Path) -> None:
    """The second service's patch refuses everybody: the first goes back too, and the jobs are never held."""
    for name in NAMES:
        three.restart(name)
    three.prepare(broken="baskets")
    run = patched(three, prometheus, settings, tmp_path, patience=500)
    assert run.status == "rolled_back", (run.reason, outcomes(run))
    assert "baskets" in run.reason or "People can still sign in" in run.reason
    assert outcomes(run)["Patch orders"][0] == "compensated"
    assert outcomes(run)["Hold the jobs of reports"][0] == "pending"
    until(lambda: three.levels() == dict.fromkeys(NAMES, 1), "the levels of before")
    three.failed.clear()
    three.use()
    assert not three.failed


def test_u7_what_somebody_else_brought_there_meanwhile_is_not_taken_back_over_their_head(
    three: Services, prometheus: Prometheus, settings: Any, tmp_path: Path
) -> None:
    """The second service's patch is bad; while it is found out, somebody brings the first to level 9 by hand."""
    for name in NAMES:
        three.restart(name)
    three.prepare(broken="baskets")

    def by_hand() -> None:
        if (three.folder / "baskets" / "level").read_text().strip() == "3":
            (three.folder / "orders" / "brought").write_text("9")

    with again_and_again(by_hand, rest=0.05):
        run = patched(three, prometheus, settings, tmp_path, patience=500)
    assert run.status == "stuck", (run.reason, outcomes(run))
    state, why = outcomes(run)["Patch orders"]
    assert (state, "patch-level says 'level 9', 'level 2' expected" in why) == ("compensation_failed", True), why
    assert outcomes(run)["Patch baskets"][0] == "compensated"
    assert three.levels()["orders"] == 2, "as somebody left it"
