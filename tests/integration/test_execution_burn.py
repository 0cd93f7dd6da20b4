"""The burn hold (N11, R-C7): both windows above the factor hold a run within one evaluation and page; what was agreed holds nobody."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from slo.maintenance import minute_of
from slo.objectives.models import Adjustment, Objective
from slo.telemetry.commands import push
from slo.telemetry.readings import Push
from tests import given_runs
from tests.given_runs import World, run_of, step
from windows.access.roles import ENGINE
from windows.actions.outcomes import AwaitHuman
from windows.audit.models import AuditEntry
from windows.delivery.models import Message
from windows.execution.burning import watch_burning
from windows.execution.commands.transitions import become, locked
from windows.execution.models import Run, clock
from windows.execution.states import RunStatus
from windows.scheduling.models import Window

world = given_runs.world
pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def objective(**more: Any) -> Objective:
    facts = {"slug": "orders-reads", "service": "orders", "title": "Reads", "target": Decimal("0.999"), "is_critical": True} | more
    return Objective.objects.create(**facts)


def under_way(world: World, ago: timedelta = 70 * MINUTE) -> Run:
    """A run that began so long ago and waits for a person."""
    world.script[2, "forward"] = [AwaitHuman("wait")]
    run = world.drive(run_of(step(), step()))
    began = clock() - ago
    Run.objects.filter(pk=run.pk).update(started_at=began, watched_since=began)
    Window.objects.filter(pk=run.window_id).update(started_at=began)
    run.refresh_from_db()
    return run


def felt(*told: tuple[int, int, int]) -> None:
    """(minutes ago, bad, total)"""
    at = minute_of(clock())
    push("orders-reads", [Push(uuid4().hex, at - ago * MINUTE, total - bad, total) for ago, bad, total in told])


def hour(bad: int) -> list[tuple[int, int, int]]:
    return [(ago, bad, 10_000) for ago in range(1, 66)]


def test_n11_r_c07_burning_14_4_times_holds_at_the_next_evaluation_and_pages(world: World) -> None:
    objective()
    run = under_way(world)
    felt(*hour(bad=50))
    assert watch_burning(clock()) == [], "5 times is below both factors"
    felt(*hour(bad=400))
    assert watch_burning(clock()) == [run.pk]
    run.refresh_from_db()
    assert run.status == "held"
    assert "orders-reads burns its error budget" in run.reason and "14.4 is the limit" in run.reason
    assert AuditEntry.objects.filter(kind="run.held", run_id=run.pk).count() == 1
    assert Message.objects.filter(dedup_key__contains="asked").exists()
    assert watch_burning(clock()) == [], "held once"


def test_n11_beyond_the_hard_threshold_nobody_is_asked_first(world: World) -> None:
    objective()
    run = under_way(world)
    felt(*hour(bad=1_450))
    assert watch_burning(clock()) == [run.pk]
    run.refresh_from_db()
    assert run.status == "rolling_back"
    assert "from 144 times on it is rolled back" in run.reason


@pytest.mark.parametrize(
    ("case", "facts", "bad"),
    [
        ("nothing burns", {}, 0),
        ("not critical", {"is_critical": False}, 500),
        ("another service", {"service": "search"}, 500),
        ("another environment", {"environment": "staging"}, 500),
        ("a factor of its own", {"rules": [{"urgency": "page", "factor": 600, "long": "1h", "short": "5m"}]}, 500),
        ("its rules only file tickets", {"rules": [{"urgency": "ticket", "factor": 1, "long": "1h", "short": "5m"}]}, 500),
    ],
)
def test_r_c07_who_is_not_held(world: World, case: str, facts: dict[str, Any], bad: int) -> None:
    objective(**facts)
    under_way(world)
    felt(*hour(bad))
    assert watch_burning(clock()) == [], case


def test_r_c07_trouble_of_before_holds_nobody_and_who_resumes_is_not_held_for_what_is_over(world: World) -> None:
    objective()
    run = under_way(world, ago=3 * MINUTE)
    felt(*[(ago, 1000, 10_000) for ago in range(5, 66)], *[(ago, 0, 10_000) for ago in range(1, 4)])
    assert watch_burning(clock()) == []
    felt(*[(ago, 1000, 10_000) for ago in range(1, 4)])
    assert watch_burning(clock()) == [run.pk]
    held = locked(run.pk)
    become(held, RunStatus.RUNNING, ENGINE, reason="Looked at.", now=clock())
    assert watch_burning(clock()) == [], "nothing was measured since: that is not known, and not bad"


@pytest.mark.parametrize(("slack", "status"), [(0.9, "running"), (0.05, "held")])
def test_n11_a_slack_that_was_agreed_is_used_up_first(world: World, slack: float, status: str) -> None:
    """Of 12,000 events allowed 6,000 go in the window: half the budget."""
    objective(target=Decimal("0.99"))
    run = under_way(world)
    began = minute_of(run.started_at or clock())
    from_example = {"is_example": True, "authority": "Request 1.", "window": run.window.reference, "objective": "orders-reads"}
    adjusted(starts_at=began, ends_at=began + 90 * MINUTE, policy="allow", slack=slack, **from_example)
    felt((2000, 0, 1_194_000))
    felt(*[(ago, 2000, 2000) for ago in range(1, 4)])
    watch_burning(clock())
    run.refresh_from_db()
    assert run.status == status


def test_n11_excluded_minutes_hold_nobody(world: World) -> None:
    objective()
    run = under_way(world)
    began = minute_of(run.started_at or clock())
    adjusted(
        starts_at=began, ends_at=began + 90 * MINUTE, policy="exclude", is_example=True, authority="Request 1.",
        window=run.window.reference, objective="orders-reads",
    )  # fmt: skip
    felt(*hour(bad=5000))
    assert watch_burning(clock()) == []


def adjusted(**facts: Any) -> None:
    Adjustment.objects.create(**facts)


def test_any_number_of_runs_costs_six_statements(world: World, django_assert_max_num_queries: Any) -> None:
    objective()
    under_way(world)
    now = clock()
    with django_assert_max_num_queries(6):
        watch_burning(now)
