"""U3 for real: two regions of TLS servers get new certificates one after the other while users go on; a bad one takes both back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import given_windows as given
from tests.certificates import Regions, regions
from tests.given_templates import carried_out, outcomes, plan_of
from tests.measured import again_and_again, exported, known, until
from tests.servers import Prometheus
from tests.sites import Calm
from windows.execution.models import Run

NAMES = ("eu-west", "us-east")
FAST = {"seconds": 5, "settle": "1s", "errors": 0, "patience": 500}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def ring(prometheus: Prometheus) -> Iterator[Regions]:
    with regions(*NAMES) as made, exported(made.metrics, prometheus):
        yield made


def rotated(ring: Regions, prometheus: Prometheus, settings: Any, folder: Path) -> tuple[Run, list[Calm]]:
    given.service("shop", regions=NAMES)
    nodes = {name: Calm("shop", name) for name in NAMES}
    settings.PROMETHEUS_URL, settings.COMMANDS_DIR = prometheus.url, ring.commands(folder)
    ring.failed.clear()
    with again_and_again(ring.probe, rest=0.1), again_and_again(lambda: ring.use(nodes)):
        known(prometheus.url, "rate(client_errors_total[5s]) / rate(client_requests_total[5s])", "min(probe_success) == 1")
        run = carried_out(plan_of("u3-certificate-rotation", **FAST), *nodes.values())
    return run, list(nodes.values())


def test_u3_no_user_meets_an_error(ring: Regions, prometheus: Prometheus, settings: Any, tmp_path: Path) -> None:
    ring.prepare()
    before = [ring.expires_at(name) for name in NAMES]
    run, nodes = rotated(ring, prometheus, settings, tmp_path)
    assert run.status == "succeeded", (run.reason, outcomes(run), ring.failed[:3])
    assert not ring.failed
    assert all(ring.served.values()), ring.served
    assert all(ring.expires_at(name) > old + 70 * 86400 for name, old in zip(NAMES, before, strict=True))
    assert [node.modes for node in nodes] == [["normal", "rerouted", "normal"]] * 2


def test_u3_a_certificate_nobody_trusts_takes_every_region_back(
    ring: Regions, prometheus: Prometheus, settings: Any, tmp_path: Path
) -> None:
    """The second region's is by an unknown authority: no user ever sees it, and the first region gets its old one back too."""
    ring.prepare(strange="us-east")
    before = [ring.expires_at(name) for name in NAMES]
    run, nodes = rotated(ring, prometheus, settings, tmp_path)
    assert run.status == "rolled_back", (run.reason, outcomes(run))
    assert "Handshakes succeed in us-east" in run.reason
    assert outcomes(run)["Install the certificate in eu-west"][0] == "compensated"
    until(lambda: [ring.expires_at(name) for name in NAMES] == before, "the old certificates")
    assert not ring.failed
    assert [node.modes[-1] for node in nodes] == ["normal", "normal"]
