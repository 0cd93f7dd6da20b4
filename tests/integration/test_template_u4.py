"""U4 for real: a new version takes over behind HAProxy in shares, and no request of any user fails; a slow one goes back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.given_templates import carried_out, outcomes, plan_of
from tests.measured import exported, known
from tests.servers import Prometheus
from tests.traffic import Balancer, Users, remove
from tests.versions import Measures, Version
from windows.execution.models import Run

pytestmark = pytest.mark.django_db(transaction=True)
FAST = {"seconds": 4, "settle": "1s", "errors": 0}
NEVER = 60  # seconds: the slowest bucket is quicker


@pytest.fixture(scope="module")
def versions(prometheus: Prometheus) -> Iterator[list[Version]]:
    measures = Measures()
    made = [Version(name, measures, pause=0.01) for name in ("v1", "v2")]
    with exported(measures.registry, prometheus):
        yield made
    for one in made:
        one.close()


@pytest.fixture
def edge(versions: list[Version], settings: Any, prometheus: Prometheus) -> Iterator[Balancer]:
    """All users are with the old version."""
    balancer = Balancer({each.name: each.port for each in versions})
    settings.BALANCERS, settings.PROMETHEUS_URL = {"edge": balancer.address}, prometheus.url
    balancer.tell("set server shop/v2 weight 0")
    yield balancer
    remove(balancer)


def upgraded(edge: Balancer, prometheus: Prometheus, **said: Any) -> tuple[Run, Users]:
    with Users(edge.url, count=3, rest=0.02) as users:
        known(prometheus.url, 'rate(http_requests_total{version="v1"}[4s])')
        run = carried_out(plan_of("u4-dependency-upgrade", **FAST, **said))
    return run, users


def test_u4_all_users_are_taken_over_and_no_request_fails(edge: Balancer, versions: list[Version], prometheus: Prometheus) -> None:
    run, users = upgraded(edge, prometheus, p95=NEVER)
    assert run.status == "succeeded", (run.reason, outcomes(run), users.failed[:3])
    assert not users.failed
    assert edge.weights() == {"v1": 0, "v2": 100}
    assert versions[1].met


def test_u4_a_slow_version_goes_back_and_no_request_fails(edge: Balancer, versions: list[Version], prometheus: Prometheus) -> None:
    versions[1].pause = 0.6
    run, users = upgraded(edge, prometheus, p95=0.3)
    assert run.status == "rolled_back", (run.reason, outcomes(run))
    assert "it is quick" in run.reason
    assert not users.failed
    assert edge.weights() == {"v1": 100, "v2": 0}
