"""The boards over stored rows: measures exactly as defined, unknown said, queries constant, the same figures as CSV."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.dashboards.executive import NAMES, PANELS, Reading, executive
from portal.dashboards.outlook import estimate, touched
from tests import given_runs as runs
from tests import given_windows as given
from tests.callers import browser
from windows.access.roles import Actor, Role
from windows.approvals.commands.amendments import amend_window
from windows.approvals.commands.decisions import decide
from windows.approvals.commands.requests import request_window
from windows.approvals.models import Policy
from windows.audit.clock import clock
from windows.catalogue.models import Service
from windows.execution.models import Run
from windows.reviews.queries.ended import ended_runs
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def ada() -> Actor:
    given.service("orders")
    return given.actor("ada", ("shop", Role.OWNER))


def ended(window: Window, *, late: float = 0, status: str = "succeeded", due: Any = None, **step: Any) -> Run:
    """A run that ended `late` minutes after the end it set out with, an hour ago."""
    at = clock() - timedelta(hours=1)
    run = runs.run_of(runs.step(status="succeeded", **step), window=window)
    ends = due or at - late * MINUTE
    Run.objects.filter(pk=run.pk).update(status=status, wake_at=None, ended_at=at, window_ends_at=ends)
    Window.objects.filter(pk=window.pk).update(starts_at=ends - 60 * MINUTE, ends_at=ends)
    return run


def approved(ada: Actor) -> Window:
    sam = given.actor("sam", ("shop", Role.SRE))
    Policy.objects.create(name="All", position=1, requires=[{"role": "sre", "quorum": 1, "team": "any"}])
    window = given.window(ada)
    request_window(ada, window.pk)
    decide(sam, window.pk, "approved", "")
    return Window.objects.get(pk=window.pk)


def test_m01_counts_runs_by_the_end_first_approved_however_they_ended(ada: Actor) -> None:
    for late, status in ((0, "succeeded"), (1, "succeeded"), (-5, "rolled_back"), (3, "aborted"), (0, "blocked")):
        ended(given.window(ada), late=late, status=status)
    told = ended_runs(ada, clock() - timedelta(days=1), clock())
    assert (sum(run.is_on_time for run in told), len(told)) == (2, 4), "a run that was blocked never ran"


@pytest.mark.django_db(transaction=True)
def test_m01_a_later_end_approved_afterwards_does_not_make_it_on_time(ada: Actor) -> None:
    window = approved(ada)
    first = window.ends_at
    amend_window(ada, window.pk, {"ends_at": first + timedelta(hours=2)}, window.version)
    decide(given.actor("sam", ("shop", Role.SRE)), window.pk, "approved", "")
    moved = Window.objects.get(pk=window.pk)
    assert moved.ends_at == first + timedelta(hours=2)
    run = ended(moved)
    Run.objects.filter(pk=run.pk).update(ended_at=first + timedelta(hours=1), window_ends_at=moved.ends_at)
    (told,) = ended_runs(ada, first, first + timedelta(days=1))
    assert told.due_at == first
    assert not told.is_on_time


def test_m03_counts_every_run_that_undid_something(ada: Actor) -> None:
    ended(given.window(ada))
    ended(given.window(ada), status="rolled_back")
    ended(given.window(ada), status="aborted", undo_started_at=clock())
    told = ended_runs(ada, clock() - timedelta(days=1), clock())
    assert sorted((run.status, run.went_back) for run in told) == [("aborted", True), ("rolled_back", True), ("succeeded", False)]


def test_the_estimate_says_what_is_not_known(ada: Actor) -> None:
    now = clock()
    hours = (now, now + timedelta(hours=2))
    assert estimate(*hours, "degraded", None, [(100, 50.0), (300, 10.0)]).revenue == 120
    assert estimate(*hours, "degraded", None, [(100, 50.0), (300, 10.0)]).users == 300
    assert estimate(*hours, "degraded", None, [(None, None), (300, 10.0)]) == estimate(*hours, "offline", None, [(None, None)])
    assert estimate(*hours, "degraded", 7, [(None, 1.0)]).users == 7
    assert estimate(*hours, "normal", None, [(100, 50.0)]).revenue == 0


def test_what_is_coming_is_valued_by_the_services_own_figures(ada: Actor) -> None:
    Service.objects.filter(slug="orders").update(monthly_active_users=1000, revenue_per_hour=60)
    window = given.window(ada, hours=2)
    other = given.window(ada, "baskets", starts_at=given.soon(50))
    Window.objects.filter(pk__in=[window.pk, other.pk]).update(status="approved")
    told = touched(ada, clock())
    assert (told[window.pk].users, told[window.pk].revenue) == (1000, 120.0)
    assert (told[other.pk].users, told[other.pk].revenue) == (None, None)
    figures, panels = executive(ada, clock())
    assert next(figure for figure in figures if figure.name == "impact").said == "1 without a figure"
    assert [panel.name for panel in panels] == list(NAMES)


def test_an_empty_portal_claims_nothing(ada: Actor) -> None:
    figures, panels = executive(ada, clock())
    assert all(figure.tone != "fail" for figure in figures)
    assert {figure.value for figure in figures[:2]} == {"–"}
    assert [panel.name for panel in panels if panel.chart and panel.chart.is_empty] == ["adherence", "rollbacks", "error-budgets", "impact"]
    page = browser(ada).get("/dashboards/executive/").content.decode()
    assert "No window has ended in this time." in page
    assert "data-figure" not in page


def test_a_panel_alone_reads_what_it_shows(ada: Actor) -> None:
    for name, panel in PANELS.items():
        read = Reading(ada, clock())
        assert panel(read).name == name
        shared = {"runs", "budgets", "told", "coming"} & set(vars(read))
        wanted = {"adherence": {"runs"}, "rollbacks": {"runs"}, "error-budgets": {"budgets"}, "impact": {"told"}}
        assert shared == wanted.get(name, {"coming", "told"} if name == "upcoming" else set())


def test_a_title_cannot_leave_its_attribute_or_cell(ada: Actor) -> None:
    window = given.window(ada, title="\"><script>alert(1)</script>' onload=x")
    ended(window, late=9)
    for path in ("/dashboards/executive/", "/dashboards/executive/adherence", "/dashboards/executive/upcoming"):
        page = browser(ada).get(path).content.decode()
        assert "<script>alert" not in page
        assert 'onload=x"' not in page


def test_windows_that_are_not_for_these_eyes_count_for_nobody_else(ada: Actor) -> None:
    ended(given.window(ada, confidential=True, title="Secret work"))
    vera = given.actor("vera", ("other", Role.VIEWER))
    assert len(ended_runs(ada, clock() - timedelta(days=1), clock())) == 1
    assert ended_runs(vera, clock() - timedelta(days=1), clock()) == []
    assert "Secret work" not in browser(vera).get("/dashboards/executive/adherence").content.decode()


@pytest.mark.parametrize("board", ["executive"])
def test_pages_cost_as_many_queries_for_ten_windows_as_for_one(ada: Actor, board: str) -> None:
    client = browser(ada)

    def page() -> int:
        with CaptureQueriesContext(
            connection,
        ) as told:
            assert client.get(f"/dashboards/{board}/").status_code == 200
        return len(told)

    def more(count: int) -> None:
        for n in range(count):
            ended(given.window(ada, f"s{n}"))
            Window.objects.filter(pk=given.window(ada, f"s{n}", starts_at=given.soon(5 * n)).pk).update(status="approved")

    more(1)
    one = page()
    more(9)
    assert page() == one
    assert one <= 42


@pytest.mark.parametrize("panel", NAMES)
def test_every_panel_has_an_address_and_its_data_as_csv(ada: Actor, panel: str) -> None:
    ended(given.window(ada))
    client = browser(ada)
    page = client.get(f"/dashboards/executive/{panel}?range=28d")
    assert page.status_code == 200
    answer = client.get(f"/dashboards/executive/{panel}.csv?range=28d")
    if panel in ("upcoming", "too-many", "incidents", "glass", "maturity"):  # tables already
        assert answer.status_code == 404
        return
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="{panel}.csv"'
    rows = list(csv.reader(io.StringIO(answer.content.decode())))
    if panel == "adherence":
        assert [row[1:] for row in rows if row[2] == "1"] == [["1", "1", "100.0"]]
        assert f"/dashboards/executive/{panel}.csv?range=28d" in page.content.decode()


def test_strangers_sign_in_first_and_an_unknown_range_is_named(ada: Actor) -> None:
    assert Client().get("/dashboards/executive/").status_code == 302
    assert browser(ada).get("/dashboards/executive/?range=ever").status_code == 422
    assert browser(ada).get("/dashboards/")["Location"] == "/dashboards/executive/"
