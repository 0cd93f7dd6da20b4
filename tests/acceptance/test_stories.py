"""The stories of the specification with everything real: the window asked for and approved, its run carried out by Celery's workers.

What each template does in detail is told by tests/integration/test_template_*.py; E2 and E4 are told there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests import given_windows as given
from tests.given_starts import approved_with, begins_now
from tests.given_templates import TEMPLATES, outcomes
from tests.measured import again_and_again, exported, known, until
from tests.servers import Prometheus
from tests.services import services
from tests.workers import Workers
from windows.access.roles import Role
from windows.runbooks.commands import upload_runbook

NAMES = ("orders", "baskets", "reports")
TOLD = {"seconds": 5, "settle": "1s", "errors": 0, "refused": 0, "patience": 500}
ENDED = {"succeeded", "rolled_back", "held", "stuck", "aborted", "blocked"}


def test_e03_a_patch_after_an_incident_goes_back_everywhere_when_one_consumer_fails(
    workers: Workers, prometheus: Prometheus, tmp_path: Path, settings: Any
) -> None:
    olga = given.actor("olga", ("shop", Role.OWNER))
    version = upload_runbook(olga, "high-risk-security-patch", (TEMPLATES / "u7-security-patch.yaml").read_text(), team="shop")
    window = approved_with(version, TOLD)
    (commands := tmp_path / "commands").mkdir()
    with services(*NAMES) as three, exported(three.metrics, prometheus), again_and_again(three.attack, three.use):
        prometheus.scrape(*three.scrapes())
        three.prepare(broken="baskets")
        environ = {"PROMETHEUS_URL": prometheus.url, "COMMANDS_DIR": str(three.commands(commands))}
        for role, queue in {"worker": "execute", "sweeper": "sweep", "measurer": "measure", "beat": ""}.items():
            workers.start(role, queue, wait=False, **environ)
        workers.ready()
        known(prometheus.url, "sum(rate(service_failures_total[5s])) == 0", "count(exploit_succeeded) == 3", "sum(exploit_succeeded) == 3")
        known(prometheus.url, *(f'rate(service_requests_total{{service="{name}"}}[5s]) > 0' for name in NAMES))
        begins_now(window)
        until(lambda: window.runs.filter(status__in=ENDED).exists(), "the end of the run that beat began", 300)
        run = window.runs.get()
        assert run.status == "rolled_back", (run.status, run.reason, outcomes(run))
        assert outcomes(run)["Patch orders"][0] == "compensated"
        assert outcomes(run)["Hold the jobs of reports"][0] == "pending"
        until(lambda: three.levels() == dict.fromkeys(NAMES, 1), "the levels of before")
    window.refresh_from_db()
    assert window.status == "rolled_back"
