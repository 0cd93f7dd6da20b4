"""Beside each gate chart stand its readings, as a table and as CSV."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from portal.pages import readings
from tests.callers import browser
from tests.given_runs import run_of, step
from tests.given_windows import person
from windows.access.roles import Role
from windows.execution.models import GateReading, Run

pytestmark = pytest.mark.django_db


def measured() -> Run:
    run = run_of(step())
    GateReading.objects.create(run=run, gate="errors", value=0.01, verdict="pass")
    GateReading.objects.create(run=run, gate="errors", value=None, verdict="inconclusive", is_error=True, reason="=the source is silent")
    GateReading.objects.create(run=run, gate="latency", value=31.5, verdict="fail", reason="31.5 is over 20")
    GateReading.objects.create(run=run, gate="ratio", position=1, value=1.0, verdict="pass")
    return run


def viewer() -> Any:
    return browser(person("vic", ("post", Role.VIEWER)))


def told(client: Any, run: Run, query: str = "") -> list[list[str]]:
    answer = client.get(f"/runs/{run.pk}/readings.csv{query}")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.reader(answer.content.decode().splitlines()))[1:]


def test_the_readings_of_one_gate_or_of_all_are_a_table_and_csv() -> None:
    run, client = measured(), viewer()
    assert [row[1] for row in told(client, run)] == ["ratio", "latency", "errors", "errors"]
    silent, well = told(client, run, "?gate=errors")
    assert silent[3:] == ["", "inconclusive", "True", "'=the source is silent"] and well[3:] == ["0.01", "pass", "False", ""]
    assert [row[1:4] for row in told(client, run, "?position=1")] == [["ratio", "1", "1.0"]]
    page = client.get(f"/runs/{run.pk}/readings?gate=latency").content.decode()
    assert "31.5 is over 20" in page and "errors" not in page.split("<main", 1)[1]
    assert f'href="/runs/{run.pk}/readings.csv?gate=latency"' in page


def test_a_page_of_readings_leads_to_the_earlier_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "PAGE", 3)
    run, client = measured(), viewer()
    first = client.get(f"/runs/{run.pk}/readings").content.decode()
    onward = first.split('href="?cursor=', 1)[1].split('"', 1)[0]
    assert "0.01" not in first and "0.01" in client.get(f"/runs/{run.pk}/readings?cursor={onward}").content.decode()


def test_what_is_no_step_is_refused_and_what_is_not_there_is_not_found() -> None:
    run, client = measured(), viewer()
    refused = client.get(f"/runs/{run.pk}/readings?position=first")
    assert refused.status_code == 422 and "number of a step" in refused.content.decode()
    assert client.get(f"/runs/{run.pk + 1}/readings").status_code == 404
