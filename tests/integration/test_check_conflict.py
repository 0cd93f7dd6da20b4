"""The check `conflict`: who is in the way when the run begins."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import given_starts
from tests import given_windows as given
from tests.given_starts import answers, started
from windows.access.roles import Role
from windows.actions.gates import Answer
from windows.approvals.commands import request_window
from windows.execution.models import clock
from windows.scheduling.commands.overriding import agree_to_override, ask_to_override
from windows.scheduling.models import Override, Window, WindowScope

window = given_starts.window
pytestmark = pytest.mark.django_db


def test_another_window_in_the_same_place_meanwhile_blocks(window: Window) -> None:
    run = started(window)
    assert answers(run)["conflict"].verdict is Answer.PASS
    rival = given.window(given.actor("olga"), starts_at=clock() + timedelta(minutes=30))
    request_window(given.actor("olga"), rival.pk, reason="the other one is to be over by then")
    found = answers(run)["conflict"]
    assert found.verdict is Answer.FAIL and rival.reference in found.reason


@pytest.fixture
def rival(window: Window) -> Window:
    """Post's draft at the same time, with the same coordinator."""
    given.service("mail", "post")
    WindowScope.objects.filter(window=window).update(reserved=(window.starts_at, window.ends_at))
    mia = given.actor("mia", ("post", Role.OWNER))
    return given.window(mia, "mail", team="post", starts_at=window.starts_at, coordinator_id=window.coordinator_id)


def test_a_stranger_who_only_asks_does_not_hold_up_what_was_approved_before(window: Window, rival: Window) -> None:
    run = started(window)
    Window.objects.filter(pk=rival.pk).update(status="requested")
    assert answers(run)["conflict"].verdict is Answer.PASS
    Window.objects.filter(pk=rival.pk).update(status="approved")
    assert answers(run)["conflict"].verdict is Answer.FAIL


def test_what_both_teams_accepted_once_holds_for_both_windows(window: Window, rival: Window) -> None:
    run = started(window)
    ask_to_override(given.actor("mia"), rival.pk, "One night for both.")
    Window.objects.filter(pk=rival.pk).update(status="approved")
    assert answers(run)["conflict"].verdict is Answer.FAIL
    agree_to_override(given.actor("olga"), Override.objects.get(window=rival).pk)
    assert answers(run)["conflict"].verdict is Answer.PASS
    Window.objects.filter(pk=rival.pk).update(ends_at=rival.ends_at + timedelta(minutes=1))
    assert answers(run)["conflict"].verdict is Answer.FAIL, "they accepted another time"
