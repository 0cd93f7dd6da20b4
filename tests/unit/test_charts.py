"""Figures on their data: what is drawn, what is a gap, what the table says; and what Plotly must be kept from."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from portal.charts import budgets, deviation, runs, windows
from portal.charts.chart import Chart, Shade, instants, shaded
from portal.charts.clocks import local
from portal.charts.tables import csv_of
from portal.plotly_asset import NAME, PlotlyFinder, folder

T = datetime(2026, 11, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROOT = Path(__file__).resolve().parents[2]


def hours(count: int) -> list[datetime]:
    return instants(T, T + HOUR * count, HOUR)


def every_chart() -> list[Chart]:
    at = hours(3)
    shade = Shade("MW-1001", T + HOUR, T + 2 * HOUR, "completed")
    weeks = [windows.Week(date(2026, 11, 2), 1, 2), windows.Week(date(2026, 11, 9), 0, 0)]
    strayed = deviation.Strayed("MW-1001", T, "orders-writes", 0.7, 0.999, 0.998, 1.0, 3, 40, 10.0, 0.4, 0.1)
    stretch = runs.Stretch("Freeze", "succeeded", T, T + HOUR, False, "done")
    return [
        budgets.spent_over_time(at, [budgets.Spent("orders-writes", 28, [None, 1.0, 0.5, None])], [shade], 0.25),
        budgets.left_by_service([budgets.Left("orders-writes", "orders", 0.99, 0.2, 0.3)], 0.25),
        budgets.burn(at, {"orders-writes": [(None, 1.0), (15.0, 2.0), (0.0, 1.0), (1.0, None)]}, [shade]),
        windows.adherence(weeks),
        windows.rollbacks(weeks),
        deviation.deviation([strayed]),
        windows.at_stake([windows.Stake(date(2026, 11, 2), 2, 1000.0, 1)], "EUR"),
        runs.timeline("MW-1001 run 1", [stretch], T + 2 * HOUR, T + HOUR, T + 2 * HOUR),
        runs.error_rates(at, {"orders-writes": [0.1, None, 0.2, 0.0]}, [shade], 1),
    ]


def test_every_chart_says_what_it_is_and_survives_json() -> None:
    for chart in every_chart():
        assert chart.definition.endswith(".") and chart.source and chart.label.startswith("Chart."), chart.name
        assert not chart.is_empty, chart.name
        assert all(len(row) == len(chart.columns) for row in chart.rows), chart.name
        text = json.dumps(chart.figure, allow_nan=False)
        assert "<b>" not in text and "<br" not in text, "Plotly would make style attributes of it"


def test_axes_carry_their_unit() -> None:
    for chart in every_chart():
        axes = [axis for name, axis in chart.figure["layout"].items() if name in ("xaxis", "yaxis") and axis.get("type") != "category"]
        told = json.dumps(axes)
        assert "%" in told or "title" in told, chart.name


def test_a_chart_on_its_readers_clock_moves_every_instant_and_nothing_else() -> None:
    told = every_chart()
    berlin = [local(chart, ZoneInfo("Europe/Berlin")) for chart in told]
    rates, theirs = told[-1], berlin[-1]
    assert theirs.columns[0] == "Time, CET" and theirs.figure["layout"]["xaxis"]["title"]["text"] == "CET"
    assert rates.figure["data"][0]["x"][0] == "2026-11-02 00:00:30" and theirs.figure["data"][0]["x"][0] == "2026-11-02 01:00:30"
    assert [band["x0"] for band in theirs.figure["layout"]["shapes"]] == ["2026-11-02 02:00:00"]
    assert theirs.figure["data"][0]["y"] == rates.figure["data"][0]["y"] and theirs.rows[0][0] == rates.rows[0][0], "the same moment"
    timeline, moved = told[-2], berlin[-2]
    assert moved.figure["data"][0]["base"] == ["2026-11-02 01:00:00"] and moved.columns[3] == "Began, CET"
    assert moved.figure["data"][0]["x"] == timeline.figure["data"][0]["x"], "a length is no moment"
    for chart, same in zip(told, berlin, strict=True):
        assert local(chart, ZoneInfo("UTC")) == chart
        assert csv_of(chart).split("\r\n")[1:] == csv_of(same).split("\r\n")[1:]


def test_a_range_over_a_clock_change_names_the_zone() -> None:
    at = instants(datetime(2026, 10, 24, tzinfo=UTC), datetime(2026, 10, 26, tzinfo=UTC), 12 * HOUR)
    told = local(runs.error_rates(at, {"orders": [0.1] * len(at)}, [], 1), ZoneInfo("Europe/Berlin"))
    assert told.columns[0] == "Time, Europe/Berlin"
    assert [x[11:16] for x in told.figure["data"][0]["x"]] == ["02:00", "14:00", "02:00", "13:00", "01:00"]


def test_a_gap_is_a_gap_and_never_zero() -> None:
    spent, *_ = every_chart()
    (trace,) = spent.figure["data"]
    assert trace["y"] == [None, 100.0, 50.0, None]
    assert trace["connectgaps"] is False
    assert spent.rows[0][1] is None
    rates = every_chart()[-1]
    assert rates.figure["data"][0]["y"] == [10.0, None, 20.0, 0.0]
    assert windows.adherence([windows.Week(date(2026, 11, 2), 0, 0), windows.Week(date(2026, 11, 9), 1, 1)]).figure["data"][0]["y"] == [
        None,
        100,
    ]


def test_without_data_nothing_is_drawn_and_it_is_said() -> None:
    nothing = [
        budgets.spent_over_time(hours(1), [budgets.Spent("a", 28, [None, None])], [], 0.25),
        budgets.left_by_service([], 0.25),
        budgets.burn(hours(1), {"a": [(None, None), (None, None)]}, []),
        windows.adherence([windows.Week(date(2026, 11, 2), 0, 0)]),
        windows.rollbacks([]),
        deviation.deviation([]),
        windows.at_stake([windows.Stake(date(2026, 11, 2), 0, 0.0, 0)], "EUR"),
        runs.timeline("run", [], T, None, T),
        runs.error_rates([], {}, [], 1),
    ]
    for chart in nothing:
        assert chart.is_empty and chart.empty.endswith("."), chart.name


def test_windows_are_shaded_with_their_reference_within_the_axis() -> None:
    at = (T, T + 12 * HOUR)
    told = shaded(
        [
            Shade("MW-2", T + 6 * HOUR, T + 7 * HOUR, "rolled_back"),
            Shade("MW-1", T - HOUR, T + HOUR, "completed"),
            Shade("MW-3", T + 6.5 * HOUR, T + 8 * HOUR, "running"),
            Shade("MW-4", T + 20 * HOUR, T + 21 * HOUR),
        ],
        *at,
    )
    assert [(band["name"], band["x0"][11:16], band["x1"][11:16]) for band in told["shapes"]] == [
        ("MW-1", "00:00", "01:00"), ("MW-2", "06:00", "07:00"), ("MW-3", "06:30", "08:00"),
    ]  # fmt: skip
    assert [note["text"] for note in told["annotations"]] == ["MW-1", "MW-2"], "two names over each other could not be read"
    assert told["shapes"][1]["fillcolor"] == "@rolledback/28"


def test_a_budget_below_the_policy_is_red_and_one_not_known_is_said() -> None:
    chart = budgets.left_by_service(
        [budgets.Left("a", "s", 0.99, 0.9, 0.9), budgets.Left("b", "s", 0.99, 0.1, 0.2), budgets.Left("c", "s", 0.99, None, None)], 0.25
    )
    bars = chart.figure["data"][0]
    assert dict(zip(bars["y"], bars["marker"]["color"], strict=True)) == {"a": "@ink-2", "b": "@failed", "c": "@ink-2"}
    assert dict(zip(bars["y"], bars["x"], strict=True))["c"] is None
    assert chart.headline == "1 of 3 below 25 %, 1 not known"
    assert "c  not known" in chart.figure["layout"]["yaxis"]["ticktext"]


def test_deviation_marks_what_took_more_than_was_agreed() -> None:
    def one(window: str, over: float | None, objective: str = "w") -> deviation.Strayed:
        return deviation.Strayed(window, T, objective, 0.9, None, None, None, 0, 3, 0.0, 0.4, over)

    chart = deviation.deviation([one("MW-1", 0.3), one("MW-2", 0.0), one("MW-3", None)])
    assert chart.figure["data"][1]["marker"]["color"] == ["@failed", "@approved", "@approved"]
    assert chart.figure["data"][0]["x"] == [], "no past week, nothing to compare with"
    assert chart.headline == "1 of 3 objectives in their windows took more budget than agreed"
    assert chart.figure["layout"]["xaxis"]["ticktext"] == ["MW-1", "MW-2", "MW-3"]
    alone = deviation.deviation([one("MW-1", 0.0, "reads"), one("MW-1", 0.0, "writes")])
    assert alone.headline == "0 of 2 objectives in MW-1 took more budget than agreed", "what was agreed is left out, however much it is"
    assert alone.figure["layout"]["xaxis"]["ticktext"] == alone.figure["data"][1]["customdata"] == ["reads", "writes"]


def test_r_s10_a_formula_in_a_cell_stays_text() -> None:
    chart = Chart(
        name="x", title="x", definition="x.", source="x", label="x", columns=("=1+1", "b"),
        rows=(("=cmd|' /C calc'!A0", -5), ("+1", 2.5), ("-1", None), ("@SUM(A1)", T), ("\tx", "a,\"b\""), ("  =1", "plain")),
    )  # fmt: skip
    lines = csv_of(chart).split("\r\n")
    assert lines[0] == "'=1+1,b"
    assert lines[1] == "'=cmd|' /C calc'!A0,-5", "numbers stay numbers"
    assert lines[2] == "'+1,2.5"
    assert lines[3] == "'-1,"
    assert lines[4] == "'@SUM(A1),2026-11-02T00:00:00+00:00"
    assert lines[5] == '\'\tx,"a,""b"""'
    assert lines[6] == "'  =1,plain"


def test_the_only_file_served_of_plotly_is_the_library() -> None:
    finder = PlotlyFinder()
    assert [name for name, _ in finder.list(None)] == [NAME]
    assert finder.find(NAME) == str(folder() / NAME)
    assert finder.find("widgetbundle.js") == []


def test_plotly_adds_no_style_element_for_maps() -> None:
    """The id of the element that stops it changes with Plotly's version; charts.js must name the one of the wheel."""
    ours = re.search(r'mapStyle = "([0-9a-f]{64})"', (ROOT / "static/portal/charts.js").read_text())
    assert ours and ours[1] in (folder() / NAME).read_text(encoding="utf-8")


@pytest.mark.parametrize("word", ["showSendToCloud: false", 'plotlyServerURL: ""'])
def test_no_button_sends_a_chart_to_somebodys_cloud(word: str) -> None:
    script = (ROOT / "static/portal/charts.js").read_text()
    assert word in script and "toImage" not in script.replace("toImage would", "")


def test_r_s03_a_steps_name_is_no_markup_to_plotly() -> None:
    name = "1 · <a href='https://x.example'>Freeze</a> & <b>more</b>"
    chart = runs.timeline("run", [runs.Stretch(name, "succeeded", T, T + HOUR, False)], T, None, T + 2 * HOUR)
    text = json.dumps(chart.figure)
    assert "<" not in text.replace("<extra></extra>", "")
    assert "&lt;b&gt;more&lt;/b&gt;" in text and " &amp; " in text
    assert chart.rows[0][0] == name, "the table has it as it is; the page escapes it"
