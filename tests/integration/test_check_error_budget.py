"""The check `error_budget`: the arithmetic is in the reason, and what is not known is no pass."""

from __future__ import annotations

from datetime import timedelta

import pytest

from slo.objectives.models import Objective
from slo.telemetry.commands import push
from slo.telemetry.readings import Push
from tests import given_starts
from tests.given_starts import answers, started
from windows.actions.gates import Answer
from windows.execution.models import clock
from windows.scheduling.models import Window

window = given_starts.window
pytestmark = pytest.mark.django_db


def test_r_c08_error_budget_shows_its_arithmetic_and_unknown_is_no_pass(window: Window) -> None:
    run = started(window)
    assert "No objective" in answers(run)["error_budget"].reason
    Objective.objects.create(slug="orders-writes", service="orders", title="Writes", target="0.99")
    assert answers(run)["error_budget"].verdict is Answer.INCONCLUSIVE
    push("orders-writes", [Push(at=clock() - timedelta(minutes=5), good=9920, total=10000, key="a")])
    found = answers(run)["error_budget"]
    assert found.verdict is Answer.FAIL
    assert "80 of 100 allowed bad events" in found.reason and "20 % of the budget is left" in found.reason and "25 %" in found.reason
