"""The `gate` kind: one measurement a call, three-valued, and a person is asked when it cannot tell."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from tests.kind_context import NOON, FakeContext
from windows.actions.gates import Reading
from windows.actions.kinds import gate
from windows.actions.outcomes import Done, Failed, Outcome, Undecided, Wait
from windows.actions.ports import Rejected


def run(values: list[object], **params: object) -> tuple[list[Outcome], FakeContext]:
    """Call until it ends, each call with the next reading."""
    left = list(values)

    def next_reading(*_: object, **__: object) -> object:
        value = left.pop(0)
        if isinstance(value, Exception):
            raise value
        return value if isinstance(value, Reading) else Reading(value, 100, ctx.clock)

    ctx = FakeContext(
        telemetry=SimpleNamespace(objective=next_reading, prometheus=next_reading),
        sql=SimpleNamespace(scalar=lambda *_: next_reading().value),
    )
    told = gate.Params.model_validate({"objective": "orders-writes", "pass": ">= 0.99", "fail": "< 0.95", "interval": "2s", **params})
    outcomes: list[Outcome] = []
    while left:
        outcomes.append(outcome := gate.run(told, ctx))
        ctx.checkpoint = getattr(outcome, "checkpoint", None) or ctx.checkpoint
        if not isinstance(outcome, Wait):
            break
        ctx.clock = outcome.until
    return outcomes, ctx


def test_it_passes_when_measured_well_often_enough() -> None:
    outcomes, ctx = run([1.0, 0.995, 1.0], consecutive=3)
    assert isinstance(outcomes[-1], Done)
    assert len(outcomes) == len(ctx.verdicts) == 3


def test_it_fails_at_once() -> None:
    outcomes, _ = run([1.0, 0.5, 1.0], consecutive=2)
    assert isinstance(outcomes[-1], Failed)
    assert outcomes[-1].permanent
    assert len(outcomes) == 2


@pytest.mark.parametrize(
    "value", [0.97, Reading(None, reason="no data"), Reading(None, error="503"), float("nan"), Reading(1.0, 0, NOON)], ids=str
)
def test_n10_it_asks_after_the_limit(value: object) -> None:
    outcomes, _ = run([value] * 9)
    assert [type(each) for each in outcomes] == [Wait, Wait, Wait, Undecided]
    assert len(outcomes[-1].readings) == 4


def test_n10_the_last_ten_readings_are_told() -> None:
    outcomes, _ = run([1.0, *[0.97] * 30], inconclusive_limit=15, consecutive=2)
    assert isinstance(outcomes[-1], Undecided)
    assert len(outcomes[-1].readings) == 10
    assert outcomes[-1].readings[-1]["verdict"] == "inconclusive"


def test_a_retry_counts_anew() -> None:
    outcomes, ctx = run([0.97] * 4)
    assert isinstance(outcomes[-1], Undecided)
    ctx.attempt = 2
    ctx.telemetry = SimpleNamespace(objective=lambda *_, **__: Reading(1.0, 100, ctx.clock))
    params = gate.Params.model_validate({"objective": "orders-writes", "pass": ">= 0.99"})
    assert isinstance(gate.run(params, ctx), Done)


def test_time_is_up_is_no_pass() -> None:
    outcomes, ctx = run([1.0] * 400, consecutive=300)
    assert isinstance(outcomes[-1], Undecided)
    assert ctx.clock < ctx.deadline


def test_sql_values_and_errors() -> None:
    assert isinstance(
        run([0], objective=None, sql={"database": "orders", "query": "select 0"}, **{"pass": "== 0", "fail": None})[0][-1], Done
    )
    params = gate.Params.model_validate({"sql": {"database": "orders", "query": "select 'x'"}, "pass": "== 0"})
    for answer in ("x", True, None):
        ctx = FakeContext(sql=SimpleNamespace(scalar=lambda *_, a=answer: a))
        assert isinstance(gate.run(params, ctx), Wait)

    def refuse(*_: object) -> object:
        raise Rejected("no such table")

    ctx = FakeContext(sql=SimpleNamespace(scalar=refuse))
    assert isinstance(gate.run(params, ctx), Wait)
    assert ctx.verdicts[-1].is_error


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"objective": "a", "prometheus": "up", "pass": "> 0"},
        {"objective": "a"},
        {"objective": "a", "pass": "good"},
        {"objective": "a", "pass": "> 0", "window": "0s"},
    ],
)
def test_it_refuses(wrong: dict) -> None:
    with pytest.raises(ValidationError):
        gate.Params.model_validate(wrong)
