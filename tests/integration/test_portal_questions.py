"""What a page says before somebody signs or begins a window, and when the home page offers to begin it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from portal.pages.aside import upcoming
from tests import given_windows as given
from tests.callers import browser
from tests.given_starts import approved
from windows.access.roles import Role
from windows.approvals.commands import request_window
from windows.approvals.models import ApprovalRequest, Policy
from windows.audit.clock import clock
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db


def begun(minutes: int = 5) -> Window:
    """Approved, and its time has come."""
    window = approved()
    Window.objects.filter(pk=window.pk).update(starts_at=clock() - timedelta(minutes=minutes), ends_at=clock() + timedelta(hours=1))
    return Window.objects.get(pk=window.pk)


def page(who: Any, address: str) -> str:
    return str(browser(who).get(address).content.decode())


def test_who_begins_a_window_reads_when_it_ends_what_it_touches_and_where_it_turns_back() -> None:
    window = begun()
    text = page(given.actor("olga"), f"/windows/{window.reference}/start")
    for said in (
        "Planned from",
        "Touches Orders in production/",
        "Users get: degraded",
        "its turn-back time, it rolls back by itself.",
        "It has 1 step.",
    ):
        assert said in text, said
    assert "without an undo" not in text


def test_who_signs_reads_what_is_signed() -> None:
    Policy.objects.create(name="Owner", position=1, requires=[{"role": "owner", "quorum": 1, "team": "owner"}])
    ada, olga = given.actor("ada", ("shop", Role.MEMBER)), given.actor("olga", ("shop", Role.OWNER))
    window = request_window(ada, given.window(ada).pk)
    text = page(olga, f"/windows/{window.reference}/approve")
    digest = ApprovalRequest.objects.get().digest[:12]
    for said in ("Planned from", "Touches Orders in production/", "Carried out by hand.", f"Bound to digest {digest}"):
        assert said in text, said


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_where_nothing_waits_for_a_signature_none_is_offered(verb: str) -> None:
    window = approved()
    text = page(given.actor("olga"), f"/windows/{window.reference}/{verb}")
    assert f"{window.reference} is approved; nothing waits for a signature." in text
    assert "Missing at this moment" not in text and 'name="reason"' not in text and ">Back</a>" in text


def test_the_home_page_offers_to_begin_what_is_due_to_whom_may_and_as_long_as_it_can_begin() -> None:
    window = approved()
    olga, eve = given.actor("olga"), given.actor("eve", ("shop", Role.VIEWER))

    def told(who: Any, minutes: int) -> tuple[bool, bool, tuple[str, ...]]:
        (one,) = upcoming(who, frozenset(), window.starts_at + timedelta(minutes=minutes), None, [])
        return one.may_start, one.latest is not None, one.unmet

    assert told(olga, -5) == (False, False, ())
    assert told(olga, 5) == (True, True, ())
    assert told(eve, 5) == (False, True, ()), "who may not begin it is not asked to"
    assert told(olga, 20) == (False, False, ("Its latest start has passed: move it to another time.",))
