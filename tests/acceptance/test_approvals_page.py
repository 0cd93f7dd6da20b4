"""The inbox of approvals in a real browser, without a mouse: rows by j and k, each decision by the letter on its button, or by Tab."""

from __future__ import annotations

from typing import Any

import pytest

from tests import given_windows as given
from tests.chromium import window
from tests.keyboard import Keyboard
from windows.access.roles import Role
from windows.approvals.commands import request_window
from windows.approvals.models import Policy
from windows.catalogue.models import Person
from windows.scheduling.models import Window

PASSWORD = "long enough for anybody"
OWNER = [{"role": "owner", "quorum": 1, "team": "owner"}]


@pytest.fixture
def waiting(transactional_db: Any) -> list[Window]:
    """Four windows that wait for Olga, the next to begin first."""
    ada, olga = given.actor("ada", ("shop", Role.MEMBER)), given.actor("olga", ("shop", Role.OWNER))
    person = Person.objects.get(pk=olga.person_id)
    person.set_password(PASSWORD)
    person.save()
    Policy.objects.create(name="The owner", position=1, requires=OWNER)
    return [request_window(ada, given.window(ada, f"s{n}", starts_at=given.soon(24 + 2 * n)).pk) for n in range(4)]


def test_the_inbox_is_worked_through_by_keyboard_alone(live_server: Any, waiting: list[Window], browser: Any) -> None:
    first, second, third, fourth = waiting
    with window(browser, live_server.url) as watched:
        page, keys = watched.page, Keyboard(watched.page)
        page.goto("/approvals/")
        keys.type("E-mail address", "olga@example.org")
        keys.type("Password", PASSWORD)
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Approvals", exact=True).wait_for()
        here = "document.activeElement.id"
        for key, wanted in (("j", first), ("j", second), ("j", third), ("k", second)):
            page.keyboard.press(key)
            assert page.evaluate(here) == wanted.reference
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/windows/{second.reference}")
        page.go_back()

        page.locator("[data-dossiers]").wait_for()
        page.keyboard.press("j")
        page.keyboard.press("a")
        page.get_by_role("heading", name="Approve this window").wait_for()
        keys.press("Approve")
        page.wait_for_url("**/approvals/")
        assert status(first) == "approved"

        page.keyboard.press("j")
        page.keyboard.press("r")
        page.get_by_role("heading", name="Reject this window").wait_for()
        keys.type("Why", "Not before the sale.")
        keys.press("Reject")
        page.wait_for_url("**/approvals/")
        assert status(second) == "rejected"

        page.keyboard.press("j")
        page.keyboard.press("q")
        page.wait_for_url(f"**/windows/{third.reference}/**")  # about the row that had the focus
        page.go_back()

        page.locator("[data-dossiers]").wait_for()
        keys.press(f"Approve {third.reference}")  # without the letters: every button is a link that Tab reaches
        page.get_by_role("heading", name="Approve this window").wait_for()
        keys.press("Approve")
        page.wait_for_url("**/approvals/")
        assert status(third) == "approved" and status(fourth) == "requested"
        page.keyboard.press("j")
        page.keyboard.press("d")
        page.get_by_role("heading", name="Let somebody sign in your place").wait_for()
        assert not watched.complaints


def status(one: Window) -> str:
    one.refresh_from_db()
    return one.status
