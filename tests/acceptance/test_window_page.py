"""The window page in a real browser: its parts without leaving it, its menu by keyboard, and all of it on a phone."""

from __future__ import annotations

import pytest

from tests import given_windows as given
from tests.chromium import window
from tests.walking import looked_at
from windows.access.roles import Role
from windows.catalogue.models import Person

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "long enough for anybody"


def test_parts_are_opened_in_place_and_the_menu_works_by_keyboard(live_server, browser) -> None:
    ada = given.actor("ada", ("shop", Role.OWNER))
    person = Person.objects.get(pk=ada.person_id)
    person.set_password(PASSWORD)
    person.save()
    one = given.window(ada)
    with window(browser, live_server.url) as watched:
        page = watched.page
        page.goto(f"/windows/{one.reference}")
        page.get_by_label("E-mail address").fill(person.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="What happens").wait_for()
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
