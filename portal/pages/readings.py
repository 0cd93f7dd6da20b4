"""What the gates of a run measured, reading by reading: the table and the CSV behind the run page's gate charts."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.charts.tables import plain
from windows.access.pages import reads
from windows.access.paging import cursor_of, page
from windows.access.requests import actor_of
from windows.errors import Invalid
from windows.execution.queries.gates import reading_rows
from windows.execution.queries.views import run_view

PAGE, EXPORTED = 100, 20_000
COLUMNS = ("at", "gate", "step", "value", "verdict", "is_error", "reason")


@reads
def readings_page(request: HttpRequest, run_id: int) -> HttpResponse:
    """The newest first, of one gate where `?gate=` or `?position=` names it. NotFound for a run that is not there for these eyes."""
    run = run_view(run_id, actor_of(request))
    of, before = narrowed(request.GET), cursor_of(request.GET, int)
    found = page(reading_rows(run_id, of, before=before[0] if before else None, limit=PAGE + 1), PAGE, "id")
    context = {"run": run, "of": of, "rows": found["items"], "more": found["next_cursor"], "kept": urlencode(of)}
    return render(request, "execution/readings.html", context)


@reads
def readings_csv(request: HttpRequest, run_id: int) -> HttpResponse:
    """RFC 4180, the newest first, 20,000 readings at most: times as ISO 8601 in UTC, an unknown value is an empty cell."""
    run = run_view(run_id, actor_of(request))
    told = io.StringIO()
    writer = csv.writer(told, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in reading_rows(run.id, narrowed(request.GET), limit=EXPORTED):
        writer.writerow([plain(row[name]) for name in COLUMNS])
    answer = HttpResponse(told.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{run.window}-run-{run.id}-readings.csv"'
    return answer


def narrowed(params: Mapping[str, str]) -> dict[str, str | int]:
    """The gate asked for, by GateView.place; empty for all of them. Invalid for a position that is none."""
    if gate := params.get("gate"):
        return {"gate": gate[:120]}
    if not (position := params.get("position")):
        return {}
    if not position.isascii() or not position.isdigit() or len(position) > 4:
        raise Invalid("position is the number of a step, such as 3.", field="position")
    return {"position": int(position)}
