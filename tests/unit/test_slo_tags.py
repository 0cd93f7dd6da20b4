"""A minute's events by the window they are tagged with."""

from hypothesis import given
from hypothesis import strategies as st

from slo.budget import Ratio
from slo.telemetry.readings import shared_out

RATIOS = st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda one: Ratio(one[0], sum(one)))


def test_m08_what_carries_no_tag_is_the_rest() -> None:
    assert shared_out(Ratio(80, 100), {}) == {"": Ratio(80, 100)}
    assert shared_out(Ratio(80, 100), {"MW-1": Ratio(70, 90)}) == {"MW-1": Ratio(70, 90), "": Ratio(10, 10)}
    assert shared_out(Ratio(80, 100), {"MW-1": Ratio(90, 91)}) == {"MW-1": Ratio(80, 81), "": Ratio(0, 19)}


@given(RATIOS, st.dictionaries(st.sampled_from(["MW-1", "MW-2", "MW-3"]), RATIOS))
def test_m08_the_parts_are_the_whole(whole: Ratio, tags: dict[str, Ratio]) -> None:
    parts = shared_out(whole, tags)
    assert sum(parts.values(), Ratio()) == whole
    assert all(0 <= part.good <= part.total for part in parts.values())
