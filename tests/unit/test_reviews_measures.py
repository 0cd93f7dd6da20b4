"""The measures M1–M10 by worked examples: exactly as SPEC §22 has them, and unknown where nothing is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windows.reviews.measures import MEASURES, Ended, beside, usual_error_rate, value_of

T, HOUR = datetime(2027, 3, 1, 22, tzinfo=UTC), timedelta(hours=1)
RUN = Ended(run_id=1, reference="MW-1", title="", status="succeeded", started_at=T, ended_at=T + HOUR, due_at=T + HOUR, planned=HOUR)
LATE = replace(RUN, ended_at=T + 2 * HOUR)
BACK = replace(RUN, went_back=True)
REHEARSED = replace(LATE, is_rehearsal=True, went_back=True)
CASES = {
    "m01 two of three, a rehearsal apart": ([RUN, BACK, LATE, REHEARSED], 2 / 3, "fail"),
    "m01 on the very end is on time": ([RUN], 1.0, "pass"),
    "m01 nothing ended": ([], None, "inconclusive"),
    "m02 events, not windows, are counted": ([replace(RUN, bad=1, events=9), replace(RUN, bad=9, events=91)], 0.1, "inconclusive"),
    "m02 where nothing was measured": ([RUN, replace(RUN, bad=0, events=0)], None, "inconclusive"),
    "m03 one of twenty misses below 5 %": ([BACK, *[RUN] * 19], 0.05, "fail"),
    "m03 one of twenty-one": ([BACK, *[RUN] * 20, REHEARSED], 1 / 21, "pass"),
    "m04 the mean of the shares": ([LATE, replace(RUN, planned=2 * HOUR)], 1.25, "fail"),
    "m04 a plan without length counts for nothing": ([replace(RUN, planned=timedelta())], None, "inconclusive"),
    "m05 measured, at most a user each": ([replace(RUN, expected_users=90, active_users=100, worst=7)], 0.07, ""),
    "m05 no more than there are": ([replace(RUN, active_users=100, worst=7000)], 1.0, ""),
    "m05 unknown users are left out": ([replace(RUN, expected_users=5, active_users=100), replace(RUN, expected_users=9)], 0.05, ""),
    "m06 adds up": ([replace(RUN, charged=0.25), replace(RUN, charged=0.5)], 0.75, "fail"),
    "m06 within what was agreed": ([replace(RUN, charged=0.0), RUN], 0.0, "pass"),
    "m07 nine of ten is not above 90 %": ([replace(RUN, tried=10, alone=9)], 0.9, "fail"),
    "m07 all": ([replace(RUN, tried=10, alone=10), RUN], 1.0, "pass"),
    "m08 one event without the tag": ([replace(RUN, tagged=99, expected_tags=100)], 0.99, "fail"),
    "m09 not told of": ([RUN], None, "inconclusive"),
    "m09 one in two windows": ([replace(RUN, incidents=1), replace(RUN, incidents=0)], 0.5, "inconclusive"),
    "m10 two in one window": ([replace(RUN, complaints=2)], 2.0, "inconclusive"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_measure_is_counted_as_defined(case: str) -> None:
    measure = MEASURES[f"M{int(case[1:3])}"]
    runs, value, verdict = CASES[case]
    told = value_of(measure, runs)
    assert told.value == (None if value is None else pytest.approx(value))
    assert not verdict or told.verdict(measure) == verdict


def test_every_measure_says_what_it_is() -> None:
    assert list(MEASURES) == [f"M{n}" for n in range(1, 11)] and {int(case[1:3]) for case in CASES} == set(range(1, 11))
    assert all(one.definition and one.target and one.lacking for one in MEASURES.values())


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=8))
def test_m02_the_whole_is_never_outside_its_parts(counts: list[tuple[int, int]]) -> None:
    runs = [replace(RUN, bad=min(bad, events), events=events) for bad, events in counts]
    value = value_of(MEASURES["M2"], runs).value
    each = [run.bad / run.events for run in runs if run.events and run.bad is not None]
    assert value is None if not each else value is not None and min(each) - 1e-9 <= value <= max(each) + 1e-9


def test_m02_what_is_usual_is_counted_over_the_same_windows_only() -> None:
    known, unknown = replace(RUN, bad=1, events=10, usual_bad=1, usual_events=100), replace(RUN, usual_bad=50, usual_events=50)
    assert usual_error_rate([known, unknown]) == 0.01 and usual_error_rate([unknown]) is None


def test_m05_stands_beside_the_estimates() -> None:
    runs = [replace(RUN, expected_users=90, active_users=100, worst=7), replace(RUN, worst=3)]
    assert beside(MEASURES["M5"], runs) == 0.9
    assert beside(MEASURES["M5"], [RUN]) is None and beside(MEASURES["M1"], runs) is None
