"""The stories of the specification with everything real: the window asked for and approved, its run carried out by Celery's workers.

What each template does in detail, and what else takes it back, is told by tests/integration/test_template_*.py."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from tests import given_windows as given
from tests.clusters import cluster
from tests.given_starts import approved_with, begins_now
from tests.given_templates import TEMPLATES, outcomes
from tests.invocations import NAMES as FUNCTIONS
from tests.invocations import Gateway, functions
from tests.measured import again_and_again, exported, known, until
from tests.pairs import pair
from tests.servers import Prometheus
from tests.services import services
from tests.traffic import Users
from tests.workers import Workers
from windows.access.roles import Role
from windows.execution.commands.rehearsals import rehearse
from windows.execution.models import Run, clock
from windows.flags.models import FlagReceipt, Node
from windows.runbooks.commands import upload_runbook
from windows.scheduling.models import Window

NAMES = ("orders", "baskets", "reports")
FAST = {"seconds": 5, "settle": "1s", "errors": 0}
ENDED = {"succeeded", "rolled_back", "held", "stuck", "aborted", "blocked"}


def approved(template: str, slug: str, *, service: str = "orders", **parameters: Any) -> Window:
    olga = given.actor("olga", ("shop", Role.OWNER))
    version = upload_runbook(olga, slug, (TEMPLATES / f"{template}.yaml").read_text(), team="shop")
    return approved_with(version, FAST | parameters, service)


def at_work(workers: Workers, **environ: str) -> None:
    for role, queue in {"worker": "execute", "sweeper": "sweep", "measurer": "measure", "beat": ""}.items():
        workers.start(role, queue, wait=False, **environ)
    workers.ready()


def ended(window: Window) -> Run:
    """The run that beat began."""
    until(lambda: window.runs.filter(status__in=ENDED, rehearsal="").exists(), "the end of the run that beat began", 300)
    window.refresh_from_db()
    return window.runs.get(rehearsal="")


def passed(run: Run, *steps: str) -> bool:
    """Whether the last measurement of each of these gates let the run go on."""
    found = [run.readings.filter(position=run.steps.get(name=name).position).order_by("-pk").first() for name in steps]
    return all(reading is not None and reading.verdict == "pass" for reading in found)


def test_e01_a_cluster_is_upgraded_node_by_node_after_a_dry_run_of_it(workers: Workers, prometheus: Prometheus, tmp_path: Path) -> None:
    window = approved("u2-cluster-upgrade", "cluster-upgrade", patience=500)
    with cluster() as kube, again_and_again(kube.use, kube.use), again_and_again(kube.deploy, rest=0.2):
        prometheus.scrape(f"127.0.0.1:{kube.port}")
        at_work(workers, PROMETHEUS_URL=prometheus.url, COMMANDS_DIR=str(kube.commands(tmp_path)))
        known(prometheus.url, "rate(apiserver_errors_total[5s]) / (rate(apiserver_requests_total[5s]) > 0)", "min(kubelet_version) == 30")
        known(prometheus.url, "increase(scheduler_unschedulable_total[5s]) == 0", "increase(controller_restarts_total[5s]) == 0")
        tried = rehearse(given.actor("olga"), window.pk, "dry_run")
        until(lambda: Run.objects.get(pk=tried.pk).status in ENDED, "the end of the dry run", 120)
        tried.refresh_from_db()
        assert tried.status == "succeeded", (tried.reason, outcomes(tried))
        assert "30 ≠ 31" in outcomes(tried)["The control plane is there"][1], "the same gates, and what they found is told"
        assert kube.versions() == [30] * 4 and 403 not in kube.deployments, "nothing was done"
        begins_now(window)
        run = ended(window)
        assert (run.status, window.status) == ("succeeded", "completed"), (run.reason, outcomes(run), kube.failed[:3])
        assert kube.versions() == [31] * 4
        nodes = [run.steps.get(name=f"Upgrade node-{number}") for number in (1, 2, 3)]
        assert all(a.ended_at < b.intended_at for a, b in itertools.pairwise(nodes)), "one after the other"
        assert not kube.failed, "no user noticed"
        assert 403 in kube.deployments


def test_e02_a_new_runtime_takes_5_percent_and_more_and_goes_back_with_its_flags_once_users_wait(
    workers: Workers, prometheus: Prometheus, tmp_path: Path
) -> None:
    """At 5 % all is well; while it takes 25 % somebody cools its instances down, so users begin to wait for cold starts."""
    window = approved("u10-cold-starts", "serverless-runtime", service="functions", warm=4, p99=60, median=60, cold=0.3)
    with functions(prometheus) as there:
        there.prepare()
        gateway = Gateway(there)
        FlagReceipt.objects.create(node=Node.objects.get(service="functions"), version=0, mode="normal", at=clock())
        with again_and_again(there.use, there.use), gateway.following():
            at_work(workers, PROMETHEUS_URL=prometheus.url, COMMANDS_DIR=str(there.commands(tmp_path)))
            known(prometheus.url, "sum(rate(function_errors_total[5s])) / (sum(rate(function_invocations_total[5s])) > 0)")
            begins_now(window)
            more = window.runs.filter(steps__name="Send 25 % to the new runtime", steps__status="succeeded")
            until(lambda: more.exists() or window.runs.filter(status__in=ENDED).exists(), "the second share", 200)
            assert dict(gateway.told) == dict.fromkeys(FUNCTIONS, "throttled"), "a flag for each function"
            with again_and_again(there.cool, rest=0.05):
                run = ended(window)
        assert (run.status, window.status) == ("rolled_back", "rolled_back"), (run.reason, outcomes(run))
        assert "At 25 % nobody waits for a cold start" in run.reason
        looked = ("nobody waits for a cold start", "half are answered at once", "nearly all are answered soon")
        assert passed(run, *(f"At 5 % {what}" for what in looked)), outcomes(run)
        assert outcomes(run)["Send 100 % to the new runtime"][0] == "pending"
        assert dict(gateway.told) == dict.fromkeys(FUNCTIONS, "normal"), "the flags are as they were before"
        before = there.measured('function_invocations_total{function="invoice",runtime="2"}')
        there.use()
        assert there.measured('function_invocations_total{function="invoice",runtime="2"}') == before
        assert not there.failed


def test_e03_a_patch_after_an_incident_goes_back_everywhere_when_one_consumer_fails(
    workers: Workers, prometheus: Prometheus, tmp_path: Path
) -> None:
    window = approved("u7-security-patch", "high-risk-security-patch", refused=0, patience=500)
    with services(*NAMES) as three, exported(three.metrics, prometheus), again_and_again(three.attack, three.use):
        prometheus.scrape(*three.scrapes())
        three.prepare(broken="baskets")
        at_work(workers, PROMETHEUS_URL=prometheus.url, COMMANDS_DIR=str(three.commands(tmp_path)))
        known(prometheus.url, "sum(rate(service_failures_total[5s])) == 0", "count(exploit_succeeded) == 3", "sum(exploit_succeeded) == 3")
        known(prometheus.url, *(f'rate(service_requests_total{{service="{name}"}}[5s]) > 0' for name in NAMES))
        begins_now(window)
        run = ended(window)
        assert run.status == "rolled_back", (run.status, run.reason, outcomes(run))
        assert outcomes(run)["Patch orders"][0] == "compensated"
        assert outcomes(run)["Hold the jobs of reports"][0] == "pending"
        until(lambda: three.levels() == dict.fromkeys(NAMES, 1), "the levels of before")
    assert window.status == "rolled_back"


def test_e04_downsizing_is_taken_back_where_the_cpu_is_held_back_however_quick_it_looks(workers: Workers, prometheus: Prometheus) -> None:
    """A tenth is well; with half of the users the container reaches its limit. No answer fails, and none is too slow."""
    window = approved("u8-downsizing", "downsizing", p95=60)
    with pair(prometheus) as two:
        two.prepare()
        with Users(two.edge.url, count=3, rest=0.03) as users:
            at_work(workers, PROMETHEUS_URL=prometheus.url, BALANCER_EDGE=two.edge.address)
            known(prometheus.url, 'rate(http_requests_total{version="large"}[5s]) > 0', "rate(container_cpu_cfs_periods_total[5s]) > 0")
            begins_now(window)
            more = window.runs.filter(steps__name="Send 50 % to the small one", steps__status="succeeded")
            until(lambda: more.exists() or window.runs.filter(status__in=ENDED).exists(), "the second share", 200)
            two.limiter.quota = 0.05
            run = ended(window)
            two.limiter.quota = 100.0
        assert (run.status, window.status) == ("rolled_back", "rolled_back"), (run.reason, outcomes(run))
        assert "At 50 % its CPU is not held back" in run.reason
        looked = ("it makes no errors", "it is quick", "its CPU is not held back")
        assert passed(run, "What a request costs is known", *(f"At 10 % {what}" for what in looked)), outcomes(run)
        assert outcomes(run)["Send 100 % to the small one"][0] == "pending"
        assert two.edge.weights() == {"large": 100, "small": 0}
        assert not users.failed
