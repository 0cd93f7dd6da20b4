"""The plain pages in a real browser: signing in, the list, a request, one window; light, dark, phone, without scripts."""

from __future__ import annotations

import pytest

from tests import given_windows as given
from tests.chromium import chromium, window
from windows.access.roles import Role
from windows.catalogue.models import Person

PASSWORD = "long enough for anybody"


@pytest.fixture(scope="module")
def browser():
    import os

    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright runs a loop in this thread; we are synchronous all the same
    with chromium() as started:
        yield started
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def shop(transactional_db):
    ada = given.actor("ada", ("shop", Role.OWNER))
    person = Person.objects.get(pk=ada.person_id)
    person.name, person.timezone = "Ada Lovelace", "Europe/Berlin"
    person.set_password(PASSWORD)
    person.save()
    given.person("grace", ("shop", Role.COORDINATOR))
    for n, title in enumerate(("Orders schema migration", "Payments database 16.9", "Rotate the certificates of the edge")):
        given.window(ada, ("orders", "payments", "edge-proxy")[n], title=title, starts_at=given.soon(5 + 20 * n), mode="read_only")
    return ada


def sign_in(page) -> None:
    page.goto("/windows/")
    page.get_by_label("E-mail address").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/windows/")


@pytest.mark.parametrize(("look", "dark", "width"), [("light", False, 1440), ("dark", True, 1440), ("phone", False, 390)])
def test_pages_look_as_meant(live_server, shop, browser, look: str, dark: bool, width: int) -> None:
    with window(browser, live_server.url, dark=dark, width=width, height=844 if width < 500 else 900) as watched:
        page = watched.page
        page.goto("/windows/")
        watched.shot(f"sign-in-{look}")
        sign_in(page)
        watched.shot(f"windows-{look}")
        page.get_by_role("link", name="Orders schema migration").click()
        page.get_by_role("heading", name="Orders schema migration").wait_for()
        watched.shot(f"window-{look}")
        page.goto("/windows/new")
        watched.shot(f"new-{look}")
        page.goto("/windows/MW-9")
        watched.shot(f"problem-{look}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing scrolls sideways"
        complaints = [text for text in watched.complaints if "404" not in text]
        assert not complaints


@pytest.mark.parametrize("scripts", [True, False])
def test_a_request_is_filed_once_with_and_without_scripts(live_server, shop, browser, scripts: bool) -> None:
    from windows.scheduling.models import Window

    before = Window.objects.count()
    with window(browser, live_server.url, scripts=scripts) as watched:
        page = watched.page
        sign_in(page)
        page.get_by_role("link", name="Plan a window").click()
        page.get_by_label("Title").fill("Reindex the search")
        page.get_by_label("Why", exact=True).fill("It grew.")
        page.get_by_label("Length in minutes").fill("9999")
        page.locator("#service_0").select_option("orders")
        page.get_by_role("button", name="Save the draft").click()
        page.get_by_role("alert").wait_for()
        assert page.get_by_label("Title").input_value() == "Reindex the search"
        page.get_by_label("Length in minutes").fill("90")
        page.get_by_role("button", name="Save the draft").dblclick()
        page.get_by_role("heading", name="Reindex the search").wait_for()
        complaints = [text for text in watched.complaints if "422" not in text and "net::ERR_ABORTED" not in text]
        assert not complaints
    assert Window.objects.count() == before + 1
