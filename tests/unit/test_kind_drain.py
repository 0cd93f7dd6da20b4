"""The `drain` kind: down is down twice, unknown is not empty, and what no longer falls is told."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from tests.kind_context import NOON, FakeContext
from windows.actions.gates import Answer, Reading
from windows.actions.kinds import drain
from windows.actions.outcomes import Done, Failed, Interrupted, Outcome, Wait
from windows.actions.ports import Unreachable
from windows.actions.registry import perform


class Queue:
    """A metric that answers one value after the other, the last for ever; an exception or a Reading as it is."""

    def __init__(self, *values: object) -> None:
        self.values = list(values)

    def prometheus(self, query: str) -> Reading:
        value = self.values.pop(0) if len(self.values) > 1 else self.values[0]
        return value if isinstance(value, Reading) else Reading(value, newest_at=self.now())

    def scalar(self, database: str, query: str) -> object:
        value = self.values.pop(0) if len(self.values) > 1 else self.values[0]
        if isinstance(value, Exception):
            raise value
        return value


def followed(queue: Queue, looks: int = 300, **given: object) -> tuple[Outcome, FakeContext]:
    """Look as the engine would, each time with what the look before left, until it no longer waits."""
    source = {} if "sql" in given else {"prometheus": "queue_length"}
    params = drain.Params.model_validate({**source, **given}).model_dump(mode="json")
    ctx = FakeContext(telemetry=queue, sql=queue)
    queue.now = ctx.now
    for _ in range(looks):
        outcome = perform("drain", params, "run", ctx)
        if not isinstance(outcome, Wait):
            break
        ctx.clock, ctx.checkpoint = outcome.until, {**ctx.checkpoint, **outcome.checkpoint}
    return outcome, ctx


def test_it_goes_on_when_the_queue_is_empty_twice_in_a_row() -> None:
    outcome, ctx = followed(Queue(9, 4, 0, 3, 0, 0))
    assert isinstance(outcome, Done)
    assert ctx.clock == NOON + timedelta(seconds=10)
    assert [verdict.answer for verdict in ctx.verdicts[-2:]] == [Answer.PASS] * 2


def test_unknown_is_not_empty() -> None:
    outcome, ctx = followed(Queue(5, Reading(None, reason="an empty vector"), 0, Reading(float("nan"), newest_at=NOON), 0, 0))
    assert isinstance(outcome, Done)
    assert len(ctx.verdicts) == 6
    outcome, _ = followed(Queue(5, Reading(None, error="503")), error_limit=3)
    assert isinstance(outcome, Failed)
    assert "503" in outcome.reason


def test_it_fails_in_time_and_says_where_it_stood() -> None:
    outcome, ctx = followed(Queue(40, 30))
    assert isinstance(outcome, Failed)
    assert outcome.permanent
    assert "now 30, lowest 30; 0 is wanted" in outcome.reason
    assert ctx.clock < ctx.deadline


def test_a_metric_that_stops_falling_is_told_before_the_time_is_up() -> None:
    outcome, ctx = followed(Queue(40, 30, 35, 34, 33, 32, 31, 30), stall="10s")
    assert isinstance(outcome, Failed)
    assert "not fallen for 10s" in outcome.reason
    assert ctx.clock <= NOON + timedelta(seconds=14)


def test_a_retry_counts_anew() -> None:
    old = {"attempt": 1, "lowest": 0.0, "lowest_at": NOON.isoformat(), "last": 0.0, "low_in_a_row": 1, "unknown_in_a_row": 0}
    queue = Queue(0)
    ctx = FakeContext(telemetry=queue, attempt=2, checkpoint=old)
    queue.now = ctx.now
    assert isinstance(perform("drain", {"prometheus": "queue"}, "run", ctx), Wait)


def test_it_stops_when_it_is_asked_to() -> None:
    ctx = FakeContext(telemetry=Queue(9), is_stopped=True)
    assert isinstance(perform("drain", {"prometheus": "queue"}, "run", ctx), Interrupted)


def test_a_query_of_a_database_counts_too() -> None:
    outcome, _ = followed(Queue(7, Unreachable("away"), 2, 1, 1), sql={"database": "orders", "query": "select count(*) from jobs"}, to=1)
    assert isinstance(outcome, Done)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"prometheus": "q", "sql": {"database": "d", "query": "q"}},
        {"prometheus": "q", "interval": "0.1s"},
        {"prometheus": "q", "to": -1},
    ],
)
def test_it_refuses(given: dict) -> None:
    with pytest.raises(ValidationError):
        drain.Params.model_validate(given)


def test_it_says_what_it_waits_for() -> None:
    assert drain.sentence(SimpleNamespace(source="queue_length", to=0.0)) == "Wait until queue_length has fallen to 0"
