"""The check `flags_free`: a flag that others set in the scope keeps a run from beginning."""

from __future__ import annotations

import pytest

from tests import given_starts
from tests import given_windows as given
from tests.given_starts import answers, started
from windows.actions.gates import Answer
from windows.flags.commands import set_flag
from windows.flags.routing import FlagKey
from windows.scheduling.models import Window

window = given_starts.window
pytestmark = pytest.mark.django_db


def test_a_flag_of_others_in_the_scope_blocks(window: Window) -> None:
    run = started(window)
    set_flag(given.actor("sam"), FlagKey("payments", "production"), "degraded", {}, reason="elsewhere")
    assert answers(run)["flags_free"].verdict is Answer.PASS
    set_flag(given.actor("sam"), FlagKey("orders", "production"), "degraded", {}, reason="by hand")
    found = answers(run)["flags_free"]
    assert found.verdict is Answer.FAIL and "by hand" not in found.reason
