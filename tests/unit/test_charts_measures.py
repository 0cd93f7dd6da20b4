"""The measures as figures and as charts."""

from __future__ import annotations

from datetime import date

import pytest

from portal.charts.measures import WeekOf, trend
from portal.dashboards.measures import figure_of
from windows.reviews.measures import MEASURES, Value

WELL = Value(part=3, whole=4, known=4, all=5, value=0.75)


@pytest.mark.parametrize(("name", "side"), [("M1", "top"), ("M7", "top"), ("M8", "top"), ("M3", "bottom"), ("M4", "bottom")])
def test_a_target_is_named_on_the_side_of_its_line_where_no_good_week_runs(name: str, side: str) -> None:
    chart = trend(MEASURES[name], [WeekOf(date(2026, 5, 4), WELL, None)], WELL)
    assert [note["yanchor"] for note in chart.figure["layout"]["annotations"]] == [side]


def test_a_unit_in_words_stands_beside_its_number() -> None:
    figure = figure_of(MEASURES["M9"], WELL)
    assert (figure.value, figure.unit, figure.beside) == ("0.75", "a window", "4 of 5 runs known")
    assert (figure_of(MEASURES["M1"], WELL).value, figure_of(MEASURES["M1"], WELL).unit) == ("75.0 %", "")
    unknown = figure_of(MEASURES["M9"], Value(part=0, whole=0, known=0, all=5, value=None))
    assert (unknown.value, unknown.unit, unknown.beside) == ("not known", "", "")
