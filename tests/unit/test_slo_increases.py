"""What counters grew by, against hand-made tables and against the sum of everything that happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.errors import Invalid
from slo.telemetry.increases import Held, Point, grown, samples
from slo.telemetry.selectors import selector
from slo.telemetry.sources import otlp

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
START = NOW - timedelta(hours=2)


def running(value: int, minute: int, *, began: datetime | None = START, part: str = "total", stream: str = "s") -> Point:
    return Point(part, stream, began, NOW + timedelta(minutes=minute), value, False)


def delta(value: int, second: int = 0, *, part: str = "total", window: str = "") -> Point:
    return Point(part, f"{part} {second}", None, NOW + timedelta(seconds=second), value, True, window)


@pytest.mark.parametrize(
    ("points", "adds"),
    [
        ([running(100, 0), running(130, 1)], [0, 30]),
        ([running(7, 0, began=NOW - timedelta(minutes=1))], [7]),
        ([running(100, 0), running(40, 1)], [0, 40]),
        ([running(100, 0), running(140, 1, began=NOW)], [0, 140]),
        ([running(100, 1), running(90, 0)], [0, 10]),
        ([running(100, 0), running(100, 0)], [0]),
        ([running(100, 0, began=None), running(130, 1, began=None)], [0, 30]),
        ([delta(5), delta(6, 1)], [5, 6]),
    ],
    ids=["grew", "just begun", "fell", "begun anew", "out of order", "twice", "begin not told", "deltas"],
)
def test_what_points_add(points: list[Point], adds: list[int]) -> None:
    assert [events for _, events in grown(points, {})[0]] == adds


def test_what_is_counted_is_remembered() -> None:
    _, held = grown([running(100, 0)], {})
    assert held == {("total", "s"): Held(START, NOW, 100)}
    assert [events for _, events in grown([running(160, 1)], held)[0]] == [60]
    assert grown([running(100, 0)], held)[0] == [], "the same export again"


@given(st.lists(st.tuples(st.integers(0, 1000), st.booleans()), max_size=30), st.integers(1, 30))
def test_nothing_is_lost_or_doubled_over_resets(steps: list[tuple[int, bool]], batch: int) -> None:
    """Everything after the first point counts once, however the points are spread over exports."""
    value, began, happened, points = 0, START, 0, [running(0, 0)]
    for minute, (grew, resets) in enumerate(steps, 1):
        if resets:
            value, began = 0, NOW + timedelta(minutes=minute, seconds=-30)
        value, happened = value + grew, happened + grew
        points.append(running(value, minute, began=began))
    held, counted = {}, 0
    for first in range(0, len(points), batch):
        found, held = grown(points[first : first + batch], held)
        counted += sum(events for _, events in found)
    assert counted == happened


def test_a_minute_becomes_one_push_that_is_the_same_when_it_comes_again() -> None:
    points = [delta(90, part="good"), delta(100), delta(5, 70, part="good"), delta(5, 70), delta(3, window="MW-1")]
    found, wrong = samples(grown(points, {})[0], "otlp", by_bad=False)
    assert [(one.good, one.total, one.window) for one in found] == [(90, 100, ""), (0, 3, "MW-1"), (5, 5, "")] and wrong == 0
    assert samples(grown(points, {})[0], "otlp", by_bad=False)[0] == found
    assert len({one.key for one in found}) == 3


def test_bad_ones_are_taken_off_and_more_than_all_is_refused() -> None:
    assert [one.good for one in samples(grown([delta(4, part="bad"), delta(10)], {})[0], "", by_bad=True)[0]] == [6]
    assert [one.good for one in samples(grown([delta(10)], {})[0], "", by_bad=True)[0]] == [10]
    assert samples(grown([delta(11, part="bad"), delta(10)], {})[0], "", by_bad=True) == ([], 1)
    assert samples(grown([delta(11, part="good"), delta(10)], {})[0], "", by_bad=False) == ([], 1)


@pytest.mark.parametrize(
    ("text", "attributes", "takes"),
    [
        ("requests", {}, True), ("request", {}, False),
        ('requests{status!="5*"}', {"status": 503}, False), ('requests{status!="5*"}', {"status": 200}, True),
        ('requests{status!="5*"}', {}, True), ('requests{status="5*"}', {}, False),
        ('requests{route="/orders", ok="true"}', {"route": "/orders", "ok": True}, True),
        ('requests{route="/orders", ok="true"}', {"route": "/orders", "ok": False}, False),
        ('requests{route="/a?b[c]"}', {"route": "/a?b[c]"}, True), ('requests{route="/a?"}', {"route": "/ab"}, False),
    ],
)  # fmt: skip
def test_which_points_a_selector_takes(text: str, attributes: dict[str, object], takes: bool) -> None:
    assert selector(text).takes("requests", attributes) is takes


@pytest.mark.parametrize("text", ["", "{}", "a b", "a{b}", 'a{b="c"', 'a{b="c" d="e"}', 'a{b=~"c"}', "a{" + ",".join(['b="c"'] * 11) + "}"])
def test_a_selector_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        selector(text)


@pytest.mark.parametrize(
    "query", [{}, {"good": "a"}, {"total": "a"}, {"good": "a", "bad": "b", "total": "c"}, {"good": "a{", "total": "b"}]
)
def test_an_objective_names_both_of_its_counters(query: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        otlp.check(query)
    otlp.check({"bad": 'a{b="c"}', "total": "a"})


@given(st.text(alphabet='*[]?!a"{}=,\\', max_size=60), st.text(alphabet="a*[]", max_size=60))
def test_no_pattern_takes_for_ever_or_breaks(pattern: str, value: str) -> None:
    try:
        chosen = selector(f'm{{k="{pattern}"}}')
    except Invalid:
        return
    chosen.takes("m", {"k": value * 50})
