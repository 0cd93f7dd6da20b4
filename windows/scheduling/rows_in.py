"""Requests by CSV, read into plain fields. Pure and bounded: what is wrong is told with its line, and nothing is half read.

One row is one window. Columns are named in the first line, in any order; a scope of several services is written as
`orders/production/*/L3 bank/production`, expected alerts one a line of their cell, as alerts.expected reads them. Times are RFC 3339, or
local times of the row's own zone.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from windows.alerts.expected import in_lines, plain
from windows.errors import Invalid
from windows.scheduling.times import from_wall

LARGEST = 512 * 1024  # characters
MOST_ROWS = 200
NEEDED = ("title", "reason", "team", "owner", "coordinator", "starts_at", "scope")
ENDS = ("ends_at", "minutes")
OTHERS = (
    "deputy", "timezone", "mode", "change_type", "starts_itself", "runbook", "parameters", "expected_impact", "expected_users", "slack",
    "confidential", "external_ref", "expected_alerts",
)  # fmt: skip
COLUMNS = (*NEEDED, *ENDS, *OTHERS)
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Row:
    """One line as it was read: what it says by column, or what is wrong with it."""

    line: int
    said: Mapping[str, str] = field(default_factory=dict)
    wrong: Invalid | None = None


def read_rows(text: str) -> list[Row]:
    """Every row with its line. Invalid(field="text") where the whole is no such table; what is wrong with one row stands in it."""
    if len(text) > LARGEST:
        raise Invalid(f"At most {LARGEST // 1024} KiB of text; this has {len(text) // 1024}.", field="text")
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        heads = [name.strip().lower() for name in next(reader)]
    except (StopIteration, csv.Error):
        raise Invalid("The first line names the columns, separated by commas.", field="text", line=1) from None
    check_heads(heads)
    rows: list[Row] = []
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return rows
        except csv.Error as error:
            raise Invalid(f"This line cannot be read as CSV: {error}.", field="text", line=line) from None
        if not any(cell.strip() for cell in cells):
            continue
        if len(rows) == MOST_ROWS:
            raise Invalid(f"At most {MOST_ROWS} rows at once.", field="text", line=line)
        if len(cells) != len(heads):
            rows.append(
                Row(line, wrong=Invalid(f"The first line names {len(heads)} columns; this one has {len(cells)}.", field="row", line=line))
            )
            continue
        rows.append(Row(line, {head: cell.strip() for head, cell in zip(heads, cells, strict=True) if cell.strip()}))


def check_heads(heads: list[str]) -> None:
    for name in heads:
        if name not in COLUMNS:
            raise Invalid(f"There is no column “{name[:40]}”. There are: {', '.join(COLUMNS)}.", field="text", line=1)
        if heads.count(name) > 1:
            raise Invalid(f"The column {name} stands twice.", field="text", line=1)
    missing = [name for name in NEEDED if name not in heads]
    if missing or not set(ENDS) & set(heads):
        raise Invalid(
            f"Missing: {', '.join([*missing, *([] if set(ENDS) & set(heads) else ['ends_at or minutes'])])}.", field="text", line=1
        )


def truth(text: str, name: str) -> bool:
    if text.lower() not in ("yes", "true", "1", "no", "false", "0"):
        raise Invalid("Write yes or no.", field=name)
    return text.lower() in ("yes", "true", "1")


def number(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise Invalid("Write a whole number.", field=name)
    return int(text)


def share(text: str, name: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Invalid("Write a number from 0 to 1.", field=name) from None


def json_object(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Invalid('Write parameters as JSON, such as {"batch": 500}.', field=name) from None


PLAIN: Mapping[str, Callable[[str, str], Any]] = {
    **dict.fromkeys(
        ("title", "reason", "team", "timezone", "mode", "change_type", "expected_impact", "external_ref"), lambda text, _: text
    ),
    "starts_itself": truth,
    "confidential": truth,
    "expected_users": number,
    "slack": share,
    "parameters": json_object,
    "expected_alerts": lambda text, _: tuple(plain(in_lines(text))),
}


def fields_of(row: Row) -> dict[str, Any]:
    """The fields of a Draft that need no look-up; people, runbook and scope are left to who knows them. Invalid names the column."""
    if row.wrong is not None:
        raise row.wrong
    for name in NEEDED:
        if name not in row.said:
            raise Invalid("This must not be empty.", field=name)
    found = {name: read(row.said[name], name) for name, read in PLAIN.items() if name in row.said}
    zone = row.said.get("timezone", "UTC")
    found["starts_at"] = from_wall(row.said["starts_at"], zone, "starts_at")
    if "ends_at" in row.said:
        found["ends_at"] = from_wall(row.said["ends_at"], zone, "ends_at")
    elif "minutes" in row.said:
        found["minutes"] = number(row.said["minutes"], "minutes")
    else:
        raise Invalid("Say when it ends, or how many minutes it takes.", field="ends_at")
    return found


def scope_in(text: str) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """(service, environment, region, layers) of each part; a region left out is any, layers are written L3+L5."""
    found = []
    for part in text.split():
        names = part.split("/")
        if not 2 <= len(names) <= 4 or not all(names):
            raise Invalid("Write a scope as service/environment/region/layers, such as orders/production/*/L3+L5.", field="scope")
        found.append((names[0], names[1], names[2] if len(names) > 2 else "*", tuple(names[3].split("+")) if len(names) > 3 else ("L3",)))
    return found


def report(rows: list[tuple[int, str, str, str]]) -> str:
    """(line, window, column, what is wrong) as CSV; what a spreadsheet would run as a formula is text."""
    told = io.StringIO()
    writer = csv.writer(told, lineterminator="\r\n")
    writer.writerow(("line", "window", "column", "wrong"))
    writer.writerows(
        (line, *(f"'{cell}" if cell.lstrip(" ").startswith(STARTS_A_FORMULA) else cell for cell in cells)) for line, *cells in rows
    )
    return told.getvalue()
