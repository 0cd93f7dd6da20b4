"""The telemetry port: pushed objectives, and what a gate hears when there is nothing to hear."""

from __future__ import annotations

from datetime import timedelta

import pytest

from slo.objectives.models import Objective
from slo.telemetry.commands import push
from slo.telemetry.models import Sample
from slo.telemetry.readings import Push
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


def test_an_objective_beside_what_it_was_before_the_window(objective: None) -> None:
    began = clock()
    for good, age in ((980, 90), (975, 1)):
        Sample.objects.create(series="orders-writes", at=began - timedelta(seconds=age), good=good, total=1000, key=f"{age}")
    told = gate(objective="orders-writes", window="30s", compare={"to": "before", "over": "2m"})
    found = measure(told, telemetry=port(), sql=SQL, now=clock(), opened_at=began - timedelta(seconds=60))
    assert found.value == pytest.approx(975 / 980)
    assert found.samples == 1000
    assert answer(told, port())[0] is Answer.INCONCLUSIVE, "nothing is before a window that has not begun"


def test_a_burn_rate_of_two_windows_at_once(objective: None) -> None:
    told = gate(burn_rate={"objective": "orders-writes"}, **{"pass": "< 6", "fail": ">= 14.4", "minimum_samples": 1})
    assert answer(told, port())[:2] == (Answer.INCONCLUSIVE, False), "no events are no good news"
    now = clock()
    push("orders-writes", [Push("then", now - timedelta(minutes=40), 900, 1000), Push("now", now - timedelta(minutes=2), 700, 1000)])
    found = measure(told, telemetry=port(), sql=SQL, now=clock())
    assert found.value == pytest.approx(20.0), "the hour burns at 20, the five minutes at 30"
    assert answer(told, port())[0] is Answer.FAIL
    push("orders-writes", [Push("well", now - timedelta(minutes=3), 9000, 9000)])
    assert answer(told, port())[0] is Answer.PASS, "what is over by now holds nobody up"
