"""U8 for real: users move to a smaller instance behind HAProxy; one whose CPU is held back is left again, however quick it looks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests import pairs
from tests.given_templates import TEMPLATES, carried_out, outcomes
from tests.measured import known
from tests.pairs import PRICES, Pair
from tests.servers import Prometheus
from tests.traffic import Users
from windows.execution.models import Run
from windows.runbooks.spec import parse, resolve

pytestmark = pytest.mark.django_db(transaction=True)
FAST = {"seconds": 5, "settle": "1s", "errors": 0, "p95": 60}


@pytest.fixture(scope="module")
def pair(prometheus: Prometheus) -> Iterator[Pair]:
    with pairs.pair(prometheus) as made:
        yield made


def downsized(
    pair: Pair, prometheus: Prometheus, settings: Any, *, shares: str = "[10, 50, 100]", quota: float = 100.0, **said: Any
) -> tuple[Run, Users]:
    settings.BALANCERS, settings.PROMETHEUS_URL = {"edge": pair.edge.address}, prometheus.url
    pair.prepare(quota)
    with Users(pair.edge.url, count=3, rest=0.03) as users:
        known(prometheus.url, 'rate(http_requests_total{version="large"}[5s]) > 0', "rate(container_cpu_cfs_periods_total[5s]) > 0")
        text = (TEMPLATES / "u8-downsizing.yaml").read_text().replace("in: [10, 50, 100]", f"in: {shares}")
        return carried_out(resolve(parse(text), FAST | said)), users


def test_u8_e04_users_move_to_the_small_one_and_a_request_costs_less(pair: Pair, prometheus: Prometheus, settings: Any) -> None:
    run, users = downsized(pair, prometheus, settings)
    assert run.status == "succeeded", (run.reason, outcomes(run), users.failed[:3])
    assert not users.failed
    assert pair.edge.weights() == {"large": 0, "small": 100}


def test_u8_e04_cpu_that_is_held_back_takes_users_back(pair: Pair, prometheus: Prometheus, settings: Any) -> None:
    """Its answers are quick enough and none fails: only the periods in which it stood still tell."""
    run, users = downsized(pair, prometheus, settings, quota=0.05)
    pair.limiter.quota = 100.0
    assert run.status == "rolled_back", (run.reason, outcomes(run))
    assert "its CPU is not held back" in run.reason
    assert not users.failed
    assert pair.edge.weights() == {"large": 100, "small": 0}
    assert outcomes(run)["Nobody meets an error (after rollback)"][0] == "succeeded"


def test_u8_e04_a_request_that_costs_no_less_takes_users_back(pair: Pair, prometheus: Prometheus, settings: Any) -> None:
    """The small one is as quick as the large one and costs a hundred times as much."""
    pair.costs(100 * PRICES["large"])
    run, users = downsized(pair, prometheus, settings, shares="[100]")
    pair.costs(PRICES["small"])
    assert run.status == "rolled_back", (run.reason, outcomes(run))
    assert "“A request costs less” failed" in run.reason
    assert not users.failed
    assert pair.edge.weights() == {"large": 100, "small": 0}
