"""The window page in a real browser: its parts without leaving it, its menu by keyboard, and all of it on a phone."""

from __future__ import annotations

from typing import Any

import pytest

from tests import given_windows as given
from tests.chromium import window
from tests.walking import looked_at
from windows.access.roles import Role
from windows.catalogue.models import Person
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "long enough for anybody"


def able() -> Any:
    """Somebody who can sign in."""
    ada = given.actor("ada", ("shop", Role.OWNER))
    person = Person.objects.get(pk=ada.person_id)
    person.set_password(PASSWORD)
    person.save()
    return ada


def opened(page: Any, one: Window) -> None:
    page.goto(f"/windows/{one.reference}")
    page.get_by_label("E-mail address").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="What happens").wait_for()


def test_parts_are_opened_in_place_and_the_menu_works_by_keyboard(live_server, browser) -> None:
    one = given.window(able())
    with window(browser, live_server.url) as watched:
        page = watched.page
        opened(page, one)
        page.evaluate("() => { window.stayed = true }")
        page.get_by_role("link", name="Plan", exact=True).click()
        page.get_by_role("heading", name="Turning back").wait_for()
        assert page.url.endswith(f"/windows/{one.reference}/part/plan") and page.evaluate("window.stayed")
        assert page.locator(".tabs [aria-current]").inner_text() == "Plan"
        page.go_back()
        page.get_by_role("heading", name="What happens").wait_for()
        more = page.locator(".menu-of summary")
        more.focus()
        page.keyboard.press("Enter")
        page.get_by_role("link", name="Throw it away").wait_for()
        page.keyboard.press("Escape")
        page.get_by_role("link", name="Throw it away").wait_for(state="hidden")
        assert more.evaluate("one => one === document.activeElement")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.innerText.trim()") == "Move"
        assert not looked_at(page) and not watched.complaints


@pytest.mark.parametrize(("look", "dark", "width"), [("light", False, 1280), ("phone-dark", True, 390)])
def test_an_open_page_says_that_it_has_become_an_old_one(live_server, browser, look: str, dark: bool, width: int) -> None:
    one = given.window(able())
    with window(browser, live_server.url, dark=dark, width=width, height=844) as watched:
        page = watched.page
        opened(page, one)
        menu, again = page.locator(".menu-of summary"), page.get_by_role("link", name="Load it again")
        menu.click()
        Window.objects.filter(pk=one.pk).update(status="approved", version=2)
        page.wait_for_timeout(12_000)
        assert page.locator(".menu-of[open]").count() and not again.is_visible(), "an open menu is not taken from under the hand"
        page.keyboard.press("Escape")
        again.wait_for(timeout=15_000)
        assert page.locator("#window-head .badge").first.inner_text() == "Approved"
        assert menu.evaluate("one => one === document.activeElement"), "the place in the page is kept"
        watched.shot(f"window-changed-{look}")
        page.get_by_role("link", name="Plan", exact=True).click()
        page.get_by_role("heading", name="Turning back").wait_for()
        again.wait_for(state="hidden")
        Window.objects.filter(pk=one.pk).update(version=3)
        again.wait_for(timeout=15_000)
        again.click()
        again.wait_for(state="hidden")
        assert page.url.endswith("/part/plan") and not looked_at(page) and not watched.complaints
