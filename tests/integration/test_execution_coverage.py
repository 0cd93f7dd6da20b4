"""Tag coverage of critical signals bars "completed" (C10, F8, M8, X16) until a person goes on by name, or nobody decided in time."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from slo.maintenance import minute_of
from slo.objectives.models import Objective
from slo.telemetry.commands import push
from slo.telemetry.readings import Push
from tests import given_runs
from tests import given_signals as sent
from tests import given_windows as given
from tests.callers import token_of
from tests.given_runs import World, check, run_of, step
from windows.access.roles import Role, Verb
from windows.actions.outcomes import AwaitHuman
from windows.audit.models import AuditEntry
from windows.catalogue.models import Deployment, Environment, Region
from windows.delivery.models import Message
from windows.execution.commands.holding import hold, resume
from windows.execution.models import Run, clock
from windows.execution.states import StepStatus
from windows.scheduling.models import Window
from windows.signals.models import StoredSpan
from windows.signals.queries import Wanted, lines

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
    assert "The old proxy cannot tag." in told.data["reason"] and "did not arrive" in told.data["waived"]


def test_r_c10_who_goes_on_after_another_hold_has_not_waived_a_tag(world: World) -> None:
    run, olga = nearly_done(world, 3), given.actor("olga")
    hold(olga, run.pk, "Let me look at something else.")
    resume(olga, run.pk)
    world.drive(run)
    run = answered(world, run)
    assert run.status == "held" and "is on 90.0 % of orders-reads" in run.reason
    assert "waived" not in AuditEntry.objects.filter(run_id=run.pk, kind="run.resumed").latest("pk").data
    resume(olga, run.pk)
    hold(olga, run.pk, "And once more.")
    resume(olga, run.pk)
    assert world.drive(run).status == "succeeded", "waived once is waived"


@pytest.mark.parametrize(("case", "untagged", "critical"), [("all of it", (), True), ("of nothing critical", (3,), False)], ids=str)
def test_r_c10_what_carries_the_tag_completes(world: World, case: str, untagged: tuple[int, ...], critical: bool) -> None:
    assert answered(world, nearly_done(world, *untagged, critical=critical)).status == "succeeded", case


def test_r_c10_a_window_of_one_region_is_not_held_for_what_the_others_tell(world: World) -> None:
    run = nearly_done(world, *range(5))
    Deployment.objects.create(
        service=run.window.scopes.get().service,
        environment=Environment.objects.get(slug="production"),
        region=Region.objects.create(slug="r2", name="R2"),
    )
    assert answered(world, run).status == "succeeded"


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


def send(client: Any, what: str, body: dict[str, Any]) -> None:
    token = token_of(given.person("ada", ("shop", Role.MEMBER)), Verb.MEASURE.value)
    answer = client.post(f"/api/v1/{what}", sent.as_bytes(body), "application/json", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, json.loads(answer.content)) == (200, {})


def spans(service: str, at: datetime, count: int, *, window: str = "", outcome: str = "ok") -> None:
    StoredSpan.objects.bulk_create(
        StoredSpan(
            service=service, environment="production", window=window, trace_id=f"{n:032x}", span_id=f"{at:%d%H%M%S%f}"[:12] + f"{n:04x}",
            name="GET", kind="server", outcome=outcome, begins_at=at, ends_at=at,
        )
        for n in range(count)
    )  # fmt: skip


def test_x16_a_probe_line_comes_back_with_its_tag_and_one_that_lost_it_bars_completed(world: World, client: Any) -> None:
    run = nearly_done(world)
    name, at = run.window.reference, clock() - 2 * MINUTE
    send(client, "logs", sent.logs(sent.line(at, "probe one"), window=name))
    back = lines(given.actor("olga"), Wanted(name, ("orders",), at - MINUTE, clock()))
    assert [(one.text, one.window, one.tags) for one in back] == [("probe one", name, {"window": name})]
    send(client, "logs", sent.logs(sent.line(at, "probe two")))
    run = answered(world, run)
    assert run.status == "held"
    assert f"The tag {name} is on 50.0 % of the log lines of orders (1 of 2)" in run.reason
    resume(given.actor("olga"), run.pk, "The old proxy cannot tag.")
    assert world.drive(run).status == "succeeded"


@pytest.mark.parametrize("signal", ["traces", "logs"])
def test_x16_before_a_node_can_have_heard_of_the_window_nothing_is_expected(world: World, client: Any, signal: str) -> None:
    run = nearly_done(world)
    early, name = clock() - 10 * MINUTE + timedelta(seconds=10), run.window.reference
    told = sent.traces(sent.span(early)) if signal == "traces" else sent.logs(sent.line(early))
    send(client, signal, told)
    send(
        client,
        signal,
        sent.traces(sent.span(clock() - MINUTE, 2), window=name)
        if signal == "traces"
        else sent.logs(sent.line(clock() - MINUTE), window=name),
    )
    assert answered(world, run).status == "succeeded"


def test_f08_traces_without_the_tag_bar_completed(world: World, client: Any) -> None:
    run = nearly_done(world)
    send(client, "traces", sent.traces(*(sent.span(clock() - MINUTE, n) for n in range(1, 4)), window=run.window.reference))
    send(client, "traces", sent.traces(sent.span(clock() - MINUTE, 9)))
    run = answered(world, run)
    assert (run.status, "is on 75.0 % of the spans of orders (3 of 4)" in run.reason) == ("held", True), run.reason


@pytest.mark.parametrize(
    ("case", "before", "since", "mode", "wanted"),
    [
        ("they stopped", 20, 0, "normal", "held"),
        ("they go on, fewer", 200, 1, "normal", "succeeded"),
        ("too few to miss them", 19, 0, "normal", "succeeded"),
        ("users get nothing meanwhile", 200, 0, "offline", "succeeded"),
    ],
    ids=str,
)
def test_f08_traces_that_are_missing_bar_completed(world: World, case: str, before: int, since: int, mode: str, wanted: str) -> None:
    run = nearly_done(world)
    Window.objects.filter(pk=run.window_id).update(mode=mode)
    run.window.refresh_from_db()
    spans("orders", clock() - 15 * MINUTE, before)
    spans("orders", clock() - 5 * MINUTE, since, window=run.window.reference)
    run = answered(world, run)
    assert run.status == wanted, case
    assert wanted != "held" or ("orders sent no trace since" in run.reason and "and 20 spans in as long" in run.reason)


def test_f08_who_tells_only_of_failures_is_not_missed_when_nothing_fails(world: World) -> None:
    run = nearly_done(world)
    spans("orders", clock() - 15 * MINUTE, 200, outcome="error")
    assert answered(world, run).status == "succeeded"


def test_f08_of_a_service_without_a_critical_objective_nothing_is_expected(world: World, client: Any) -> None:
    run = nearly_done(world, critical=False)
    send(client, "logs", sent.logs(sent.line(clock() - MINUTE, "no tag")))
    assert answered(world, run).status == "succeeded"
