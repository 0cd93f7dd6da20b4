"""The request page in a real browser: saved as one types, its panel following, a free slot used, all of it by keyboard."""

from __future__ import annotations

import pytest

from tests import given_windows as given
from tests.chromium import window
from windows.access.roles import Role
from windows.approvals.commands import request_window
from windows.catalogue.models import Person
from windows.scheduling.models import Window

PASSWORD = "long enough for anybody"


@pytest.fixture
def ada(transactional_db):
    ada = given.actor("ada", ("shop", Role.OWNER))
    person = Person.objects.get(pk=ada.person_id)
    person.name = "Ada Lovelace"
    person.set_password(PASSWORD)
    person.save()
    rival = given.window(ada, starts_at=given.soon(48), title="Payments database")
    request_window(ada, rival.pk)
    return ada


def sign_in(page, onward: str) -> None:
    page.goto("/sign-in/")
    page.get_by_label("E-mail address").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "sign-in" not in address)
    page.goto(onward)


def type_at(page, selector: str, text: str) -> None:
    """Reach a field by Tab alone, and type."""
    for _ in range(90):
        if page.evaluate("found => document.activeElement.matches(found)", selector):
            page.keyboard.type(text)
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached by Tab")


def test_a_request_is_saved_as_one_types_by_keyboard_alone(live_server, ada, browser) -> None:
    before = Window.objects.count()
    begins = given.soon(48)
    with window(browser, live_server.url) as watched:
        page = watched.page
        sign_in(page, f"/windows/new?environment=production&starts_at={begins:%Y-%m-%dT%H:%M}")
        type_at(page, "#title", "Reindex the search")
        type_at(page, "#reason", "It grew.")
        type_at(page, "#service_0", "Orders")
        page.get_by_text("Settle 1 conflict").wait_for()
        page.get_by_text("Saved as MW-").wait_for()
        page.wait_for_url("**/edit")
        assert Window.objects.count() == before + 1
        saved = Window.objects.latest("pk")
        type_at(page, "[data-slot]", "")
        page.keyboard.press("Enter")
        page.get_by_text("Nothing is in the way").wait_for()
        page.get_by_role("button", name="Request approval").wait_for()
        page.locator("#saved [name=version][value='2']").wait_for(state="attached")
        moved = Window.objects.get(pk=saved.pk)
        assert moved.starts_at != begins
        page.locator("#title").focus()
        page.keyboard.press("End")
        page.keyboard.type(" again")
        page.locator("#saved [name=version][value='3']").wait_for(state="attached")
        assert Window.objects.get(pk=saved.pk).title == "Reindex the search again"
        page.reload()
        assert page.locator("#title").input_value() == "Reindex the search again"
        type_at(page, "#act-inside .btn.main", "")
        page.keyboard.press("Enter")
        page.wait_for_url("**/request")
        complaints = [text for text in watched.complaints if "net::ERR_ABORTED" not in text]
        assert not complaints
    assert Window.objects.count() == before + 1


@pytest.mark.parametrize(("look", "dark", "width"), [("light", False, 1440), ("dark", True, 1440), ("phone", False, 390)])
def test_the_request_page_looks_as_meant(live_server, ada, browser, look: str, dark: bool, width: int) -> None:
    with window(browser, live_server.url, dark=dark, width=width, height=844 if width < 500 else 900) as watched:
        page = watched.page
        sign_in(page, f"/windows/new?service=orders&environment=production&starts_at={given.soon(48):%Y-%m-%dT%H:%M}")
        page.get_by_text("Risky data migration").click()
        page.get_by_text("Tests only").click()
        page.get_by_text("No, and it cannot wait").click()
        page.get_by_text("A window is the right way.").wait_for()
        page.locator("#minutes").fill("9999")
        page.locator("#title").fill("Reindex the search")
        page.locator("#reason").fill("It grew.")
        page.locator("#reason").blur()
        page.locator("#minutes-error .error").wait_for()
        watched.shot(f"request-{look}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing scrolls sideways"
        page.locator("#minutes").fill("60")
        page.locator("#minutes").blur()
        page.locator("#minutes-error .error").wait_for(state="detached")
        page.locator("#minutes:not([aria-invalid])").wait_for()  # a mark goes with its complaint
        assert not [text for text in watched.complaints if "net::ERR_ABORTED" not in text]


def test_the_owner_follows_the_team_until_one_is_chosen_by_hand(live_server, ada, browser) -> None:
    given.actor("olga", ("find", Role.OWNER))
    given.actor("ada", ("find", Role.MEMBER))
    with window(browser, live_server.url, width=390, height=844) as watched:
        page = watched.page
        sign_in(page, "/windows/new?team=shop")
        owner = page.locator("#owner_id option:checked")
        assert owner.inner_text() == "Ada Lovelace"
        page.locator("#team").select_option("find")
        assert owner.inner_text() == "Olga"
        page.locator("#team").select_option("shop")
        page.locator("#owner_id").select_option(label="Olga")
        page.locator("#team").select_option("find")
        page.locator("#team").select_option("shop")
        assert owner.inner_text() == "Olga", "chosen by hand"
        page.get_by_role("link", name="What it means").click()
        assert page.evaluate("document.querySelector('#meaning').getBoundingClientRect().top") < 844
        assert not watched.complaints
