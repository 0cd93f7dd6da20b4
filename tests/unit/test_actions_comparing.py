"""A measurement beside another: what a comparison proves, what it cannot, and what chance alone would do."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.kind_context import NOON
from windows.actions.comparing import compared, may_be_chance
from windows.actions.gates import Answer, Reading, judge
from windows.actions.measurement import Gate, measure

OPENED = NOON - timedelta(hours=1)


def reading(value: float | None, samples: int | None = 1000, at: datetime = NOON, **more: str) -> Reading:
    return Reading(value, samples, at, **more)


@dataclass
class Source:
    """Answers by (what is asked, as of when)."""

    answers: dict[tuple[str, datetime | None], Reading]
    asked: list[tuple[str, float]] = field(default_factory=list)

    def objective(self, slug: str, *, window: float, at: datetime | None = None) -> Reading:
        self.asked.append((slug, window))
        return self.answers[slug, at]

    def prometheus(self, query: str, *, at: datetime | None = None) -> Reading:
        return self.answers[query, at]

    def burn_rate(self, slug: str, lengths: tuple[float, ...]) -> Reading:
        self.asked.append((slug, lengths[0]))
        return self.answers[slug, None]


def answer(answers: dict[tuple[str, datetime | None], Reading], **said: Any) -> tuple[str, bool, str]:
    gate = Gate.model_validate({"pass": ">= 0.99", "fail": "< 0.95", "minimum_samples": 100} | said)
    found = measure(gate, telemetry=Source(answers), sql=None, now=NOON, opened_at=said.get("opened_at", OPENED))  # type: ignore[arg-type]
    verdict = judge(found, gate.spec(), NOON)
    return verdict.answer.value, verdict.is_error, verdict.reason


BEFORE = {"objective": "orders", "compare": {"to": "before", "over": "1h"}}
CONTROL = {"objective": "orders", "compare": {"to": "control", "objective": "orders-blue"}}


@pytest.mark.parametrize(
    ("here", "there", "verdict"),
    [
        (reading(0.98), reading(0.98), "pass"),  # no better than promised, and no worse than it was
        (reading(0.90), reading(0.98), "fail"),
        (reading(0.95), reading(0.98), "inconclusive"),  # between the thresholds
        (reading(0.90, samples=99), reading(0.98), "inconclusive"),  # too few here
        (reading(0.90), reading(0.98, samples=99), "inconclusive"),  # too few there
        (reading(0.90, samples=100), reading(0.96, samples=100), "inconclusive"),  # ten lost against four: chance does that
        (reading(0.90, samples=1000), reading(0.96, samples=1000), "fail"),  # a hundred against forty: it does not
        (reading(0.5), reading(0.0), "inconclusive"),
        (reading(None, reason="no data"), reading(0.98), "inconclusive"),
        (reading(0.98), reading(None, reason="no data"), "inconclusive"),
        (reading(1.5), reading(0.98), "inconclusive"),  # no share
        (reading(0.98, at=NOON - timedelta(minutes=2)), reading(0.98), "inconclusive"),  # stale here
        (reading(float("nan")), reading(0.98), "inconclusive"),
        (reading(0.98), reading(float("inf")), "inconclusive"),
    ],
)
def test_n10_a_control_group_three_valued(here: Reading, there: Reading, verdict: str) -> None:
    assert answer({("orders", None): here, ("orders-blue", None): there}, **CONTROL)[:2] == (verdict, False)


def test_n10_an_error_of_either_side_is_counted_as_one() -> None:
    for sides in ((reading(None, error="503"), reading(1.0)), (reading(1.0), reading(None, error="503"))):
        verdict, is_error, reason = answer({("orders", None): sides[0], ("orders-blue", None): sides[1]}, **CONTROL)
        assert (verdict, is_error) == ("inconclusive", True)
        assert "503" in reason
    assert reason.startswith("the control group")


def test_before_is_asked_as_of_the_begin_of_the_window_and_may_be_as_old_as_that() -> None:
    was = reading(0.98, at=OPENED - timedelta(seconds=5))
    source = Source({("orders", None): reading(0.981), ("orders", OPENED): was})
    gate = Gate.model_validate({"pass": ">= 0.99", "window": "2m"} | BEFORE)
    found = measure(gate, telemetry=source, sql=None, now=NOON, opened_at=OPENED)  # type: ignore[arg-type]
    assert found.value == pytest.approx(0.981 / 0.98)
    assert source.asked == [("orders", 120.0), ("orders", 3600.0)]
    stale = {("orders", None): reading(0.98), ("orders", OPENED): reading(0.98, at=OPENED - timedelta(minutes=2))}
    assert answer(stale, **BEFORE)[0] == "inconclusive"


def test_before_there_is_a_window_nothing_can_be_compared() -> None:
    gate = Gate.model_validate({"pass": ">= 0.99"} | BEFORE)
    found = measure(gate, telemetry=Source({("orders", None): reading(1.0)}), sql=None, now=NOON)  # type: ignore[arg-type]
    assert found.value is None


def test_a_latency_may_grow_by_a_tenth() -> None:
    said = {"prometheus": "p95", "compare": {"to": "before"}, "pass": "<= 1.1", "fail": "> 1.5", "minimum_samples": 1}
    for now_, verdict in ((0.21, "pass"), (0.25, "inconclusive"), (0.31, "fail")):
        assert answer({("p95", None): reading(now_, None), ("p95", OPENED): reading(0.2, None, OPENED)}, **said)[0] == verdict


def test_a_difference_needs_no_reference_above_zero() -> None:
    said = {"prometheus": "errors", "compare": {"to": "control", "prometheus": "blue", "by": "difference"}, "pass": "<= 2", "fail": "> 5"}
    assert answer({("errors", None): reading(1, None), ("blue", None): reading(0, None)}, **said, minimum_samples=1)[0] == "pass"
    assert answer({("errors", None): reading(9, None), ("blue", None): reading(0, None)}, **said, minimum_samples=1)[0] == "fail"


def test_a_burn_rate_is_the_slower_of_two_windows() -> None:
    said = {"burn_rate": {"objective": "orders"}, "pass": "< 6", "fail": ">= 14.4"}
    for rate, verdict in ((1.0, "pass"), (10.0, "inconclusive"), (14.4, "fail")):
        assert answer({("orders", None): reading(rate)}, **said)[0] == verdict
    assert answer({("orders", None): reading(None, 0, reason="no events")}, **said)[0] == "inconclusive"


@pytest.mark.parametrize(
    "said",
    [
        {"objective": "orders", "compare": {"to": "control"}},
        {"objective": "orders", "compare": {"to": "control", "objective": "a", "prometheus": "b"}},
        {"objective": "orders", "compare": {"to": "before", "objective": "a"}},
        {"objective": "orders", "compare": {"to": "yesterday"}},
        {"sql": {"database": "shop", "query": "select 1"}, "compare": {"to": "before"}},
        {"prometheus": "up", "compare": {"to": "before", "over": "1h"}},
        {"burn_rate": {"objective": "orders"}, "compare": {"to": "before"}},
        {"burn_rate": {"objective": "orders"}, "objective": "orders"},
    ],
)
def test_a_comparison_that_means_nothing_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Gate.model_validate({"pass": ">= 0.99"} | said)


shares = st.floats(0, 1)
events = st.integers(1, 100_000)


@given(shares, events, shares, events)
def test_chance_is_the_same_from_either_side(one: float, some: int, other: float, many: int) -> None:
    here, there = reading(one, some), reading(other, many)
    assert may_be_chance(here, there) == may_be_chance(there, here)
    assert may_be_chance(here, here)


@given(st.one_of(st.none(), st.floats()), st.one_of(st.none(), st.floats()))
def test_n10_only_two_finite_values_make_one(here: float | None, there: float | None) -> None:
    found = compared(reading(here), reading(there), "ratio", "the control group")
    verdict = judge(found, Gate.model_validate({"objective": "orders", "pass": ">= 0.99", "compare": {"to": "before"}}).spec(), NOON)
    if verdict.answer is not Answer.INCONCLUSIVE:
        assert here is not None and there is not None
        assert abs(here) < float("inf") and abs(there) < float("inf")
