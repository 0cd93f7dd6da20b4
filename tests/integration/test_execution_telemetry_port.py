"""The telemetry port: pushed objectives, and what a gate hears when there is nothing to hear."""

from __future__ import annotations

from datetime import timedelta

import pytest

from slo.objectives.models import Objective
from slo.telemetry.models import Sample
from windows.actions.gates import Answer, judge
from windows.actions.measurement import Gate, measure
from windows.audit.clock import clock
from windows.execution.ports.sql import Sql
from windows.execution.ports.telemetry import Telemetry
from windows.outbound.limits import Limits

pytestmark = pytest.mark.django_db
LIMITS = Limits.of(30, lambda: False)
SQL = Sql(LIMITS, {}, "a test")


def port(url: str = "", timeout: float = 2) -> Telemetry:
    return Telemetry(Limits.of(30, lambda: False), url, timeout)


def gate(**said: object) -> Gate:
    return Gate.model_validate({"pass": ">= 0.99", "fail": "< 0.95", "minimum_samples": 10, **said})


def answer(told: Gate, telemetry: Telemetry) -> tuple[Answer, bool, str]:
    now = clock()
    verdict = judge(measure(told, telemetry=telemetry, sql=SQL, now=now), told.spec(), now)
    return verdict.answer, verdict.is_error, verdict.reason


def pushed(good: int, total: int, age: float = 1) -> None:
    Sample.objects.create(series="orders-writes", at=clock() - timedelta(seconds=age), good=good, total=total, key=f"{good}-{total}-{age}")


@pytest.fixture
def objective() -> None:
    Objective.objects.create(slug="orders-writes", service="orders", title="Writes", target=0.99)


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([(100, 100, 1)], Answer.PASS),
        ([(60, 100, 1)], Answer.FAIL),
        ([(97, 100, 1)], Answer.INCONCLUSIVE),
        ([], Answer.INCONCLUSIVE),
        ([(5, 5, 1)], Answer.INCONCLUSIVE),  # too few
        ([(0, 0, 1)], Answer.INCONCLUSIVE),  # no traffic
        ([(100, 100, 60)], Answer.INCONCLUSIVE),  # before the window of the gate
        ([(100, 100, 60), (0, 100, 1)], Answer.FAIL),
    ],
)
def test_an_objective_that_is_pushed(objective: None, samples: list[tuple[int, int, float]], expected: Answer) -> None:
    for each in samples:
        pushed(*each)
    got, is_error, reason = answer(gate(objective="orders-writes", window="30s"), port())
    assert (got, is_error) == (expected, False), reason


def test_an_objective_nobody_defined_is_an_error() -> None:
    assert answer(gate(objective="no-such"), port())[:2] == (Answer.INCONCLUSIVE, True)


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:1", "http://no-such-host.invalid"])
def test_r_c01_a_prometheus_that_is_not_there_is_an_error(url: str, settings) -> None:
    settings.PROMETHEUS_URL = url
    assert answer(gate(prometheus="up"), port(url))[:2] == (Answer.INCONCLUSIVE, True)


def test_a_database_nobody_named_is_an_error() -> None:
    got, is_error, reason = answer(gate(sql={"database": "ledger", "query": "select 1"}), port())
    assert (got, is_error) == (Answer.INCONCLUSIVE, True)
    assert "TARGET_DATABASE_LEDGER" in reason
