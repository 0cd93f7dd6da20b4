"""What a bucket lets through (R-S29)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from portal.pacing import Bucket, take


@given(st.lists(st.floats(0, 5), max_size=60), st.floats(0.1, 100), st.integers(1, 20))
def test_r_s29_never_more_than_the_burst_and_what_the_time_brought(rests: list[float], rate: float, burst: int) -> None:
    bucket, now, let_in = None, 0.0, 0
    for rest in [0.0, *rests]:
        now += rest
        bucket, wait = take(bucket, rate, burst, now)
        let_in += wait == 0.0
        assert let_in <= burst + now * rate + 1e-6
        assert wait <= 1 / rate + 1e-9
        if wait:
            assert take(bucket, rate, burst, now + wait + 1e-6)[1] == 0.0, "after what it was told to wait it may"


def test_r_s29_a_clock_that_steps_back_gives_nothing_and_takes_nothing() -> None:
    assert take(Bucket(0.5, 100.0), 1, 10, 40.0) == (Bucket(0.5, 40.0), 0.5)
