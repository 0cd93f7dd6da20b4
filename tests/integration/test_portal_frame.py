"""The frame: search, the environment it is narrowed to, light and dark without a flash."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import given_windows as given
from tests.callers import browser
from windows.access.roles import Role
from windows.runbooks.models import Runbook

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    given.service("orders", environments=("production", "staging"))
    return given.actor("ada", ("shop", Role.OWNER))


@pytest.fixture
def page(ada):
    return browser(ada)


def text(response) -> str:
    return response.content.decode()


@pytest.mark.parametrize("spelled", ["MW-{}", "mw-{}", "{}", "  MW-{} "])
def test_a_reference_goes_straight_to_its_window(ada, page, spelled: str) -> None:
    window = given.window(ada)
    answer = page.get("/search", {"q": spelled.format(window.pk)})
    assert answer.status_code == 302 and answer["Location"] == f"/windows/{window.reference}"


def test_words_find_windows_services_and_runbooks_in_groups(ada, page) -> None:
    window = given.window(ada, title="Orders get a currency")
    Runbook.objects.create(slug="orders-runbook", title="Orders, by the book", team="shop")
    found = text(page.get("/search", {"q": "orders"}))
    assert window.reference in found and 'href="/services/orders"' in found and "Orders, by the book" in found
    assert [found.index(f'<h2 id="h-{group}"') for group in ("windows", "services", "runbooks")] == sorted(
        found.index(f'<h2 id="h-{group}"') for group in ("windows", "services", "runbooks")
    )
    assert "Nothing is called “zzz”" in text(page.get("/search", {"q": "zzz"}))
    assert "There is no window MW-999999 here" in text(page.get("/search", {"q": "MW-999999"}))
    assert page.get("/search", {"q": "\0<script>"}).status_code == 200


def test_r_s01_a_confidential_window_is_not_found_by_those_who_may_not_see_it(ada) -> None:
    window = given.window(ada, title="Secret orders work", confidential=True)
    stranger = browser(given.actor("eve", ("find", Role.OWNER)))
    for typed in (window.reference, str(window.pk), "Secret", "orders"):
        answer = stranger.get("/search", {"q": typed})
        assert answer.status_code == 200 and "Secret orders work" not in text(answer)
        if typed != window.reference:
            assert window.reference not in text(answer)


def test_the_environment_is_kept_narrows_lists_and_is_cleared_by_its_chip(ada, page) -> None:
    from windows.scheduling.commands.editing import ScopeRow

    given.window(ada, title="In production")
    given.window(ada, title="In staging", scope=(ScopeRow("orders", "staging"),), starts_at=given.soon(3))
    assert page.post("/environment", {"environment": "staging", "next": "/windows/"})["Location"] == "/windows/"
    narrowed = text(page.get("/windows/"))
    assert "In staging" in narrowed and "In production" not in narrowed and "show every environment" in narrowed
    calendar = text(page.get("/calendar/", {"view": "agenda"}))
    assert "In staging" in calendar and "In production" not in calendar
    asked = text(page.get("/calendar/", {"view": "agenda", "environment": "production"}))
    assert "In production" in asked and "In staging" not in asked, "what the address asks for goes first"
    assert page.post("/environment", {"environment": "", "next": "//evil.example/"})["Location"] == "/"
    everything = text(page.get("/windows/"))
    assert "In staging" in everything and "In production" in everything and "show every environment" not in everything


def test_an_environment_that_is_none_is_refused_and_a_forged_cookie_narrows_nothing(page) -> None:
    assert page.post("/environment", {"environment": "moon"}).status_code == 422
    assert page.post("/environment", {}).status_code == 422
    page.cookies["environment"] = "../../x"
    assert page.get("/windows/").status_code == 200


def test_the_theme_is_written_by_the_server_so_that_nothing_flashes(page) -> None:
    assert "data-theme" not in text(page.get("/windows/")).split("<head>")[0]
    assert page.post("/theme", {"theme": "dark", "next": "/runs/"})["Location"] == "/runs/"
    assert '<html lang="en" data-theme="dark">' in text(page.get("/windows/"))
    page.post("/theme", {"theme": "system"})
    assert "data-theme" not in text(page.get("/windows/")).split("<head>")[0]
    assert page.post("/theme", {"theme": "pink"}).status_code == 422
    page.cookies["theme"] = '"><script>'
    assert '<html lang="en">' in text(page.get("/windows/"))


def test_searching_costs_the_same_however_much_there_is(ada, page) -> None:
    counted = []
    for n in (1, 12):
        for k in range(n):
            given.service(f"orders-{n}-{k}")
            given.window(ada, f"orders-{n}-{k}", title="Orders")
            Runbook.objects.create(slug=f"orders-{n}-{k}", title="Orders", team="shop")
        with CaptureQueriesContext(connection) as seen:
            page.get("/search", {"q": "orders"})
        counted.append(len(seen))
    assert counted[0] == counted[1] <= 11, counted


def test_a_page_about_an_environment_does_not_look_narrowed_to_it(page) -> None:
    for path in ("/flags/orders/production/node", "/calendar/", "/settings/freezes/new"):
        assert "show every environment" not in text(page.get(path)), path
