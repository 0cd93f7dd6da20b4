"""The boards in a real browser under the strict policy: charts are drawn, nothing is complained of, and all is readable without scripts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from slo.objectives.models import Objective
from slo.telemetry.commands import push
from slo.telemetry.readings import Push
from tests import given_runs as runs
from tests import given_windows as given
from tests.chromium import chromium, window
from windows.access.roles import Role
from windows.audit.clock import clock
from windows.catalogue.models import Person
from windows.execution.models import GateReading, Run, StepLog, StepRun
from windows.flags.models import Node
from windows.scheduling.models import Window

PASSWORD = "long enough for anybody"
BOARDS = {"executive": "", "on-call": "", "debug": "?service=orders"}
UNDRAWN = "[...document.querySelectorAll('[data-figure]')].filter(one => !one.querySelector('.main-svg')).length"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright runs a loop in this thread; we are synchronous all the same
    with chromium() as started:
        yield started
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def shop(transactional_db: None) -> Run:
    """A window that was rolled back yesterday, one under way, one to come; measurements around them."""
    ada = given.actor("ada", ("shop", Role.OWNER))
    person = Person.objects.get(pk=ada.person_id)
    person.set_password(PASSWORD)
    person.save()
    given.service("orders")
    Objective.objects.create(slug="orders-writes", service="orders", title="Orders can be placed", target="0.99")
    past = runs.run_of(
        runs.step(status="succeeded", intended_at=clock() - timedelta(hours=25), ended_at=clock() - timedelta(hours=24.5), name="Migrate"),
        window=given.window(ada, title="Orders <b>currency</b> \" ' &"),
    )
    begin = clock() - timedelta(hours=25)
    Run.objects.filter(pk=past.pk).update(status="rolled_back", wake_at=None, ended_at=begin + timedelta(hours=1))
    Window.objects.filter(pk=past.window_id).update(
        status="rolled_back", started_at=begin, ended_at=begin + timedelta(hours=1), starts_at=begin, ends_at=begin + timedelta(hours=1)
    )
    StepLog.objects.create(run=past, position=1, text="moved 12 rows")
    minutes = [begin + timedelta(minutes=10 * n) for n in range(-3, 12)]
    push("orders-writes", [Push(str(at), at, 99, 100) for at in minutes])
    Window.objects.filter(pk=given.window(ada, "baskets", starts_at=given.soon(30)).pk).update(status="approved")
    return runs.run_of(runs.step(status="started", name="Freeze writes"), runs.step(), window=given.window(ada, "search"))


def sign_in(page: Any) -> None:
    page.goto("/windows/")
    page.get_by_label("E-mail address").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/windows/")


def drawn(page: Any) -> int:
    """How many charts there are, once all of them are drawn."""
    for _ in range(100):
        if page.evaluate(UNDRAWN) == 0:
            break
        page.evaluate("scrollBy(0, 600)")
        page.wait_for_timeout(100)
    assert page.evaluate(UNDRAWN) == 0
    return int(page.locator("[data-figure]").count())


@pytest.mark.parametrize(("look", "dark", "width"), [("light", False, 1440), ("dark", True, 1920), ("phone", False, 390)])
def test_boards_are_drawn_under_the_strict_policy(live_server: Any, shop: Run, browser: Any, look: str, dark: bool, width: int) -> None:
    with window(browser, live_server.url, dark=dark, width=width, height=1080 if dark else 844) as watched:
        page = watched.page
        sign_in(page)
        assert not page.evaluate("'Plotly' in window"), "loaded only where a chart is"
        for board, asked in BOARDS.items():
            page.goto(f"/dashboards/{board}/{asked}")
            if board == "on-call":
                assert not page.evaluate("'Plotly' in window")
                if dark:
                    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), "a wall screen does not scroll"
            else:
                assert drawn(page) >= 3
                page.locator("[data-drawn]").first.hover()
                page.get_by_role("button", name="Switch between light and dark").click()
                assert drawn(page) >= 3
                titles = page.locator(".modebar-btn").evaluate_all("all => all.map(one => one.dataset.title)")
                assert not [title for title in titles if "hare" in title or "ownload" in title]
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing scrolls sideways"
            watched.shot(f"dashboard-{board}-{look}")
        page.get_by_role("link", name="Executive").click()
        page.locator("summary").first.click()
        assert page.get_by_role("row").count() > 3, "the table is one click away"
        assert not watched.complaints


def test_boards_read_without_scripts(live_server: Any, shop: Run, browser: Any) -> None:
    with window(browser, live_server.url, scripts=False) as watched:
        page = watched.page
        sign_in(page)
        page.goto("/dashboards/executive/")
        assert page.locator(".plot > p").first.is_visible()
        page.locator("summary").first.click()
        page.goto("/dashboards/on-call/")
        page.get_by_role("link", name="Hold").click()
        page.get_by_role("button", name="Hold").click()
        page.goto("/dashboards/on-call/")
        assert page.get_by_text("Held").first.is_visible()
        page.goto("/dashboards/debug/")
        page.get_by_label("Service", exact=True).select_option("orders")
        page.get_by_role("button", name="Show").click()
        assert "service=orders" in page.url


def test_the_live_panel_moves_by_itself(live_server: Any, shop: Run, browser: Any) -> None:
    with window(browser, live_server.url) as watched:
        page = watched.page
        sign_in(page)
        page.goto("/dashboards/on-call/")
        Run.objects.filter(pk=shop.pk).update(status="held", reason="The gate broke.")
        page.get_by_text("The gate broke.").wait_for()
        assert not watched.complaints


def test_eight_live_runs_fit_a_wall_screen(live_server: Any, shop: Run, browser: Any) -> None:
    ada = given.actor("ada", ("shop", Role.OWNER))
    for n in range(7):
        run = runs.run_of(
            runs.step(status="started", name="Move it over"), window=given.window(ada, f"s{n}", title="Replace the hosts of a region")
        )
        for gate in ("write errors", "latency of reads"):
            GateReading.objects.create(run=run, gate=gate, verdict="pass", value=0.999)
        Node.objects.create(name=f"n{n}", service=f"s{n}", environment="production", region="r1", digest=f"{n}" * 64)
    with window(browser, live_server.url, width=1920, height=1080) as watched:
        page = watched.page
        sign_in(page)
        page.goto("/dashboards/on-call/")
        assert page.locator(".live-run").count() == 8
        watched.shot("dashboard-on-call-eight")
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")


def test_r_s03_hostile_words_stay_words_in_charts(live_server: Any, shop: Run, browser: Any) -> None:
    name = "<a href='javascript:alert(1)'>x</a> <b style=x>y</b> <img src=x onerror=alert(2)>"
    run = Run.objects.exclude(pk=shop.pk).get()
    StepRun.objects.filter(run=run).update(name=name, outcome=name)
    StepLog.objects.create(run=run, position=1, text=name, level="<b>")
    dialogs: list[str] = []
    with window(browser, live_server.url) as watched:
        page = watched.page
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        sign_in(page)
        for path in ("/dashboards/executive/adherence", f"/dashboards/debug/?window={run.window.reference}"):
            page.goto(path)
            assert drawn(page)
        assert page.locator("svg a, svg img, .chart img").count() == 0
        assert "<b style=x>y</b>" in " ".join(page.locator("svg text").all_text_contents())
        assert not watched.complaints
    assert not dialogs
