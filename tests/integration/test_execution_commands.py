"""What people press: who may, in which state, twice, at once by two; and that illegal states are never stored."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from tests import given_runs
from tests import given_windows as given
from tests.given_runs import World, check, run_of, statuses, step
from windows.access.roles import Actor, Role
from windows.actions.outcomes import AwaitHuman, Failed
from windows.audit.models import AuditEntry
from windows.catalogue.models import Person
from windows.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from windows.execution.commands.aborting import abort
from windows.execution.commands.holding import hold, resume, roll_back
from windows.execution.commands.steps import attest, confirm, retry, skip
from windows.execution.engine.turns import turn
from windows.execution.engine.work import Act, Ownership
from windows.execution.models import Run, clock
from windows.execution.queries.views import live_runs, run_view
from windows.execution.states import RunStatus, run_may_become
from windows.live.models import LiveScope
from windows.scheduling.models import Window

world = given_runs.world
pytestmark = pytest.mark.django_db


def olga() -> Actor:
    return given.actor("olga")


def sam() -> Actor:
    return given.actor("sam")


def otto() -> Actor:
    return given.actor("otto")


def test_hold_resume_roll_back(world: World) -> None:
    run = run_of(step(), step())
    assert hold(olga(), run.pk, "something smells").status == "held"
    assert world.drive(run).status == "held" and world.calls == []
    assert resume(olga(), run.pk, "false alarm").status == "running"
    assert world.drive(run).status == "succeeded"
    reasons = AuditEntry.objects.filter(kind__in=["run.held", "run.resumed"]).order_by("pk").values_list("data__reason", "actor")
    assert list(reasons) == [("Olga: something smells", "Olga"), ("Olga: false alarm", "Olga")]


def test_why_it_turned_back_and_how_it_ended_are_two_sentences(world: World) -> None:
    run = run_of(step(), step())
    roll_back(olga(), run.pk, "the disk fills")
    assert world.drive(run).reason == "Olga: the disk fills. Every touched step is undone."


def test_who_may(world: World) -> None:
    run = run_of(step())
    stranger, viewer = given.actor("stranger"), given.actor("vera", ("shop", Role.VIEWER))
    for act in (hold, roll_back):
        for nobody in (stranger, viewer):
            with pytest.raises(Forbidden):
                act(nobody, run.pk, "because")
    hold(otto(), run.pk, "on-call may hold")
    with pytest.raises(Forbidden):
        resume(otto(), run.pk)
    assert roll_back(otto(), run.pk, "and roll back").status == "rolling_back"


def test_people_say_why(world: World) -> None:
    run = run_of(step())
    for act in (hold, roll_back, abort):
        with pytest.raises(Invalid) as refusal:
            act(olga(), run.pk, "  ")
        assert refusal.value.field == "reason"


@pytest.mark.parametrize("second", [hold, roll_back])
def test_r_a12_a_second_press_is_refused_by_name_of_the_state(world: World, second: Callable[..., Run]) -> None:
    run = run_of(step())
    second(olga(), run.pk, "first")
    with pytest.raises(Conflict) as refusal:
        second(sam(), run.pk, "second")
    assert refusal.value.field == "status" and refusal.value.facts["status"] in {"held", "rolling_back"}


@pytest.mark.django_db(transaction=True)
def test_r_a12_ten_people_press_at_once_and_one_is_heard(world: World) -> None:
    run = run_of(step())
    actors, heard, refused, barrier = [olga(), sam()], [], [], threading.Barrier(10)

    def press(number: int) -> None:
        try:
            barrier.wait()
            (hold if number % 2 else roll_back)(actors[number % 2], run.pk, f"press {number}")
            heard.append(number)
        except Conflict as refusal:
            refused.append(refusal.field)
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=[n]) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kinds = list(AuditEntry.objects.filter(run_id=run.pk).order_by("pk").values_list("kind", flat=True))
    assert kinds in (["run.held", "run.rollback_started"], ["run.rollback_started"])
    assert len(heard) == len(kinds) and len(heard) + len(refused) == 10


def test_abort_takes_two_people_and_compensates_nothing(world: World) -> None:
    run = run_of(step(), step())
    own = Ownership(run.pk)
    work = turn(own, None)
    assert isinstance(work, Act)
    assert abort(olga(), run.pk, "stop here").status == "running"
    with pytest.raises(Conflict, match="signed this already"):
        abort(olga(), run.pk, "again")
    with pytest.raises(Forbidden):
        abort(otto(), run.pk, "on-call may not")
    assert abort(sam(), run.pk, "yes, stop").status == "aborted"
    assert turn(own, (work.intent, Failed("cut", permanent=True))) is None
    assert statuses(run) == ["failed", "pending"], "what the step in flight answered is still written down"
    assert Window.objects.get().status == "failed" and not LiveScope.objects.exists()
    signed = AuditEntry.objects.filter(kind="run.abort_signed").order_by("pk").values_list("actor", flat=True)
    assert list(signed) == ["Olga"], "one verb, one entry: the second signature's is the end itself"
    assert AuditEntry.objects.get(kind="run.aborted").data["signed_by"] == ["Olga", "Sam"]
    assert world.drive(run).status == "aborted" and world.undone() == []


def test_a_signature_falls_with_its_signer(world: World) -> None:
    run = run_of(step(), step())
    first = olga()
    assert abort(first, run.pk, "stop here").status == "running"
    Person.objects.filter(pk=first.person_id).update(is_active=False)
    assert abort(sam(), run.pk, "yes, stop").status == "running", "half of a decision by somebody who is gone is no half"


def test_a_run_that_was_rolled_back_while_a_step_was_in_flight_undoes_that_step_too(world: World) -> None:
    run = run_of(step(), step())
    own = Ownership(run.pk)
    work = turn(own, None)
    assert isinstance(work, Act)
    roll_back(sam(), run.pk, "now")
    following = turn(own, (work.intent, Failed("stopped")))
    assert isinstance(following, Act) and following.intent.direction == "undo" and following.intent.position == 1


def test_skip_needs_a_reason_and_is_undone_only_if_touched(world: World) -> None:
    run = run_of(step(), step(), step())
    hold(olga(), run.pk, "wait")
    with pytest.raises(Invalid):
        skip(olga(), run.pk, 2, "")
    skip(olga(), run.pk, 2, "done by hand")
    resume(olga(), run.pk)
    world.script[3, "forward"] = [Failed("no", permanent=True)]
    run = world.drive(run)
    assert (run.status, world.done(), world.undone()) == ("rolled_back", [1, 3], [3, 1])
    with pytest.raises(Conflict):
        skip(olga(), run.pk, 1, "too late")
    with pytest.raises(NotFound):
        skip(olga(), run.pk, 9, "no such step")


def test_confirm_ticks_a_manual_step_once(world: World) -> None:
    world.script[1, "forward"] = [AwaitHuman("Is the cable in?")]
    run = world.drive(run_of(step()))
    confirm(olga(), run.pk, 1, "I saw it")
    with pytest.raises(Conflict):
        confirm(olga(), run.pk, 1, "again")
    assert world.drive(run).status == "succeeded"
    assert AuditEntry.objects.get(kind="step.confirmed").data["outcome"] == "Olga: I saw it"


def test_what_a_person_cannot_do_rolls_back(world: World) -> None:
    world.script[1, "forward"] = [AwaitHuman("Is the cable in?")]
    run = world.drive(run_of(step()))
    attest(olga(), run.pk, 1, done=False, reason="the port is broken")
    assert world.drive(run).status == "rolled_back"


def doubtful(world: World) -> Run:
    run = run_of(step(is_repeatable=False), step())
    assert isinstance(turn(Ownership(run.pk), None), Act)
    Run.objects.filter(pk=run.pk).update(lease_until=clock(), wake_at=clock())
    run = world.drive(run)
    assert (run.status, statuses(run)) == ("held", ["in_doubt", "pending"])
    return run


@pytest.mark.parametrize(("done", "calls"), [(True, [2]), (False, [1, 2])])
def test_a_person_says_what_became_of_a_step_in_doubt(world: World, done: bool, calls: list[int]) -> None:
    run = doubtful(world)
    with pytest.raises(Conflict, match="in doubt"):
        resume(olga(), run.pk)
    attest(olga(), run.pk, 1, done, "I looked")
    resume(olga(), run.pk)
    assert world.drive(run).status == "succeeded" and world.done() == calls


def test_a_step_in_doubt_is_tried_again_on_a_persons_word(world: World) -> None:
    run = doubtful(world)
    assert retry(olga(), run.pk).status == "running"
    assert world.drive(run).status == "succeeded" and world.done() == [1, 2]


def test_failed_validation_is_retried(world: World) -> None:
    world.script[2, "forward"] = [Failed("502", permanent=True)]
    run = world.drive(run_of(step(), check()))
    assert run.status == "held"
    retry(olga(), run.pk, 2)
    assert world.drive(run).status == "succeeded"


def stuck(world: World) -> Run:
    world.script[2, "forward"] = [Failed("no", permanent=True)]
    world.script[1, "undo"] = [Failed("500")] * 3
    run = world.drive(run_of(step(), step()))
    assert run.status == "stuck"
    return run


@pytest.mark.parametrize("again", [lambda run: retry(olga(), run.pk), lambda run: roll_back(otto(), run.pk, "once more")])
def test_a_stuck_rollback_is_tried_again(world: World, again: Callable[[Run], Run]) -> None:
    run = stuck(world)
    assert again(run).status == "rolling_back"
    assert world.drive(run).status == "rolled_back" and statuses(run) == ["compensated", "compensated"]


def test_a_stuck_run_is_rolled_back_when_a_person_attests_each_failed_compensation(world: World) -> None:
    run = stuck(world)
    with pytest.raises(Invalid):
        attest(olga(), run.pk, 1, done=False, reason="not yet")
    assert attest(olga(), run.pk, 1, done=True, reason="undone by hand").status == "rolled_back"
    assert Window.objects.get().status == "rolled_back"


@pytest.mark.parametrize("status", [s for s in RunStatus if s not in {RunStatus.PREFLIGHT}])
def test_r_a12_no_press_stores_an_illegal_state(world: World, status: RunStatus) -> None:
    final = status in {RunStatus.BLOCKED, RunStatus.SUCCEEDED, RunStatus.ROLLED_BACK, RunStatus.ABORTED}
    run = run_of(step(), status=status, **({"wake_at": None} if final else {}))
    presses: list[Callable[[], Any]] = [
        lambda: resume(olga(), run.pk), lambda: confirm(olga(), run.pk, 1), lambda: attest(olga(), run.pk, 1, True, "x"),
        lambda: retry(olga(), run.pk), lambda: hold(olga(), run.pk, "x"), lambda: skip(olga(), run.pk, 1, "x"),
        lambda: roll_back(olga(), run.pk, "x"), lambda: hold(olga(), run.pk, "x"), lambda: resume(olga(), run.pk),
    ]  # fmt: skip
    for press in presses:
        try:
            press()
        except Refused:
            continue
    moves = AuditEntry.objects.filter(run_id=run.pk, data__has_key="to").order_by("pk").values_list("data__from", "data__to")
    assert all(run_may_become(before, after) for before, after in moves)
    assert Run.objects.get(pk=run.pk).status == (list(moves)[-1][1] if moves else status)
    if final:
        assert statuses(run) == ["pending"] and not AuditEntry.objects.filter(run_id=run.pk).exists()


def test_the_view_shows_what_is_done_and_what_may_be_pressed(world: World) -> None:
    run = doubtful(world)
    seen = run_view(run.pk, olga())
    assert (seen.status, seen.done, seen.total, [s.position for s in seen.in_doubt]) == ("held", 0, 2, [1])
    assert seen.verbs == ("abort", "resume", "retry", "roll_back") and seen.steps[0].verbs == ("attest", "retry", "skip")
    assert run_view(run.pk, otto()).verbs == ("roll_back",)
    assert [view.id for view in live_runs(otto())] == [run.pk]
    Window.objects.update(confidential=True)
    stranger = given.actor("stranger")
    assert live_runs(stranger) == []
    with pytest.raises(NotFound):
        run_view(run.pk, stranger)


@pytest.mark.django_db(transaction=True)
def test_r_a03_twenty_workers_race_for_a_run_and_one_takes_it(world: World) -> None:
    run, winners = run_of(step(), step(), step()), list[int]()
    for round_number in range(10):
        barrier, won = threading.Barrier(20), list[int]()

        def take(barrier: threading.Barrier = barrier, won: list[int] = won) -> None:
            try:
                own = Ownership(run.pk)
                barrier.wait()
                if isinstance(turn(own, None), Act):
                    won.append(own.fence or 0)
            finally:
                connection.close()

        threads = [threading.Thread(target=take) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1, f"round {round_number}: {won}"
        winners += won
        Run.objects.filter(pk=run.pk).update(lease_until=clock(), wake_at=clock())  # the winner died
    assert winners == sorted(set(winners)), "every owner has a token of its own, each higher than the one before"


def test_a_signature_to_abort_falls_when_the_run_moves_on() -> None:
    run = run_of(step(), step())
    abort(olga(), run.pk, "leave it")
    hold(olga(), run.pk, "wait")
    assert not run.signatures.exists() and AuditEntry.objects.get(kind="run.held").data["signatures_lapsed"] == 1
    assert abort(sam(), run.pk, "it must stay").status == "held", "the other signed for another state"
    assert abort(olga(), run.pk, "yes").status == "aborted"


def test_a_retry_that_lets_the_run_go_on_is_one_entry() -> None:
    run = run_of(step(status="failed", attempt=1), step(), status=RunStatus.HELD)
    before = AuditEntry.objects.count()
    assert retry(olga(), run.pk, None, "mended").status == "running"
    (told,) = AuditEntry.objects.order_by("pk")[before:]
    assert (told.kind, told.data["position"], told.data["reason"]) == ("run.resumed", 1, "Olga: mended")
