"""CSV rows read: bounded, told by line, and a report that no spreadsheet runs."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windows.errors import Invalid
from windows.scheduling.rows_in import MOST_ROWS, fields_of, read_rows, report, scope_in

HEADS = "title,reason,team,owner,coordinator,starts_at,minutes,scope"
ROW = "Move,Why,shop,a@example.org,b@example.org,2027-03-09T22:00,60,orders/production"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "first line names"),
        ("title,colour", 1, "no column “colour”"),
        ("title,title", 1, "stands twice"),
        (HEADS.replace("minutes,", ""), 1, "ends_at or minutes"),
        (f'{HEADS}\n"open', 2, "cannot be read"),
        ("\n".join([HEADS, *[ROW] * (MOST_ROWS + 1)]), MOST_ROWS + 2, f"At most {MOST_ROWS} rows"),
        ("x" * 600_000, None, "512 KiB"),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(text, line, words):
    with pytest.raises(Invalid) as refused:
        read_rows(text)
    assert refused.value.field == "text" and refused.value.line == line and words in refused.value.detail


def test_rows_know_their_lines_even_after_cells_of_several_lines():
    first, short, last = read_rows(
        f"\ufeff{HEADS}\r\n{ROW.replace('Why', chr(34) + 'a' + chr(10) + 'b' + chr(34))}\r\n\r\nx,y\r\n{ROW}\r\n"
    )
    assert [first.line, short.line, last.line] == [2, 5, 6] and short.wrong is not None and "8 columns" in short.wrong.detail
    assert fields_of(first)["reason"] == "a\nb" and fields_of(last)["minutes"] == 60


@pytest.mark.parametrize(
    ("column", "value", "field"),
    [
        ("minutes", "ten", "minutes"),
        ("minutes", "", "ends_at"),
        ("starts_at", "tomorrow", "starts_at"),
        ("starts_at", "2027-03-09T22:00:60Z", "starts_at"),
        ("title", "", "title"),
    ],
)
def test_a_bad_cell_is_named(column, value, field):
    cells = dict(zip(HEADS.split(","), ROW.split(","), strict=True)) | {column: value}
    (row,) = read_rows(f"{HEADS}\n{','.join(cells.values())}")
    with pytest.raises(Invalid) as refused:
        fields_of(row)
    assert refused.value.field == field


def test_scopes():
    assert scope_in("orders/production bank/staging/r1/L3+L5") == [
        ("orders", "production", "*", ("L3",)),
        ("bank", "staging", "r1", ("L3", "L5")),
    ]
    with pytest.raises(Invalid):
        scope_in("orders")


@given(st.lists(st.tuples(st.integers(1, 99), *[st.text(st.characters(exclude_categories=["Cs"]), max_size=12)] * 3), max_size=5))
def test_r_s10_no_cell_of_the_report_is_a_formula(rows):
    cells = [cell for row in list(csv.reader(io.StringIO(report(rows), newline="")))[1:] for cell in row[1:]]
    assert not [cell for cell in cells if cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]
