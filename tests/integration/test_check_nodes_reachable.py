"""The check `nodes_reachable`: a node that acknowledges nothing would not hear of a flag either."""

from __future__ import annotations

import pytest

from tests import given_starts
from tests import given_windows as given
from tests.given_starts import answers, started
from windows.actions.gates import Answer
from windows.execution.models import Run, clock
from windows.flags.commands import register_node, set_flag
from windows.flags.models import FlagReceipt
from windows.flags.routing import FlagKey
from windows.scheduling.models import Window

window = given_starts.window
pytestmark = pytest.mark.django_db


def test_a_node_that_is_silent_blocks_a_run_that_sets_flags(window: Window) -> None:
    run = started(window)
    assert answers(run)["nodes_reachable"].reason == "No step sets a flag."
    set_flag(given.actor("sam"), FlagKey("orders", "production"), "degraded", {}, reason="by hand")
    run.steps.update(kind="flag")
    register_node(given.actor("sam"), service="orders", environment="production", region="r1", name="n1")
    found = answers(run)["nodes_reachable"]
    assert found.verdict is Answer.FAIL and "orders/n1" in found.reason


def test_a_node_that_hears_and_stays_in_another_mode_blocks_too(window: Window) -> None:
    run = started(window)
    run.steps.update(kind="flag")
    node, _ = register_node(given.actor("sam"), service="orders", environment="production", region="r1", name="n1")
    change = set_flag(given.actor("sam"), FlagKey("orders", "production"), "degraded", {}, reason="by hand")
    receipt = FlagReceipt.objects.create(node=node, version=change.global_version, mode="normal", at=clock())
    assert answers(run)["nodes_reachable"].verdict is Answer.FAIL
    FlagReceipt.objects.filter(pk=receipt.pk).update(mode="degraded")
    assert answers(run)["nodes_reachable"].verdict is Answer.PASS


def told(run: Run, **params: object) -> str:
    place = {"service": "orders", "environment": "production", "region": "*", "converge": {"quorum": 1, "timeout": "1s"}}
    run.steps.update(kind="flag", params={**place, "mode": "degraded", **params})
    found = answers(run)["nodes_reachable"]
    return "" if found.verdict is Answer.PASS else found.reason


def test_x02_a_flag_that_nobody_could_acknowledge_is_said_before_the_run(window: Window) -> None:
    run = started(window)
    name = run.steps.get().name
    deaf = f"No node is registered that could acknowledge the flag of “{name}” (orders/production/*)"
    assert told(run) == f"{deaf}: register its nodes, or say converge: false."
    assert told(run, converge=False) == ""
    node, _ = register_node(given.actor("sam"), service="orders", environment="production", region="r1", name="n1")
    FlagReceipt.objects.create(node=node, version=0, mode="normal", at=clock())
    assert told(run) == ""
    assert "orders/production/r9" in told(run, region="r9"), "its nodes are elsewhere"
