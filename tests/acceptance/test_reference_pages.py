"""Looking things up and settling them in a real browser: search, one environment, theme; flags, services, runbooks, the trail, settings."""

from __future__ import annotations

import os
import re

import pytest

from tests import given_windows as given
from tests.chromium import chromium, window
from windows.access.roles import Role
from windows.catalogue.models import Person
from windows.flags.models import Flag
from windows.runbooks.models import RunbookVersion

PASSWORD = "long enough for anybody"
RUNBOOK = """runbook: pause
title: Pause
layers: [L3]
rollback_reserve: 1m
steps:
  - name: Wait a little
    wait: {duration: 10s}
"""


@pytest.fixture(scope="module")
def browser():
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright runs a loop in this thread; we are synchronous all the same
    with chromium() as started:
        yield started
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def shop(transactional_db):
    given.service("orders", environments=("production", "staging"))
    given.service("payments", "money")
    given.needs("orders", "payments")
    ada = given.actor("ada", ("shop", Role.OWNER))
    person = Person.objects.get(pk=ada.person_id)
    person.set_password(PASSWORD)
    person.save()
    return given.window(ada, title="Orders schema migration")


def sign_in(page) -> None:
    page.goto("/sign-in/?next=/services/")
    page.get_by_label("E-mail address").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/services/")


@pytest.mark.parametrize(
    ("dark", "width", "scripts"), [(False, 1440, True), (True, 1440, False), (False, 390, True)], ids=["light", "dark-no-scripts", "phone"]
)
def test_things_are_looked_up_and_settled(live_server, shop, browser, dark: bool, width: int, scripts: bool) -> None:
    with window(browser, live_server.url, dark=dark, width=width, height=844 if width < 500 else 900, scripts=scripts) as watched:
        page = watched.page
        sign_in(page)

        def fits() -> None:
            assert not scripts or page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{page.url} scrolls sideways"

        search = page.get_by_role("searchbox", name="Search by reference, title or service")
        if scripts:
            page.keyboard.press("/")
            assert search.evaluate("one => one === document.activeElement")
        search.fill(shop.reference.lower())
        search.press("Enter")
        page.get_by_role("heading", name="Orders schema migration").wait_for()
        search.fill("orders")
        search.press("Enter")
        page.get_by_role("main").get_by_role("link", name="Orders", exact=True).click()
        page.get_by_role("heading", name="Next windows").wait_for()
        fits()

        page.get_by_role("button", name="Switch between light and dark").click()
        if not scripts:  # the server knows no device: the first click says dark, the second light
            page.get_by_role("button", name="Switch between light and dark").click()
        wanted = "light" if dark else "dark"
        assert page.locator("html").get_attribute("data-theme") == wanted
        page.reload()
        assert page.locator("html").get_attribute("data-theme") == wanted, "written by the server"

        page.get_by_role("main").get_by_role("link", name="production").first.click()
        page.get_by_role("link", name="Set by hand").click()
        page.get_by_label("Holds for, in minutes").fill("30")
        page.get_by_label("Why").fill("   ")
        page.get_by_role("button", name="Set the flag").click()
        page.get_by_role("alert").filter(has_text="Say why").wait_for()
        page.get_by_label("Why").fill("Writes corrupt totals")
        page.get_by_role("button", name="Set the flag").click()
        page.get_by_text("Writes corrupt totals").wait_for()
        page.get_by_role("link", name="Clear").click()
        page.get_by_label("Why").fill("Mended")
        page.get_by_role("button", name="Clear the flag").click()
        page.get_by_text("Mended").wait_for()
        assert Flag.objects.get().mode == "normal"
        fits()

        page.goto("/runbooks/new")
        page.get_by_label("Text (YAML)").fill(RUNBOOK.replace("duration", "durration"))
        page.get_by_role("button", name="Keep this version").click()
        page.get_by_role("link", name=re.compile("Line 7, column")).click()
        fits()
        page.get_by_label("Text (YAML)").fill(RUNBOOK)
        page.get_by_role("button", name="Keep this version").click()
        page.get_by_text("Wait 10 s").wait_for()
        assert RunbookVersion.objects.get().number == 1

        page.goto("/settings/tokens/")
        page.get_by_label("What it is for").fill("Pipeline")
        page.get_by_role("button", name="Make the token").click()
        raw = page.get_by_label("Token").input_value()
        page.get_by_role("link", name="I have copied it").click()
        page.get_by_role("link", name="Revoke Pipeline").wait_for()
        assert raw.startswith("rw_") and raw not in page.content()
        fits()

        page.goto("/audit/?kind=flag.")
        assert page.get_by_role("row").count() == 3, "the head, set, cleared"
        fits()
        complaints = [text for text in watched.complaints if "422" not in text]  # the refused forms
        assert not complaints


def test_one_environment_is_chosen_at_once_and_its_chip_clears_it(live_server, shop, browser) -> None:
    with window(browser, live_server.url) as watched:
        page = watched.page
        sign_in(page)
        page.get_by_label("Environment shown in lists and calendars").select_option("staging")
        page.get_by_role("button", name=re.compile("show every environment")).wait_for()
        assert page.get_by_role("main").get_by_role("link", name="Payments").count() == 0
        page.get_by_role("button", name=re.compile("show every environment")).click()
        page.get_by_role("main").get_by_role("link", name="Payments").wait_for()
        assert not watched.complaints
