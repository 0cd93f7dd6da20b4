"""Every screen of the run page in a real browser, by day, by night and on a phone: the clocks, the hands and the ways out are there."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests import given_runs as runs
from tests import given_windows as given
from tests.chromium import chromium, window
from tests.given_screens import Screens
from windows.access.roles import Role
from windows.catalogue.models import Person
from windows.execution.models import GateReading, Run, StepLog

PASSWORD = "long enough for anybody"
SAID = {
    "running": ("to spare", "Writes succeed", "orders-api-01", "Undoes steps 3, 2, 1"),
    "preflight": ("The checks are being asked.",),
    "blocked": ("What to do", "The error budget of orders-writes is spent", "no verdict"),
    "held": ("Without a decision in", "Retry step 3", "Skip step 3", "Failed"),
    "asks": ("Is the new column filled?", "Confirm"),
    "stuck": ("Three ways out", "connection to orders-db refused", "rows were only added", "Sam has signed"),
    "rolling_back": ("1 of 3", "inside the window", "undoing"),
    "past_turn_back": ("turn-back time passed", "after the window’s end"),
    "finished": ("Done and validated", "inside the window"),
    "rolled_back": ("3 undone",),
}


@pytest.fixture(scope="module")
def browser() -> Any:
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright runs a loop in this thread; we are synchronous all the same
    with chromium() as started:
        yield started
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def screens(transactional_db: Any) -> Screens:
    runs.people()
    olga = given.actor("olga", ("shop", Role.OWNER), ("shop", Role.SRE))
    person = Person.objects.get(pk=olga.person_id)
    person.timezone = "Europe/Berlin"
    person.set_password(PASSWORD)
    person.save()
    return Screens(olga)


def sign_in(page: Any) -> None:
    page.goto("/runs/")
    page.get_by_label("E-mail address").fill("olga@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/runs/")


@pytest.mark.parametrize(("look", "dark", "width"), [("light", False, 1440), ("dark", True, 1440), ("phone", False, 390)])
def test_every_screen_of_a_run(live_server: Any, screens: Screens, browser: Any, look: str, dark: bool, width: int) -> None:
    made = {name: make() for name, make in screens.all().items()}
    with window(browser, live_server.url, dark=dark, width=width, height=844 if width < 500 else 900) as watched:
        page = watched.page
        sign_in(page)
        for name, run in made.items():
            page.goto(f"/runs/{run.pk}")
            for words in SAID[name]:
                page.get_by_text(words).first.wait_for(state="attached")
            if run.readings.exists() and width > 500:
                page.locator(".gate-chart .plot .main-svg").first.wait_for()
                assert not page.locator(".gate-chart .sketch").first.is_visible()
            watched.shot(f"cockpit-{name}-{look}")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name}: nothing scrolls sideways"
        if width < 500:
            page.goto(f"/runs/{made['running'].pk}")
            assert page.locator(".gate-chart .sketch").is_visible() and not page.evaluate("'Plotly' in window"), "a phone is spared"
            box = page.get_by_role("button", name="Roll back").bounding_box()
            assert box and box["y"] + box["height"] <= 844 and box["height"] >= 44, "under the thumb"
        assert not watched.complaints


def test_a_sheet_stays_open_while_the_clocks_go_on_and_a_chart_while_its_panel_changes(
    live_server: Any, screens: Screens, browser: Any
) -> None:
    run = screens.running()
    with window(browser, live_server.url) as watched:
        page = watched.page
        sign_in(page)
        page.goto(f"/runs/{run.pk}")
        drawn = page.locator(".gate-chart .plot .main-svg").first
        drawn.wait_for()
        page.evaluate("document.querySelector('.gate-chart .plot').marked = true")
        page.get_by_role("button", name="Skip step 3").wait_for()
        page.get_by_role("button", name="Abort", exact=True).click()
        page.locator("#why-abort").fill("It must stay as it is.")
        StepLog.objects.create(run=run, position=3, text="said while a sheet is open")
        GateReading.objects.create(run=run, gate="Writes succeed", value=0.9, verdict="fail", reason="0.9 of 1,204 good")
        page.get_by_text("said while a sheet is open").wait_for()
        page.get_by_text("Fail, 90 %").wait_for()
        assert page.evaluate("document.querySelector('.gate-chart .plot').marked"), "the chart was not drawn from nothing"
        assert page.evaluate("document.getElementById('log').scrollTop > 0 || document.getElementById('log').scrollHeight < 210")
        page.get_by_role("button", name="Sign the abort").click()
        page.get_by_text("Olga has signed").first.wait_for()
        assert Run.objects.get(pk=run.pk).status == "running" and run.signatures.count() == 1
        assert not [text for text in watched.complaints if "ERR_ABORTED" not in text], "a form that is sent ends the poll under way"


def test_without_scripts_a_run_is_read_and_held(live_server: Any, screens: Screens, browser: Any) -> None:
    run = screens.running()
    with window(browser, live_server.url, width=390, height=844, scripts=False) as watched:
        page = watched.page
        sign_in(page)
        page.goto(f"/runs/{run.pk}")
        assert page.locator(".gate-chart .sketch").is_visible()
        page.get_by_role("button", name="Hold").click()
        page.locator("#ask-hold").get_by_role("button", name="Hold").click()
        page.get_by_role("button", name="Resume").wait_for()
        assert Run.objects.get(pk=run.pk).status == "held"
        watched.shot("cockpit-no-scripts")
