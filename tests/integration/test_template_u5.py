"""U5 for real: PostgreSQL moves to a standby that follows it, under readers and writers; where the new site is slow, it moves back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import given_windows as given
from tests.given_templates import carried_out, outcomes, plan_of
from tests.measured import again_and_again, exported, known
from tests.servers import Prometheus
from tests.sites import Calm, Sites, sites
from windows.execution.models import Run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def two(prometheus: Prometheus) -> Iterator[Sites]:
    with sites() as made, exported(made.metrics, prometheus):
        yield made


def moved(two: Sites, prometheus: Prometheus, settings: Any, folder: Path, slow: float) -> tuple[Run, Calm]:
    given.service("orders", regions=("r1",))
    node = Calm("orders")
    settings.PROMETHEUS_URL, settings.COMMANDS_DIR = prometheus.url, two.commands(folder)
    settings.TARGET_DATABASES = {"old_site": two.old.url, "new_site": two.new.url}
    with again_and_again(two.read, two.read, lambda: two.write(node)):
        known(
            prometheus.url,
            "sum(rate(client_errors_total[5s])) / (sum(rate(client_requests_total[5s])) > 0)",
            'sum(client_seconds_count{site="old-site"}) > 5',
        )
        told = {"seconds": 5, "errors": 0, "slow": slow, "failover": 600, "lag": 600}
        run = carried_out(plan_of("u5-data-centre-migration", **told), node)
    return run, node


def test_u5_no_request_fails_and_no_write_is_lost(two: Sites, prometheus: Prometheus, settings: Any, tmp_path: Path) -> None:
    run, node = moved(two, prometheus, settings, tmp_path, slow=60)
    assert run.status == "succeeded", (run.reason, outcomes(run), two.failed[:3])
    assert not two.failed
    assert node.modes == ["normal", "read_only", "normal"]
    assert two.used is two.new
    assert two.new.ask("select count(*) from orders") == two.written
    assert two.old.ask("select pg_is_in_recovery()::int") == 1, "the old site follows"


def test_u5_a_slow_site_is_left_again_with_every_write_it_took(two: Sites, prometheus: Prometheus, settings: Any, tmp_path: Path) -> None:
    two.new.pause = 0.8
    run, node = moved(two, prometheus, settings, tmp_path, slow=0.5)
    assert run.status == "rolled_back", (run.reason, outcomes(run))
    assert "Users are served quickly there" in run.reason
    assert not two.failed
    assert two.used is two.old
    assert node.mode == "normal"
    assert two.old.ask("select count(*) from orders") == two.written
    assert two.old.ask("select pg_is_in_recovery()::int") == 0
    assert two.new.ask("select pg_is_in_recovery()::int") == 1, "the new site follows again"
