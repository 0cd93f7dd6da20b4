"""U2 for real: an API server and three nodes whose pods serve users are upgraded one after the other; what cannot work goes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clusters import Cluster, cluster
from tests.given_templates import carried_out, outcomes, plan_of
from tests.measured import again_and_again, known
from tests.servers import Prometheus
from windows.execution.models import Run

pytestmark = pytest.mark.django_db(transaction=True)
FAST = {"seconds": 5, "settle": "1s", "errors": 0, "patience": 500}
NODES = ("node-1", "node-2", "node-3")


@pytest.fixture(scope="module")
def kube(prometheus: Prometheus) -> Iterator[Cluster]:
    with cluster() as made:
        prometheus.scrape(f"127.0.0.1:{made.port}")
        yield made


def upgraded(kube: Cluster, prometheus: Prometheus, settings: Any, folder: Path, tried: str = "", **said: Any) -> Run:
    settings.PROMETHEUS_URL, settings.COMMANDS_DIR = prometheus.url, kube.commands(folder)
    with again_and_again(kube.use, kube.use), again_and_again(kube.deploy, rest=0.2):
        known(prometheus.url, "rate(apiserver_errors_total[5s]) / (rate(apiserver_requests_total[5s]) > 0)", "min(kubelet_version) == 30")
        known(prometheus.url, "increase(scheduler_unschedulable_total[5s]) == 0", "increase(controller_restarts_total[5s]) == 0")
        rehearsal = {"rehearsal": tried, "staged": {"environment": "production", "parameters": {}, "faults": []}} if tried else {}
        return carried_out(plan_of("u2-cluster-upgrade", **FAST, **said), **rehearsal)


def as_before(kube: Cluster) -> bool:
    found = kube.measured()
    return (
        kube.versions() == [30] * 4
        and not found["deployments_blocked"]
        and not any(found[f'kube_node_unschedulable{{node="{node}"}}'] for node in NODES)
    )


def test_u2_e01_node_after_node_is_left_and_upgraded_and_no_user_notices(
    kube: Cluster, prometheus: Prometheus, settings: Any, tmp_path: Path
) -> None:
    """E1: a dry run before, which asks the same gates and changes nothing."""
    kube.prepare()
    tried = upgraded(kube, prometheus, settings, tmp_path, tried="dry_run")
    assert tried.status == "succeeded", (tried.reason, outcomes(tried))
    assert {"Dry run: not done."} == {outcome for _, outcome in outcomes(tried).values() if outcome.startswith("Dry run: not")}
    looked = outcomes(tried)
    assert looked["Every stored object is served by the new version"][1] == "Dry run: it would wait 1 of 2 in a row."
    assert "30 ≠ 31" in looked["The control plane is there"][1], "what its gates found is told"
    assert as_before(kube) and 403 not in kube.deployments, "nothing was done"
    run = upgraded(kube, prometheus, settings, tmp_path)
    assert run.status == "succeeded", (run.reason, outcomes(run), kube.failed[:3])
    assert kube.versions() == [31] * 4
    assert not kube.failed
    assert 403 in kube.deployments
    kube.deploy()
    assert kube.deployments[-1] == 201


def test_u2_without_room_for_what_is_evicted_everything_goes_back(
    kube: Cluster, prometheus: Prometheus, settings: Any, tmp_path: Path
) -> None:
    kube.prepare(pods=12)
    run = upgraded(kube, prometheus, settings, tmp_path)
    assert run.status == "rolled_back", (run.reason, outcomes(run))
    assert "Everything finds a place" in run.reason
    assert as_before(kube), kube.measured()
    assert not kube.failed


def test_u2_controllers_that_do_not_stay_up_take_the_control_plane_back(
    kube: Cluster, prometheus: Prometheus, settings: Any, tmp_path: Path
) -> None:
    kube.prepare()
    run = upgraded(kube, prometheus, settings, tmp_path, version=13)
    assert run.status == "rolled_back", (run.reason, outcomes(run))
    assert "ontrollers" in run.reason
    assert outcomes(run)["Cordon node-1"][0] == "pending"
    assert as_before(kube), kube.measured()


def test_u2_x13_what_a_person_upgraded_by_hand_meanwhile_is_not_taken_back_over_their_head(
    kube: Cluster, prometheus: Prometheus, settings: Any, tmp_path: Path
) -> None:
    """Controllers do not stay up, and somebody helps with yet another version: the rollback stops there, and says what it found."""
    kube.prepare(helped=29)
    run = upgraded(kube, prometheus, settings, tmp_path, version=13)
    assert run.status == "stuck", (run.reason, outcomes(run))
    assert "kube says '1.29', '1.13' expected" in outcomes(run)["Upgrade the control plane"][1], outcomes(run)
    assert kube.versions() == [29, 30, 30, 30]


def test_u2_an_object_the_new_version_does_not_serve_stops_it_before_anything_is_done(
    kube: Cluster, prometheus: Prometheus, settings: Any, tmp_path: Path
) -> None:
    kube.prepare(incompatible=1)
    run = upgraded(kube, prometheus, settings, tmp_path)
    assert run.status == "rolled_back", (run.reason, outcomes(run))
    assert outcomes(run)["Block deployments"][0] == "pending"
    assert set(kube.deployments) == {201}
