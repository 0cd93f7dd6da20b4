"""What counters grew by, against hand-made tables and against the sum of everything that happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.budget import Ratio
from slo.errors import Invalid
from slo.telemetry.increases import MEMORY, Growth, Held, Key, Place, Point, by_minute, grown, settled
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


class Kept:
    """What is kept of a series, in memory: as push_points does it with rows."""

    def __init__(self, *, by_bad: bool = False) -> None:
        self.by_bad, self.counters = by_bad, dict[Key, Held]()
        self.minutes, self.owed = dict[Place, Ratio](), dict[Place, int]()

    def take(self, *points: Point) -> list[Growth]:
        increases, self.counters = grown(points, self.counters)
        growth = by_minute(increases, by_bad=self.by_bad)
        for one in growth:
            had = self.minutes.get(one.place, Ratio())
            change, self.owed[one.place] = settled(one, had, self.owed.get(one.place, 0))
            self.minutes[one.place] = had + change
            assert 0 <= self.minutes[one.place].good <= self.minutes[one.place].total
        return growth

    @property
    def counted(self) -> list[tuple[int, int]]:
        return [(one.good, one.total) for _, one in sorted(self.minutes.items())]


def test_a_minute_takes_each_point_once_whatever_it_is_sent_with() -> None:
    points = [delta(90, part="good"), delta(100), delta(5, 70, part="good"), delta(5, 70), delta(3, 2, window="MW-1")]
    kept = Kept()
    assert len({one.key for one in kept.take(*points, running(7, 0, stream="other"))}) == 3
    assert kept.counted == [(90, 100), (0, 3), (5, 5)]
    assert kept.take(*points) == kept.take(points[1], running(7, 0, stream="other")) == [], "the same again, alone or mixed"
    assert kept.counted == [(90, 100), (0, 3), (5, 5)]


@pytest.mark.parametrize("good_first", [True, False])
def test_good_and_total_of_a_minute_may_come_apart(good_first: bool) -> None:
    kept = Kept()
    for one in sorted([delta(90, part="good"), delta(100)], key=lambda point: (point.part == "good") != good_first):
        kept.take(one)
    assert kept.counted == [(90, 100)] and set(kept.owed.values()) == {0}


def test_bad_ones_are_taken_off_and_more_than_all_waits() -> None:
    kept = Kept(by_bad=True)
    kept.take(delta(10))
    assert kept.counted == [(10, 10)]
    kept.take(delta(11, part="bad"))
    assert kept.counted == [(0, 10)] and list(kept.owed.values()) == [-1]
    kept.take(delta(5, 1))
    assert kept.counted == [(4, 15)] and list(kept.owed.values()) == [0]


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(0, 1), st.booleans()), max_size=12), st.randoms(), st.booleans()
)
def test_any_order_any_split_and_any_resend_count_the_same(nodes: list[tuple[int, int, int, bool]], random: Random, by_bad: bool) -> None:
    """Deltas of many nodes and minutes, of which a part is sent again: each minute has what happened in it, once all has come."""
    points, happened = list[Point](), dict[int, Ratio]()
    for node, (good, bad, minute, _) in enumerate(nodes):
        told = {"bad": bad, "total": good + bad} if by_bad else {"good": good, "total": good + bad}
        points += [Point(part, f"{node}", None, NOW + timedelta(minutes=minute), value, True) for part, value in told.items()]
        happened[minute] = happened.get(minute, Ratio()) + Ratio(good, good + bad)
    sent = points + [one for one in points if nodes[int(one.stream)][3]]
    random.shuffle(sent)
    kept = Kept(by_bad=by_bad)
    while sent:
        many = random.randint(1, 5)
        kept.take(*sent[:many])
        del sent[:many]
    assert kept.counted == [(one.good, one.total) for _, one in sorted(happened.items()) if one.total]
    assert not any(kept.owed.values())


def test_deltas_that_overtake_one_another_count_once_and_what_is_too_old_to_be_known_does_not() -> None:
    def at(second: int) -> Point:
        return Point("total", "s", None, NOW + timedelta(seconds=second), 1, True)

    kept = Kept()
    kept.take(at(5))
    kept.take(at(3), at(5))
    assert kept.counted == [(0, 2)]
    kept.take(*(at(second) for second in range(100, 100 + MEMORY)))
    assert kept.take(at(4)) == kept.take(at(100)) == []
    assert len(kept.counters["total", "s"].told) == MEMORY


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
