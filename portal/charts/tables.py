"""A chart's data as CSV, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

from portal.charts.chart import Cell, Chart

STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_of(chart: Chart) -> str:
    """RFC 4180 with a head row. Times as ISO 8601 in UTC; unknown is an empty cell."""
    told = io.StringIO()
    writer = csv.writer(told, lineterminator="\r\n")
    writer.writerow(plain(name) for name in chart.columns)
    writer.writerows([plain(cell) for cell in row] for row in chart.rows)
    return told.getvalue()


def plain(cell: Cell) -> str | int | float:
    """Text that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, "CSV Injection"); numbers stay numbers."""
    match cell:
        case None:
            return ""
        case datetime():
            return cell.astimezone(UTC).isoformat(timespec="seconds")
        case str():
            return f"'{cell}" if cell.lstrip(" ").startswith(STARTS_A_FORMULA) else cell
    return cell
