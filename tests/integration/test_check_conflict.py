"""The check `conflict`: who is in the way when the run begins."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import given_starts
from tests import given_windows as given
from tests.given_starts import answers, started
from windows.actions.gates import Answer
from windows.approvals.commands import request_window
from windows.execution.models import clock
from windows.scheduling.models import Window

window = given_starts.window
pytestmark = pytest.mark.django_db


def test_another_window_in_the_same_place_meanwhile_blocks(window: Window) -> None:
    run = started(window)
    assert answers(run)["conflict"].verdict is Answer.PASS
    rival = given.window(given.actor("olga"), starts_at=clock() + timedelta(minutes=30))
    request_window(given.actor("olga"), rival.pk, reason="the other one is to be over by then")
    found = answers(run)["conflict"]
    assert found.verdict is Answer.FAIL and rival.reference in found.reason
