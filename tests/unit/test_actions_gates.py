"""Judging measurements: what can pass, what a threshold means to the last bit, how verdicts add up."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windows.actions.gates import Answer, Comparison, GateSpec, Outlook, Reading, Verdict, judge, percent, progress

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RATIO = GateSpec(Comparison.parse(">= 0.99"), Comparison.parse("< 0.95"), minimum_samples=20, low=0.0, high=1.0)
LETTERS = {
    "P": Verdict(Answer.PASS, ""),
    "F": Verdict(Answer.FAIL, ""),
    "I": Verdict(Answer.INCONCLUSIVE, ""),
    "E": Verdict(Answer.INCONCLUSIVE, "", is_error=True),
}


def reading(value: float | None, samples: int | None = 100, age: float = 1, **more: str) -> Reading:
    return Reading(value, samples, NOW - timedelta(seconds=age), **more)


@pytest.mark.parametrize(
    ("given_reading", "answer", "is_error"),
    [
        (reading(0.995), Answer.PASS, False),
        (reading(0.94), Answer.FAIL, False),
        (reading(0.97), Answer.INCONCLUSIVE, False),  # between the thresholds
        (reading(0.0), Answer.FAIL, False),
        (reading(math.nan), Answer.INCONCLUSIVE, False),
        (reading(math.inf), Answer.INCONCLUSIVE, False),
        (reading(-math.inf), Answer.INCONCLUSIVE, False),
        (reading(1.5), Answer.INCONCLUSIVE, False),  # out of range
        (reading(-0.1), Answer.INCONCLUSIVE, False),
        (reading(True), Answer.INCONCLUSIVE, False),
        (reading(None), Answer.INCONCLUSIVE, False),
        (reading(0.995, samples=19), Answer.INCONCLUSIVE, False),
        (reading(0.5, samples=0), Answer.INCONCLUSIVE, False),
        (reading(0.995, samples=None), Answer.PASS, False),  # a source that cannot count
        (reading(0.995, age=61), Answer.INCONCLUSIVE, False),  # stale
        (reading(0.5, age=61), Answer.INCONCLUSIVE, False),  # a stale failure proves nothing either
        (reading(0.995, age=60), Answer.PASS, False),
        (Reading(0.995, 100, None), Answer.INCONCLUSIVE, False),  # age unknown
        (reading(None, error="503"), Answer.INCONCLUSIVE, True),
        (reading(0.995, error="half an answer"), Answer.INCONCLUSIVE, True),
    ],
)
def test_r_c02_only_finite_fresh_in_range_values_with_enough_samples_decide(given_reading: Reading, answer: Answer, is_error: bool) -> None:
    verdict = judge(given_reading, RATIO, NOW)
    assert (verdict.answer, verdict.is_error) == (answer, is_error)
    assert verdict.reason


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.793103, "79.31 %"),
        (0.999995, "99.9995 %"),
        (0.95, "95 %"),
        (1.0, "100 %"),
        (0.0, "0 %"),
        (0.00042, "0.042 %"),
        (-1e-9, "0 %"),
        (-1.23456, "-123.46 %"),
        (0.5004, "50.04 %"),
    ],
)
def test_a_share_is_told_as_percent(share: float, said: str) -> None:
    assert percent(share) == said


def test_the_reason_about_a_share_speaks_in_percent() -> None:
    spec = replace(RATIO, is_share=True)
    said = [judge(reading(value), spec, NOW).reason for value in (0.793103, 0.995, 0.97)]
    assert judge(reading(0.94996), spec, NOW).reason == "94.996 % < 95 %", "never 95 % < 95 %"
    assert said == ["79.31 % < 95 %", "99.5 % ≥ 99 %", "97 % lies between the thresholds ≥ 99 % and < 95 %"]


@pytest.mark.parametrize("answer", ["refused", "timed out", "malformed"])
def test_r_c01_an_error_never_passes(answer: str) -> None:
    assert judge(Reading(None, error=answer), RATIO, NOW) == Verdict(Answer.INCONCLUSIVE, answer, is_error=True)


@pytest.mark.parametrize(
    ("comparison", "value", "holds"),
    [
        ("<= 0.001", 0.0009999999999999432, True),
        ("< 0.001", 0.0009999999999999432, False),
        (">= 0.001", 0.0009999999999999432, True),
        ("== 0.001", 0.0009999999999999432, True),
        ("!= 0.001", 0.0009999999999999432, False),
        (">= 0.3", 0.1 + 0.2, True),
        ("> 0.3", 0.1 + 0.2, False),
        ("<= 0.3", 0.1 + 0.2, True),
        (">= 0.99", 0.99, True),
        ("> 0.99", 0.99, False),
        (">= 0.99", 0.989999, False),
        ("< 0.99", 0.989999, True),
        ("== 1e12", 1e12 + 1, True),
        ("> -0.5", -0.4, True),
        ("== 0", 0, True),
        ("!= 0", 1e-6, True),
    ],
)
def test_r_c06_on_the_threshold(comparison: str, value: float, holds: bool) -> None:
    parsed = Comparison.parse(comparison)
    assert parsed.holds(value) is holds
    assert parsed.opposite().holds(value) is not holds


@given(st.sampled_from([">=", "<=", ">", "<", "==", "!="]), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_r_c06_comparison_agrees_with_arithmetic_beyond_the_tolerance(operator: str, threshold: float, value: float) -> None:
    comparison = Comparison(operator, threshold)
    assert comparison.holds(value) is not comparison.opposite().holds(value)
    near = abs(value - threshold) <= 1e-9 * max(1.0, abs(threshold))
    exact = {">=": value >= threshold, "<=": value <= threshold, ">": value > threshold, "<": value < threshold}
    exact |= {"==": value == threshold, "!=": value != threshold}
    if not near:
        assert comparison.holds(value) is exact[operator]
    else:
        assert comparison.holds(value) is (operator in (">=", "<=", "=="))


@pytest.mark.parametrize("text", ["", "0.99", "=> 1", "> one", ">= nan", ">= inf", ">= 1e999", "> 1; drop", ">= 0.9 0.8", "＞ 1"])
def test_what_is_no_comparison(text: str) -> None:
    with pytest.raises(ValueError, match="no comparison"):
        Comparison.parse(text)


def test_where_both_hold_it_fails() -> None:
    both = GateSpec(Comparison.parse(">= 0"), Comparison.parse(">= 0.5"), max_age=None)
    assert judge(Reading(0.7), both, NOW).answer is Answer.FAIL
    assert judge(Reading(0.3), both, NOW).answer is Answer.PASS


def test_without_a_failing_threshold_what_does_not_pass_fails() -> None:
    assert judge(Reading(3), GateSpec(Comparison.parse("< 3"), max_age=None), NOW).answer is Answer.FAIL


@pytest.mark.parametrize(
    ("letters", "consecutive", "failure_limit", "consecutive_failures", "outlook"),
    [
        ("P", 1, 0, None, Outlook.PASSED),
        ("PP", 3, 0, None, Outlook.OPEN),
        ("PPP", 3, 0, None, Outlook.PASSED),
        ("PPIP", 2, 0, None, Outlook.OPEN),  # inconclusive breaks the row
        ("PPIPP", 2, 0, None, Outlook.PASSED),
        ("F", 1, 0, None, Outlook.FAILED),
        ("PFPFPF", 2, 2, None, Outlook.FAILED),  # flapping: every failure counts
        ("PFPF", 2, 2, None, Outlook.OPEN),
        ("PFPP", 2, 1, None, Outlook.PASSED),
        ("FFPPP", 3, 1, None, Outlook.FAILED),  # too many failures, whatever came after
        ("PFPFPF", 99, 0, 2, Outlook.OPEN),  # watched: only failures in a row
        ("PFF", 99, 0, 2, Outlook.FAILED),
        ("PFIF", 99, 0, 2, Outlook.OPEN),
        ("IIII", 1, 0, None, Outlook.UNDECIDED),
        ("III", 1, 0, None, Outlook.OPEN),
        ("IIIPIII", 2, 0, None, Outlook.OPEN),
        ("EEEE", 1, 0, None, Outlook.UNDECIDED),
        ("EIEI", 1, 0, None, Outlook.UNDECIDED),
        ("EEEFE", 1, 0, None, Outlook.FAILED),
        ("", 1, 0, None, Outlook.OPEN),
    ],
)
def test_r_c11_flapping_and_counting(
    letters: str, consecutive: int, failure_limit: int, consecutive_failures: int | None, outlook: Outlook
) -> None:
    spec = GateSpec(
        Comparison.parse("> 0"), consecutive=consecutive, failure_limit=failure_limit, consecutive_failures=consecutive_failures
    )
    assert progress([LETTERS[letter] for letter in letters], spec).outlook is outlook


@given(st.text("FIE", max_size=40))
def test_n10_without_a_pass_nothing_passes(letters: str) -> None:
    assert progress([LETTERS[letter] for letter in letters], RATIO).outlook is not Outlook.PASSED


def test_r_c01_errors_are_counted_by_themselves() -> None:
    spec = GateSpec(Comparison.parse("> 0"), error_limit=4, inconclusive_limit=100)
    for letters, outlook, errors in (("EEE", Outlook.OPEN, 3), ("EEEE", Outlook.UNDECIDED, 4), ("EEIEE", Outlook.OPEN, 2)):
        found = progress([LETTERS[letter] for letter in letters], spec)
        assert (found.outlook, found.errors) == (outlook, errors)
