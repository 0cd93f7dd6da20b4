"""The engine on a real database with scripted actions: beats, retries, rollback, holds, fencing."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db.models import F

from tests import given_runs
from tests.given_runs import World, check, run_of, statuses, step
from windows.actions.outcomes import AwaitHuman, Done, Failed, Interrupted, Undecided, Wait
from windows.audit.models import AuditEntry
from windows.delivery.models import Message
from windows.execution.engine import loop
from windows.execution.engine.turns import turn
from windows.execution.engine.work import Act, Ownership
from windows.execution.models import Run, StepRun, clock
from windows.execution.states import RunStatus
from windows.live.models import LiveScope
from windows.scheduling.models import Freeze, Window

world = given_runs.world
pytestmark = pytest.mark.django_db


def kinds_of(run: Run) -> list[str]:
    return list(AuditEntry.objects.filter(run_id=run.pk).order_by("pk").values_list("kind", flat=True))


def test_a_run_goes_through_its_steps_and_its_window_is_completed(world: World) -> None:
    run = world.drive(run_of(step(), step(), check()))
    assert (run.status, run.wake_at, run.lease_until) == ("succeeded", None, None)
    assert world.calls == [(1, "forward"), (2, "forward"), (3, "forward")]
    assert statuses(run) == ["succeeded"] * 3
    window = Window.objects.get()
    assert window.status == "completed" and window.ended_at and not LiveScope.objects.exists()
    assert kinds_of(run) == [
        "step.started", "step.succeeded", "step.started", "step.succeeded", "run.validation_started", "step.started", "step.succeeded",
        "run.succeeded",
    ]  # fmt: skip
    assert AuditEntry.objects.filter(kind="window.completed").count() == 1


def test_a_failed_step_rolls_everything_touched_back_in_reverse(world: World) -> None:
    world.script[3, "forward"] = [Failed("HTTP 500", permanent=True)]
    run = world.drive(run_of(step(), step(), step(), step()))
    assert (run.status, world.undone(), statuses(run)) == ("rolled_back", [3, 2, 1], ["compensated"] * 3 + ["pending"])
    assert "HTTP 500" in AuditEntry.objects.get(kind="run.rollback_started").data["reason"]
    assert Window.objects.get().status == "rolled_back"


def test_r_a05_x12_the_same_message_again_does_nothing_more(world: World) -> None:
    run, delivered = run_of(step(), step()), []

    def meanwhile(ctx: object) -> Done:
        for _ in range(4):  # the broker delivers it again while its first delivery is being worked on
            loop.advance(run.pk, world.build)
            delivered.append(Run.objects.get(pk=run.pk).status)
        return Done("done")

    world.script[1, "forward"] = [meanwhile]
    world.script[2, "forward"] = [meanwhile]
    run = world.drive(run)
    for _ in range(5):  # and when all is over
        loop.advance(run.pk, world.build)
    assert delivered == ["running"] * 8, "the deliveries were seen"
    assert world.calls == [(1, "forward"), (2, "forward")] and len(set(world.keys)) == 2
    assert kinds_of(run).count("step.succeeded") == 2 and AuditEntry.objects.filter(kind="run.succeeded").count() == 1


def test_r_a07_retries_are_bounded_and_only_for_what_may_be_repeated(world: World) -> None:
    world.script[1, "forward"] = [Failed("500"), Failed("500"), Done("200")]
    world.script[2, "forward"] = [Failed("500")] * 9
    run = world.drive(run_of(step(max_attempts=3), step(max_attempts=3)))
    assert world.done() == [1, 1, 1, 2, 2, 2]
    assert run.status == "rolled_back" and StepRun.objects.get(run=run, position=2).attempt == 3
    world.calls.clear()
    world.script[1, "forward"] = [Failed("500")] * 9
    Window.objects.filter(pk=run.window_id).update(status="running")
    run = world.drive(run_of(step(max_attempts=3, is_repeatable=False), window=run.window, number=2))
    assert world.done() == [1] and run.status == "rolled_back"


def test_r_a09_a_failed_compensation_leaves_the_run_stuck_with_one_page_and_the_rest_undone(world: World) -> None:
    world.script[3, "forward"] = [Failed("no", permanent=True)]
    world.script[2, "undo"] = [Failed("500")] * 9
    run = world.drive(run_of(step(), step(), step()))
    assert (run.status, world.undone()) == ("stuck", [3, 2, 2, 2, 1])
    assert statuses(run) == ["compensated", "compensation_failed", "compensated"]
    world.drive(run)
    pages = Message.objects.filter(title__contains="stuck")
    assert sorted(pages.values_list("recipient", flat=True)) == [f"{name}@example.org" for name in ("carl", "dora", "olga", "otto")]
    assert Window.objects.get().status == "running" and LiveScope.objects.exists()
    assert not AuditEntry.objects.filter(kind="window.completed").exists()


def test_waiting_lets_the_worker_go_and_keeps_one_attempt(world: World) -> None:
    later = clock() + timedelta(hours=9)
    world.script[1, "forward"] = [Wait(clock(), {"seen": 1}), Wait(later, {"more": 2}), Done("at last")]
    run = world.drive(run_of(step()))
    row = StepRun.objects.get(run=run)
    assert (row.status, row.attempt, row.checkpoint, run.lease_until) == ("waiting", 1, {"seen": 1, "more": 2}, None)
    assert run.wake_at is not None and run.wake_at < later, "its own timeout and turn-back time come first"
    StepRun.objects.filter(run=run).update(wake_at=clock())
    Run.objects.filter(pk=run.pk).update(wake_at=clock())
    assert world.drive(run).status == "succeeded"
    assert [kind for kind in kinds_of(run) if kind.startswith("step.")] == ["step.started", "step.waiting", "step.succeeded"]


def test_a_look_at_what_still_waits_is_no_entry_and_another_reason_to_wait_is_one(world: World) -> None:
    lag, less = Wait(clock(), note="n1, n2 lag"), Wait(clock(), note="n2 lags")
    world.script[1, "forward"] = [lag] * 20 + [Failed("500")] + [lag] * 2 + [less] * 5
    world.script[1, "undo"] = [less] * 10
    world.script[2, "forward"] = [Failed("no", permanent=True)]
    run = world.drive(run_of(step(max_attempts=2), step(undo=None)), turns_at_most=90)
    assert run.status == "rolled_back" and (len(world.done()), len(world.undone())) == (30, 11)
    kinds = kinds_of(run)
    assert [kinds.count(f"step.{word}") for word in ("waiting", "compensation_waiting", "started")] == [3, 1, 3]


def test_r_a06_a_wait_beyond_the_steps_time_fails_it(world: World) -> None:
    world.script[1, "forward"] = [Wait(clock() + timedelta(hours=1))]
    run = world.drive(run_of(step(timeout=timedelta(seconds=0.05))))
    assert run.status == "rolled_back"
    assert AuditEntry.objects.get(kind="step.failed").data["reason"] == "timed out after 0.05 s"


def test_r_a06_what_comes_back_too_late_failed_whatever_it_says(world: World) -> None:
    import time

    world.script[1, "forward"] = [lambda ctx: time.sleep(0.1) or Done("fine")]
    run = world.drive(run_of(step(timeout=timedelta(seconds=0.05))))
    assert run.status == "rolled_back" and "timed out" in AuditEntry.objects.get(kind="step.failed").data["reason"]


def test_prepare_is_kept_before_anything_is_done_and_only_once(world: World) -> None:
    world.prepared = {"before": "normal"}
    world.script[1, "forward"] = [Failed("500"), Done("set", {"after": "read_only"})]
    run = world.drive(run_of(step(max_attempts=2)))
    assert world.calls == [(1, "prepare"), (1, "forward"), (1, "forward")]
    assert StepRun.objects.get(run=run).checkpoint == {"before": "normal", "after": "read_only"}


def test_prepare_is_asked_once_whatever_it_and_later_attempts_answer(world: World) -> None:
    world.prepared = {}
    world.script[1, "forward"] = [Failed("500"), Failed("500", checkpoint={}), Done("set")]
    run = world.drive(run_of(step(max_attempts=3)))
    assert world.calls == [(1, "prepare"), (1, "forward"), (1, "forward"), (1, "forward")]
    assert StepRun.objects.get(run=run).prepared_at is not None


def test_a_step_that_began_before_the_moment_was_written_down_is_not_prepared_again(world: World) -> None:
    world.prepared = {"before": "what the first attempt has made of it"}
    run = run_of(step())
    StepRun.objects.filter(run=run).update(checkpoint={"before": "normal"})
    world.drive(run)
    assert world.calls == [(1, "forward")]


def test_a_bug_in_a_kind_is_its_steps_failure(world: World) -> None:
    world.script[1, "forward"] = [lambda ctx: 1 / 0]
    assert world.drive(run_of(step())).status == "rolled_back"
    assert "ZeroDivisionError" in AuditEntry.objects.get(kind="step.failed").data["reason"]


def test_a_person_is_awaited_without_a_worker(world: World) -> None:
    world.script[1, "forward"] = [AwaitHuman("Is the cable in?")]
    run = world.drive(run_of(step()))
    row = StepRun.objects.get(run=run)
    assert (row.status, run.status, run.lease_until) == ("awaiting_person", "running", None)
    assert row.intended_at and run.wake_at == row.intended_at + row.timeout, "a person, too, has the step's time"
    assert Message.objects.filter(title__contains="needs you").exists()


def test_n10_an_undecided_gate_holds_and_asks_once_and_then_rolls_back(world: World) -> None:
    readings = tuple({"at": f"{n}", "value": None, "verdict": "inconclusive", "reason": "503"} for n in range(10))
    world.script[2, "forward"] = [Undecided("no data", readings)]
    run = world.drive(run_of(step(), step()))
    assert (run.status, run.hold_action, statuses(run)) == ("held", "roll_back", ["succeeded", "pending"])
    assert run.hold_until is not None and run.wake_at == run.hold_until
    world.drive(run)
    asked = Message.objects.filter(title__contains="asks")
    assert asked.count() == 4 and asked.first().body.count("503") == 10  # type: ignore[union-attr]
    Run.objects.filter(pk=run.pk).update(hold_until=clock(), wake_at=clock())
    run = world.drive(run)
    assert (run.status, world.undone()) == ("rolled_back", [2, 1])
    assert "Nobody decided" in AuditEntry.objects.get(kind="run.rollback_started").data["reason"]


def test_n10_a_gate_whose_runbook_says_hold_waits_for_a_person(world: World) -> None:
    world.script[2, "forward"] = [Undecided("no data", otherwise="hold")]
    run = world.drive(run_of(step(), step()))
    assert (run.status, run.hold_until, run.hold_action) == ("held", None, "")
    assert run.wake_at == run.turn_back_at, "a hold does not stop the clock"
    assert Message.objects.filter(title__contains="asks").count() == 4


def test_x09_failed_validation_holds_with_a_reason_and_a_limit(world: World) -> None:
    world.script[2, "forward"] = [Failed("smoke test: 502", permanent=True)]
    run = world.drive(run_of(step(), check()))
    assert (run.status, run.hold_action) == ("held", "roll_back") and "smoke test: 502" in run.reason and run.hold_until


def test_interrupted_goes_on_from_its_checkpoint(world: World) -> None:
    world.script[1, "forward"] = [Interrupted({"at": 5}), lambda ctx: Done(f"from {ctx.checkpoint['at']}")]
    run = world.drive(run_of(step()))
    assert run.status == "succeeded" and StepRun.objects.get(run=run).outcome == "from 5"


@pytest.mark.parametrize(("repeatable", "status"), [(True, "succeeded"), (False, "held")])
def test_a_dead_workers_step(world: World, repeatable: bool, status: str) -> None:
    run = run_of(step(is_repeatable=repeatable))
    own = Ownership(run.pk)
    assert isinstance(turn(own, None), Act)  # the intent is committed; then the worker dies
    Run.objects.filter(pk=run.pk).update(lease_until=clock(), wake_at=clock())
    run = world.drive(run)
    row = StepRun.objects.get(run=run)
    assert (run.status, row.attempt) == (status, 2 if repeatable else 1)
    if not repeatable:
        assert row.status == "in_doubt" and world.calls == []
        assert Message.objects.filter(title__contains="asks").count() == 4


ZOMBIES = int(os.environ.get("ROADWORKS_ZOMBIES", "1"))


@pytest.mark.parametrize("zombie", range(ZOMBIES))
def test_r_a04_a_worker_that_lost_its_lease_writes_nothing(world: World, zombie: int) -> None:
    run = run_of(step(), step())
    late = Ownership(run.pk)
    work = turn(late, None)
    assert isinstance(work, Act)
    Run.objects.filter(pk=run.pk).update(lease_until=clock(), wake_at=clock())
    run = world.drive(run)
    before = (run.status, statuses(run), AuditEntry.objects.count(), run.fence)
    assert turn(late, (work.intent, Failed("I am late", permanent=True))) is None
    assert not loop.keep_checkpoint(work.intent, {"stale": True})
    run.refresh_from_db()
    assert before == (run.status, statuses(run), AuditEntry.objects.count(), run.fence)
    assert before[0] == "succeeded" and run.fence > work.intent.fence


def test_an_outcome_is_written_once_although_the_reply_to_its_commit_was_lost(world: World) -> None:
    run = run_of(step(is_repeatable=False), step(is_repeatable=False))
    own = Ownership(run.pk)
    first = turn(own, None)
    assert isinstance(first, Act)
    second = turn(own, (first.intent, Done("once")))
    own.revision = -1
    again = turn(own, (first.intent, Done("once")))
    assert isinstance(second, Act) and isinstance(again, Act)
    assert replace(again.intent, at=None, ticks=0.0) == replace(second.intent, at=None, ticks=0.0), (
        "the intent that was committed and never acted on"
    )
    assert kinds_of(run).count("step.succeeded") == 1


def test_n06_a_freeze_is_met_at_the_next_boundary_by_its_policy(world: World) -> None:
    def freeze(title: str, policy: str) -> Freeze:
        now = clock()
        olga = Window.objects.get().owner
        times = {"starts_at": now - timedelta(hours=1), "ends_at": now + timedelta(hours=1)}
        return Freeze.objects.create(title=title, severity="hard", on_running=policy, created_by=olga, services=["orders"], **times)

    def now_freeze(policy: str) -> object:
        return lambda ctx: freeze(f"Peak {policy}", policy) and Done("done")

    world.script[1, "forward"] = [now_freeze("continue")]
    world.script[2, "forward"] = [now_freeze("hold")]
    world.script[3, "forward"] = [now_freeze("roll_back")]
    run = world.drive(run_of(step(), step(), step(), step()))
    assert (run.status, world.done()) == ("held", [1, 2]) and "Peak hold" in run.reason
    assert AuditEntry.objects.filter(kind="run.freeze_met").count() == 1
    Run.objects.filter(pk=run.pk).update(status="running", wake_at=clock())  # a person who has seen it lets it go on
    run = world.drive(run)
    assert (run.status, world.done(), world.undone()) == ("rolled_back", [1, 2, 3], [3, 2, 1])


def test_r_a11_no_step_forward_begins_after_turn_back_time(world: World) -> None:
    run = run_of(step(), step())
    world.script[1, "forward"] = [lambda ctx: Run.objects.filter(pk=run.pk).update(turn_back_at=clock()) and Done("done")]
    done = world.drive(run)
    assert (done.status, world.done(), world.undone()) == ("rolled_back", [1], [1])
    assert "Turn-back" in AuditEntry.objects.get(kind="run.rollback_started").data["reason"]


def test_two_live_workers_never_share_a_run(world: World) -> None:
    run = run_of(step())
    own = Ownership(run.pk)
    assert isinstance(turn(own, None), Act)
    assert turn(Ownership(run.pk), None) is None
    assert world.drive(run).status == "running" and world.calls == []


def test_a_worker_that_must_end_gives_the_run_back_between_steps(world: World) -> None:
    run = run_of(step(), step())
    asked = []
    loop.advance(run.pk, world.build, lambda: bool(asked) or bool(world.calls and not asked.append(1)))
    run.refresh_from_db()
    assert (statuses(run), run.lease_until, run.status) == (["succeeded", "pending"], None, "running")
    assert run.wake_at is not None and run.wake_at <= clock()


def test_a_step_costs_a_constant_number_of_queries(world: World, django_assert_max_num_queries: object) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    run = run_of(*[step() for _ in range(12)])
    with CaptureQueriesContext(connection) as few:
        world.drive(run)
    Window.objects.update(status="running")
    run = run_of(*[step() for _ in range(24)], window=Window.objects.get(), number=2)
    with CaptureQueriesContext(connection) as many:
        world.drive(run)
    assert (len(many) - len(few)) / 12 <= 8, "BEGIN, lock, two steps, run, live, trail, COMMIT"


@pytest.mark.parametrize("status", [RunStatus.SUCCEEDED, RunStatus.ROLLED_BACK])
def test_a_ring_for_a_run_that_ended_is_a_no_op(world: World, status: RunStatus) -> None:
    run = run_of(step(), status=status, wake_at=None)
    loop.advance(run.pk, world.build)
    assert world.calls == [] and Run.objects.filter(pk=run.pk, fence=F("fence") * 1, status=status.value).exists()


def test_a_hold_does_not_cut_into_what_may_not_be_repeated(world: World) -> None:
    run = run_of(step(is_repeatable=False), step(is_repeatable=True))
    for position, expected in ((1, False), (2, True)):
        row = StepRun.objects.get(run=run, position=position)
        own = Ownership(run.pk)
        work = turn(own, None, stopping=False)
        assert isinstance(work, Act)
        assert (work.intent.position, work.intent.interruptible) == (position, expected)
        turn(own, (work.intent, Done("done")), stopping=True)
        row.refresh_from_db()
        assert row.status == "succeeded"
        Run.objects.filter(pk=run.pk).update(lease_until=None, wake_at=clock())


@pytest.mark.django_db(transaction=True)
def test_r_a06_an_act_that_never_returns_is_recorded_failed_and_its_process_leaves(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    from windows.execution.engine import heartbeat

    monkeypatch.setattr(heartbeat, "GRACE", timedelta(seconds=0.1))
    gone = threading.Event()
    world.script[1, "forward"] = [lambda ctx: gone.wait(90) and Done("too late")]
    run = run_of(step(kind="rock", timeout=timedelta(seconds=0.2)))
    loop.advance(run.pk, world.build, leave=gone.set)
    assert gone.is_set(), "the heartbeat ended the process"
    run.refresh_from_db()
    row = StepRun.objects.get(run=run)
    assert (row.status, run.status, run.lease_until) == ("failed", "running", None) and "did not come back" in row.outcome
    assert world.drive(run).status == "rolled_back"
