"""A gate as data for Plotly and as the server's sketch: gaps are gaps, thresholds carry their words, text cannot escape."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from portal.charts.gates import BOTTOM, TOP, WIDE, Limit, Point, extent, gate, sketch, stretches

T = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
LIMITS = [Limit(99.0, "passes ≥ 99 %", "completed"), Limit(95.0, "fails < 95 %", "failed")]


def row(*values: float | None, apart: int = 5) -> list[Point]:
    verdicts = {True: "pass", False: "fail"}
    return [Point(T + timedelta(seconds=apart * n), v, "inconclusive" if v is None else verdicts[v >= 95]) for n, v in enumerate(values)]


def test_a_gap_is_where_nothing_could_be_judged_and_where_nothing_was_measured() -> None:
    points = row(99.8, 99.7, None, 99.9, 99.9)
    late = Point(points[-1].at + timedelta(seconds=60), 99.9, "pass")
    assert [len(one) for one in stretches([*points, late])] == [2, 2, 1]
    assert stretches(row(None, None)) == []


def test_the_figure_holds_every_threshold_and_never_joins_over_a_gap() -> None:
    chart = gate("Writes", row(99.8, None, 91.0), LIMITS, source="<b>orders", unit=" %", zone=ZoneInfo("Europe/Berlin"), key="gate-1")
    line, alone, failed = chart.figure["data"]
    assert line["y"] == [99.8, None, 91.0, None] and line["x"][0] == "2026-11-25 03:00:00", "the reader's clock"
    assert failed["y"] == [91.0] and line["connectgaps"] is False
    assert alone["y"] == [99.8, 91.0], "a line of one point shows nothing: it is a dot"
    assert {note["text"] for note in chart.figure["layout"]["annotations"]} == {"passes ≥ 99 %", "fails < 95 %"}
    low, high = chart.figure["layout"]["yaxis"]["range"]
    assert low < 91 and high > 99.8 and "<b>" not in chart.definition and len(chart.rows) == 3
    assert "1 of 3 readings here" in chart.definition and "last 91 %" in chart.label


def test_nothing_but_gaps_is_said_and_not_drawn() -> None:
    chart = gate("Writes", row(None, None), LIMITS, source="x", unit="", zone=ZoneInfo("UTC"), key="gate-1")
    assert chart.is_empty and "nothing was measured" in chart.label and sketch(row(None), LIMITS, "").last is None


def test_a_lone_reading_is_seen_in_the_middle_of_its_minute() -> None:
    chart = gate("Writes", row(99.8), LIMITS, source="x", unit=" %", zone=ZoneInfo("Europe/Berlin"), key="gate-1")
    axis = chart.figure["layout"]["xaxis"]
    assert axis["range"] == ["2026-11-25 02:59:30", "2026-11-25 03:00:30"] and axis["title"]["text"] == "CET"
    drawn = sketch(row(99.8), LIMITS, " %")
    assert drawn.last and drawn.last[0] == WIDE / 2 and drawn.ends - drawn.begins == timedelta(minutes=1)


def test_the_sketch_stays_inside_its_frame() -> None:
    drawn = sketch(row(*[90 + n % 10 for n in range(120)]), LIMITS, " %")
    spots = [tuple(map(float, spot.split())) for path in drawn.paths for spot in path.lstrip("M").split("L")]
    assert all(0 <= x <= WIDE and TOP - 1 <= y <= BOTTOM + 1 for x, y in spots) and len(spots) == 120
    assert drawn.last and drawn.last[2] == "99 %" and [line.text for line in drawn.lines] == [limit.text for limit in LIMITS]
    assert extent([], []) == (0.0, 1.12) and extent(row(5.0), [])[0] < 5 < extent(row(5.0), [])[1], "an axis has a height"


def test_the_axis_goes_below_zero_only_where_a_value_does() -> None:
    assert extent(row(0.0, 0.2), LIMITS)[0] == 0 and extent(row(0.0), []) == (0.0, 1.0)
    assert extent(row(-1.0, 2.0), [])[0] < -1
