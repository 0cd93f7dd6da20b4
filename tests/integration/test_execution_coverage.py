"""Tag coverage of critical signals bars "completed" (C10, F8, M8) until a person goes on by name, or nobody decided in time."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from slo.maintenance import minute_of
from slo.objectives.models import Objective
from slo.telemetry.commands import push
from slo.telemetry.readings import Push
from tests import given_runs
from tests import given_windows as given
from tests.given_runs import World, check, run_of, step
from windows.actions.outcomes import AwaitHuman
from windows.audit.models import AuditEntry
from windows.delivery.models import Message
from windows.execution.commands.holding import resume
from windows.execution.models import Run, clock
from windows.execution.states import StepStatus
from windows.scheduling.models import Window

world = given_runs.world
pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def nearly_done(world: World, *untagged: int, critical: bool = True, turns_back_in: timedelta = 60 * MINUTE) -> Run:
    """A run of ten minutes that waits for its last answer; ten senders told of one of its minutes, these without the tag."""
    Objective.objects.create(
        slug="orders-reads", service="orders", environment="production", title="Reads", target=Decimal("0.9"), is_critical=critical
    )
    world.script[2, "forward"] = [AwaitHuman("Is it well?")]
    run = world.drive(run_of(step(), check()))
    began = clock() - 10 * MINUTE
    Run.objects.filter(pk=run.pk).update(started_at=began, watched_since=began, turn_back_at=clock() + turns_back_in)
    at = minute_of(clock()) - 5 * MINUTE
    label = run.window.reference
    push("orders-reads", [Push(f"{one}", at, 10, 10, window="" if one in untagged else label) for one in range(10)])
    return run


def answered(world: World, run: Run) -> Run:
    run.steps.filter(position=2).update(status=StepStatus.SUCCEEDED, wake_at=None)
    return world.drive(run)


def test_r_c10_one_of_ten_without_the_tag_is_90_percent_and_bars_completed_until_a_person_goes_on(world: World) -> None:
    run = answered(world, nearly_done(world, 3))
    assert run.status == "held"
    assert run.reason == (
        f"The tag {run.window.reference} is on 90.0 % of orders-reads (90 of 100 events); all of it is needed to tell what the window did."
        " Resume to complete it in spite of that."
    )
    assert Message.objects.filter(dedup_key__contains="asked").exists()
    resume(given.actor("olga"), run.pk, "The old proxy cannot tag.")
    run = world.drive(run)
    assert (run.status, Window.objects.get(pk=run.window_id).status) == ("succeeded", "completed")
    told = AuditEntry.objects.filter(run_id=run.pk, kind="run.resumed").get()
    assert "The old proxy cannot tag." in told.data["reason"]


@pytest.mark.parametrize(("case", "untagged", "critical"), [("all of it", (), True), ("of nothing critical", (3,), False)], ids=str)
def test_r_c10_what_carries_the_tag_completes(world: World, case: str, untagged: tuple[int, ...], critical: bool) -> None:
    assert answered(world, nearly_done(world, *untagged, critical=critical)).status == "succeeded", case


def test_r_c10_a_confidential_window_tags_nothing_and_is_barred_by_nothing(world: World) -> None:
    run = nearly_done(world, *range(10))
    Window.objects.filter(pk=run.window_id).update(confidential=True)
    run.window.refresh_from_db()
    assert answered(world, run).status == "succeeded"


def test_r_c10_nobody_undoes_what_is_proved_for_want_of_a_tag(world: World) -> None:
    run = answered(world, nearly_done(world, 3))
    assert (run.status, run.hold_action) == ("held", "resume")
    assert run.hold_until is not None and run.turn_back_at is not None and run.hold_until < run.turn_back_at
    Run.objects.filter(pk=run.pk).update(hold_until=clock(), wake_at=clock())
    assert world.drive(run).status == "succeeded"


def test_r_c10_where_no_time_is_left_to_ask_it_completes(world: World) -> None:
    assert answered(world, nearly_done(world, 3, turns_back_in=timedelta(seconds=4))).status == "succeeded"
