"""Judging measurements. Pure: `judge` answers for one reading, `progress` for a row of verdicts.

Only a finite, fresh, in-range value with enough samples can pass or fail; everything else is inconclusive, and what could not be
measured at all (refused, timed out, malformed) is an error as well, which is counted by itself.

Comparison: a value within 1e-9 × max(1, |threshold|) of the threshold counts as equal to it, so that 0.0009999999999999432 is
0.001: `>=`, `<=` and `==` hold there; `>`, `<` and `!=` do not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

TOLERANCE = 1e-9
COMPARISON = re.compile(r"\s*(>=|<=|==|!=|>|<)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*\Z", re.ASCII)
SIGNS = {">=": "≥", "<=": "≤", "==": "=", "!=": "≠"}
WORDS = {">=": "at least", "<=": "at most", "==": "exactly", "!=": "other than", ">": "above", "<": "below"}
OPPOSITE = {">=": "<", "<": ">=", "<=": ">", ">": "<=", "==": "!=", "!=": "=="}


class Answer(StrEnum):
    PASS = "pass"  # noqa: S105 — a verdict, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


class Outlook(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    UNDECIDED = "undecided"  # inconclusive or in error too often: a person is asked
    OPEN = "open"  # measure again


@dataclass(frozen=True, slots=True)
class Comparison:
    operator: str
    threshold: float

    @classmethod
    def parse(cls, text: str) -> Comparison:
        """'>= 0.99'. ValueError says what would be right."""
        found = COMPARISON.match(text)
        if not found or not math.isfinite(float(found[2])):
            raise ValueError(f"{text!r} is no comparison: write an operator (>=, <=, >, <, ==, !=) and a finite number, like '>= 0.99'")
        return cls(found[1], float(found[2]))

    def opposite(self) -> Comparison:
        return Comparison(OPPOSITE[self.operator], self.threshold)

    def holds(self, value: float) -> bool:
        """`value` must be finite."""
        equal = abs(value - self.threshold) <= TOLERANCE * max(1.0, abs(self.threshold))
        if self.operator in (">=", "<=", "=="):
            return equal or (self.operator == ">=" and value > self.threshold) or (self.operator == "<=" and value < self.threshold)
        return not equal and (self.operator == "!=" or (value > self.threshold) == (self.operator == ">"))

    def __str__(self) -> str:
        return f"{self.operator} {self.threshold:g}"

    def signs(self, *, is_share: bool = False) -> str:
        """As people write it: ≥ 0.99; of a share ≥ 99 %."""
        return f"{SIGNS.get(self.operator, self.operator)} {self.amount(is_share)}"

    def words(self, *, is_share: bool = False) -> str:
        """As a sentence says it: at least 0.99; of a share at least 99 %."""
        return f"{WORDS[self.operator]} {self.amount(is_share)}"

    def amount(self, is_share: bool) -> str:
        return percent(self.threshold) if is_share else f"{self.threshold:g}"


def percent(share: float) -> str:
    """A share as people say it: 79.31 %, 99.9995 %. Near 0 and 1, where hundredths decide, with four places."""
    places = 4 if abs(share) < 0.01 or 0.99 < share < 1 else 2
    return f"{round(100 * share, places) + 0.0:.{places}f}".rstrip("0").rstrip(".") + " %"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a source answered. `value` None with `error` empty means: it answered, there is nothing to judge (`reason` may say why)."""

    value: float | None
    samples: int | None = None  # None: the source cannot count them
    newest_at: datetime | None = None  # when the newest sample was taken, by the source
    error: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class GateSpec:
    """When a gate passes, fails and gives up. `failing` defaults to the opposite of `passing`; where both hold it fails."""

    passing: Comparison
    failing: Comparison | None = None
    minimum_samples: int = 1
    max_age: timedelta | None = timedelta(minutes=1)
    is_share: bool = False  # a ratio from 0 to 1, told as percent
    low: float | None = None
    high: float | None = None
    consecutive: int = 1  # passes in a row that make it pass
    failure_limit: int = 0  # failures in all that are forgiven
    consecutive_failures: int | None = None  # if given, failures in a row that make it fail; `failure_limit` is not asked then
    error_limit: int = 4  # errors in a row that leave it undecided
    inconclusive_limit: int = 4  # inconclusive readings in a row (errors among them) that leave it undecided


@dataclass(frozen=True, slots=True)
class Verdict:
    answer: Answer
    reason: str
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    outlook: Outlook
    passes: int  # in a row, up to now
    failures: int  # in all, or in a row where the spec counts those
    inconclusive: int  # in a row
    errors: int  # in a row


def judge(reading: Reading, spec: GateSpec, now: datetime) -> Verdict:
    """One verdict with its reason in one sentence."""
    if reading.error:
        return Verdict(Answer.INCONCLUSIVE, reading.error, is_error=True)
    if (doubt := doubt_about(reading, spec, now)) or reading.value is None:
        return Verdict(Answer.INCONCLUSIVE, doubt)
    value, failing = reading.value, spec.failing or spec.passing.opposite()
    fails, passes = (one.signs(is_share=spec.is_share) for one in (failing, spec.passing))
    told = share_told(value, (failing, spec.passing)) if spec.is_share else f"{value:.6g}"
    if failing.holds(value):
        return Verdict(Answer.FAIL, f"{told} {fails}")
    if spec.passing.holds(value):
        return Verdict(Answer.PASS, f"{told} {passes}")
    return Verdict(Answer.INCONCLUSIVE, f"{told} lies between the thresholds {passes} and {fails}")


def share_told(value: float, beside: Iterable[Comparison]) -> str:
    """In percent, with as many places as tell it from a threshold that it is not at."""
    alike = any(percent(value) == percent(one.threshold) and value != one.threshold for one in beside)
    return f"{100 * value:.10g} %" if alike else percent(value)


def doubt_about(reading: Reading, spec: GateSpec, now: datetime) -> str:
    """Why this reading can prove nothing, or an empty string."""
    value = reading.value
    if value is None:
        return reading.reason or "no data"
    if isinstance(value, bool) or not math.isfinite(value):
        return f"{value} is not a finite number"
    if (spec.low is not None and value < spec.low - TOLERANCE) or (spec.high is not None and value > spec.high + TOLERANCE):
        return f"{value:g} is out of range ({spec.low if spec.low is not None else '−∞'} to {spec.high if spec.high is not None else '∞'})"
    if reading.samples is not None and reading.samples < spec.minimum_samples:
        return f"{reading.samples} samples, {spec.minimum_samples} needed"
    if spec.max_age is not None:
        if reading.newest_at is None:
            return "its age is unknown"
        if (age := now - reading.newest_at) > spec.max_age:
            return f"the newest sample is {age.total_seconds():.0f} s old, {spec.max_age.total_seconds():.0f} s allowed"
    return ""


def progress(verdicts: Iterable[Verdict], spec: GateSpec) -> Progress:
    """Where a gate stands after these verdicts, oldest first. Failing is asked first, then undecided, then passing."""
    passes = failures = in_a_row = inconclusive = errors = 0
    for verdict in verdicts:
        errors = errors + 1 if verdict.is_error else 0
        inconclusive = inconclusive + 1 if verdict.answer is Answer.INCONCLUSIVE else 0
        passes = passes + 1 if verdict.answer is Answer.PASS else 0
        failed = verdict.answer is Answer.FAIL
        failures, in_a_row = failures + failed, in_a_row + 1 if failed else 0
    if spec.consecutive_failures is None:
        is_failed = failures > spec.failure_limit
    else:
        failures, is_failed = in_a_row, in_a_row >= spec.consecutive_failures
    outlook = Outlook.OPEN
    if is_failed:
        outlook = Outlook.FAILED
    elif errors >= spec.error_limit or inconclusive >= spec.inconclusive_limit:
        outlook = Outlook.UNDECIDED
    elif passes >= spec.consecutive:
        outlook = Outlook.PASSED
    return Progress(outlook, passes, failures, inconclusive, errors)
