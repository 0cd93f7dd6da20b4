"""How long SLIs are watched after a window, and what is a breach (X9)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.burn_rate import RULES
from windows.actions.gates import Answer, Comparison, GateSpec, Verdict
from windows.execution.afterwards import EVERY, is_due, judge_burn, judge_gate, watched_until

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LENGTH = timedelta(minutes=30)
PASSED, FAILED = Verdict(Answer.PASS, "0.999 ≥ 0.99"), Verdict(Answer.FAIL, "0.5 < 0.99")
UNKNOWN = Verdict(Answer.INCONCLUSIVE, "no data")


@pytest.mark.parametrize(
    ("status", "until"),
    [("succeeded", NOON + LENGTH), ("rolled_back", NOON + LENGTH), ("aborted", None), ("blocked", None), ("running", None)],
)
def test_x09_what_is_watched_after_its_end(status: str, until: datetime | None) -> None:
    assert watched_until(status, NOON, LENGTH) == until
    assert watched_until(status, None, LENGTH) is None


@given(
    st.timedeltas(timedelta(), timedelta(hours=1)), st.none() | st.timedeltas(-timedelta(hours=1), timedelta(hours=1)),
)  # fmt: skip
def test_x09_it_is_measured_every_half_minute_and_no_longer_than_agreed(passed: timedelta, measured: timedelta | None) -> None:
    now, at = NOON + passed, None if measured is None else NOON + measured
    due = is_due(now, NOON + LENGTH, at, NOON)
    assert not (due and passed >= LENGTH)
    assert not (due and at is not None and at > NOON and now - at < EVERY)
    assert due or passed >= LENGTH or (at is not None and at > NOON and now - at < EVERY)


@pytest.mark.parametrize(
    ("verdicts", "limit", "breach"),
    [
        ([PASSED], 2, False),
        ([FAILED], 2, False),
        ([FAILED, FAILED], 2, True),
        ([FAILED, PASSED, FAILED], 2, False),
        ([FAILED], 1, True),
        ([UNKNOWN] * 20, 1, False),
        ([UNKNOWN, FAILED], 1, True),
    ],
)
def test_x09_only_a_failure_is_a_breach(verdicts: list[Verdict], limit: int, breach: bool) -> None:
    spec = GateSpec(passing=Comparison.parse(">= 0.99"), consecutive_failures=limit)
    found = judge_gate("orders over 30 s", verdicts, spec)
    assert bool(found.breach) is breach
    assert found.verdict == verdicts[-1]
    assert not breach or "orders over 30 s is 0.5 < 0.99" in found.breach


@pytest.mark.parametrize(
    ("hour", "minutes", "since", "answer", "breach"),
    [
        (20.0, 20.0, 20.0, Answer.FAIL, True),
        (20.0, 20.0, 14.4, Answer.FAIL, True),  # the limit itself
        (20.0, 20.0, 2.0, Answer.PASS, False),  # what burnt was the window itself
        (20.0, 1.0, 20.0, Answer.PASS, False),  # it is over
        (1.0, 20.0, 20.0, Answer.PASS, False),  # it does not matter
        (20.0, 20.0, None, Answer.INCONCLUSIVE, False),
    ],
)
def test_x09_what_burns_since_is_a_breach(hour: float, minutes: float, since: float | None, answer: Answer, breach: bool) -> None:
    found = judge_burn("orders-reads", {"1h": hour, "5m": minutes, "30m": 0.0, "6h": 0.0}, since, RULES)
    assert (found.verdict.answer, bool(found.breach)) == (answer, breach)
    tickets = judge_burn("orders-reads", {"1h": hour, "5m": minutes}, since, [rule for rule in RULES if rule.urgency == "ticket"])
    assert not tickets.breach, "what only files tickets opens no incident"
