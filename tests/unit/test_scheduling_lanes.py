"""Where things lie on a timeline: the axis over clock changes, bars cut by the edge, overlapping ones, labels with room."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.slots import sheet
from windows.scheduling import axis as axes
from windows.scheduling.axis import SLOTS, Axis, axis
from windows.scheduling.lanes import BRACKETS, ROOM, ROWS, Bar, clashes, spot, stack, takes

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = axis("week", date(2026, 11, 25), BERLIN)


@dataclass(frozen=True)
class Item:
    starts_at: datetime
    ends_at: datetime


def item(begin: float, hours: float = 2, shown: Axis = WEEK) -> Item:
    starts = shown.since + timedelta(hours=begin)
    return Item(starts, starts + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("zoom", "day", "columns", "first", "hours"),
    [
        ("day", date(2026, 11, 25), 8, "2026-11-25T00:00", 24),
        ("day", date(2026, 3, 29), 8, "2026-03-29T00:00", 23),
        ("day", date(2026, 10, 25), 8, "2026-10-25T00:00", 25),
        ("week", date(2026, 11, 25), 7, "2026-11-23T00:00", 168),
        ("week", date(2026, 3, 29), 7, "2026-03-23T00:00", 167),
        ("month", date(2026, 2, 14), 28, "2026-02-01T00:00", 672),
        ("month", date(2026, 10, 1), 31, "2026-10-01T00:00", 745),
        ("quarter", date(2026, 11, 25), 13, "2026-11-23T00:00", 91 * 24),
    ],
)
def test_every_zoom_has_whole_local_days(zoom: str, day: date, columns: int, first: str, hours: int) -> None:
    shown = axis(zoom, day, BERLIN)
    assert (len(shown.columns), shown.columns[0].wall) == (columns, first)
    assert (shown.until - shown.since) == timedelta(hours=hours)
    assert all(a.ends == b.begins for a, b in zip(shown.columns, shown.columns[1:], strict=False))
    for column in shown.columns:
        assert column.begins.astimezone(BERLIN).strftime("%Y-%m-%dT%H:%M") == column.wall


@pytest.mark.parametrize("zoom", axes.MAKERS)
def test_earlier_and_later_lead_to_the_neighbour(zoom: str) -> None:
    shown = axis(zoom, date(2026, 10, 25), BERLIN)
    assert axis(zoom, axes.after(shown), BERLIN).since == shown.until
    assert axis(zoom, axes.before(shown), BERLIN).until == shown.since


def test_a_day_far_away_is_brought_back() -> None:
    assert axis("quarter", date.max, BERLIN).day.year == 2099 and axis("week", date.min, BERLIN).day.year == 1999


def test_weekends_nights_and_words() -> None:
    assert [("off" in column.behind) for column in WEEK.columns] == [False] * 5 + [True] * 2
    assert all("nights" in column.behind for column in WEEK.columns) and WEEK.columns[0].head == "Mon 23 Nov"
    assert axes.told(WEEK) == "Mon 23 Nov – Sun 29 Nov 2026" and axes.told(axis("month", date(2026, 11, 3), BERLIN)) == "November 2026"
    change = axis("week", date(2026, 10, 25), BERLIN).columns[-1]
    assert change.note == "clock change" and [slot for slot, _ in change.marks] == [0, 80, 149, 218]
    assert axes.around(date(2026, 11, 25), BERLIN).columns[0].wall == "2026-11-24T00:00"


@pytest.mark.parametrize(
    ("day", "marks"),
    [
        (date(2026, 11, 25), ((96, "01"), (192, "02"))),
        (date(2026, 3, 29), ((144, "01"),)),  # 02:00 is 03:00
        (date(2026, 10, 25), ((72, "01"), (144, "02"), (216, "02"))),
    ],
)
def test_r_e05_the_hours_of_a_day_are_those_that_it_has(day: date, marks: tuple[tuple[int, str], ...]) -> None:
    assert axis("day", day, BERLIN).columns[0].marks == marks


def test_a_place_is_named_in_slots() -> None:
    found = spot(item(24 + 6, 3), WEEK)
    assert found is not None and (found.column, found.x, found.w, found.whole) == (1, 72, 36, 0) and found.classes == "x-72 w-36"
    long = spot(item(12, 48), WEEK)
    assert long is not None and (long.column, long.x, long.w, long.whole) == (0, 144, 0, 2) and long.classes == "x-144 w-0 d-2"


def test_what_the_edge_cuts_says_so_and_what_is_outside_is_not_there() -> None:
    left, right = spot(item(-3, 5), WEEK), spot(item(167, 5), WEEK)
    assert left is not None and (left.column, left.x, left.w, left.cut_left, left.cut_right) == (0, 0, 24, True, False)
    assert right is not None and (right.column, right.x, right.w, right.cut_left, right.cut_right) == (6, 276, 12, False, True)
    assert spot(item(-3, 3), WEEK) is None and spot(item(168, 1), WEEK) is None
    whole = stack([item(-3, 400)], WEEK).bars[0]
    assert (whole.spot.whole, whole.side, whole.spot.cut_left and whole.spot.cut_right) == (7, "in", True)


def test_overlapping_windows_stack_and_labels_flip_at_the_edge() -> None:
    lane = stack([item(10, 4), item(11, 1), item(60, 2), item(164, 2)], WEEK)
    assert [bar.row for bar in lane.bars] == [0, 1, 0, 0] and lane.rows == 2
    assert [bar.side for bar in lane.bars] == ["right", "right", "right", "left"]
    assert stack([], WEEK).rows == 1
    crowd = stack([item(10)] * 40, WEEK)
    assert crowd.rows == ROWS and crowd.hidden == 40 - ROWS == 40 - len(crowd.bars)


def drawn(bar: Bar[Item], shown: Axis) -> tuple[float, float]:
    """From where to where bar and label may be seen, in slots."""
    mine, width = takes(bar.spot, shown), bar.room * SLOTS / 24
    return (min(mine.start, mine.end - width), mine.end) if bar.side == "left" else (mine.start, max(mine.end, mine.start + width))


@given(st.lists(st.tuples(st.floats(-50, 200), st.floats(0.1, 90)), max_size=30), st.sampled_from(["day", "week", "month", "quarter"]))
def test_no_bar_or_label_lies_on_another(times: list[tuple[float, float]], zoom: str) -> None:
    shown = axis(zoom, date(2026, 10, 25), BERLIN)
    items = [item(begin, hours, shown) for begin, hours in times]
    lane = stack(items, shown)
    assert len(lane.bars) + lane.hidden == sum(spot(one, shown) is not None for one in items)
    for bar in lane.bars:
        mine = takes(bar.spot, shown)
        assert 0 <= mine.begin <= mine.start < mine.end <= mine.finish <= shown.length and 1 <= bar.room <= ROOM and bar.row < lane.rows
        for other in lane.bars:
            if other is not bar and other.row == bar.row:
                theirs = takes(other.spot, shown)
                assert mine.finish <= theirs.begin or theirs.finish <= mine.begin
                (_, left), (right, _) = sorted((drawn(bar, shown), drawn(other, shown)))
                assert left <= right, "two labels that grow towards each other meet"


@given(st.integers(0, 90 * 24 * 60))
def test_slots_never_run_backwards(minutes: int) -> None:
    at = datetime(2026, 9, 15, tzinfo=UTC) + timedelta(minutes=minutes)
    shown = axis("month", date(2026, 10, 25), BERLIN)
    assert 0 <= shown.slot(at) <= shown.slot(at + timedelta(minutes=7)) <= shown.length == 31 * SLOTS


def test_the_sheet_of_places_is_the_one_that_is_served() -> None:
    served = Path(__file__).resolve().parents[2] / "static" / "portal" / "slots.css"
    assert served.read_text() == sheet(), "write portal.slots.sheet() into it"


def test_a_bracket_joins_two_bars_that_collide() -> None:
    a, b, c, d = item(26, 4), item(28, 4), item(29, 4), item(60, 4)
    lane = stack([a, b, c, d], WEEK)
    found = clashes(lane, WEEK, lambda one, other: {one, other} != {a, c})
    assert [(one.one, one.other) for one in found] == [(a, b), (b, c)], "what does not overlap, or may, is not joined"
    rows = {bar.of: bar.row for bar in lane.bars}
    assert (found[0].column, found[0].x, found[0].row) == (1, 4 * 12, min(rows[a], rows[b]))
    assert found[0].rows == abs(rows[a] - rows[b]) == 1
    assert not any(clash.after for clash in found)
    late, later = item(160, 4), item(162, 5)
    (last,) = clashes(stack([late, later], WEEK), WEEK, lambda *_: True)
    assert last.after and (last.column, last.x) == (6, (164 - 144) * 12), "their labels stand to the left: it comes to the right"
    many = stack([item(24 + n / 100) for n in range(12)], WEEK)
    assert len(clashes(many, WEEK, lambda *_: True)) == BRACKETS
