"""The `traffic` kind against a real HAProxy with real users: who is moved, who is never failed, what is put back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from tests import given_runs
from tests.given_runs import run_of, step
from tests.kind_context import FakeContext
from tests.traffic import Backend, Balancer, Users, backends, remove
from windows.actions.kinds import traffic
from windows.actions.outcomes import Done, Failed, Outcome, Wait
from windows.actions.ports import TimedOut
from windows.actions.registry import perform, prepare
from windows.execution import reconciling, tasks
from windows.execution.models import Run, Surface, clock
from windows.execution.ports.haproxy import HAProxy
from windows.execution.ports.limits import Limits
from windows.execution.ports.surfaces import Surfaces

pytestmark = pytest.mark.django_db(transaction=True)
world = given_runs.world


@pytest.fixture
def pair() -> Iterator[list[Backend]]:
    with backends("blue", "green", pause=0.01) as made:
        yield made


@pytest.fixture
def edge(pair: list[Backend], settings: Any) -> Iterator[Balancer]:
    balancer = Balancer({each.name: each.port for each in pair})
    settings.BALANCERS = {"edge": balancer.address}
    yield balancer
    remove(balancer)


class Step:
    """One step of a run as the engine would carry it out."""

    def __init__(self, run: Run, stop=lambda: False, **given: Any) -> None:
        told = {"balancer": "edge", "backend": "shop", **given}
        self.run, self.kept, self.stop = run, {}, stop
        self.told = traffic.Params.model_validate(told).model_dump(mode="json")

    def act(self, verb: str = "run", seconds: float = 240) -> Outcome:
        until = time.monotonic() + seconds
        while True:
            limits = Limits.of(10, self.stop)
            ctx = FakeContext(surfaces=Surfaces(self.run, limits), clock=datetime.now(UTC), checkpoint=self.kept)
            ctx.deadline = ctx.clock + timedelta(seconds=10)
            ctx.sleep = lambda rest: time.sleep(rest) or self.stop()  # type: ignore[method-assign]
            ctx.now = lambda: datetime.now(UTC)  # type: ignore[method-assign]
            if verb == "run" and not self.kept:
                self.kept = prepare("traffic", self.told, ctx)
                ctx.checkpoint = self.kept
            outcome = perform("traffic", self.told, verb, ctx)
            self.kept = {**self.kept, **(getattr(outcome, "checkpoint", None) or {})}
            if not isinstance(outcome, Wait):
                return outcome
            assert time.monotonic() < until, outcome
            time.sleep(0.2)


def names(users: Users, least: int = 100) -> dict[str, int]:
    """Who answers from now on, to so many requests at least."""
    return {body: count for (_, body), count in users.from_now(least).items() if count}


def test_a_blue_green_swap_in_shares_fails_nobody(edge: Balancer, pair: list[Backend]) -> None:
    run = run_of(step(), step())
    with Users(edge.url) as users:
        for share in (5, 25, 50, 100):
            outcome = Step(run, shift={"to": "green", "away_from": "blue", "share": share}).act()
            assert isinstance(outcome, Done), outcome
            answered = names(users)
            assert abs(answered.get("green", 0) / sum(answered.values()) - share / 100) < 0.12, answered
        assert set(names(users)) == {"green"}
    assert not users.failed
    assert len(pair[1].met) > 100


def test_a_drained_server_is_left_before_the_step_goes_on_and_comes_back(edge: Balancer, pair: list[Backend]) -> None:
    pair[0].pause = 0.4
    run = run_of(step(), step())
    drain = Step(run, servers={"blue": {"state": "drain"}})
    with Users(edge.url) as users:
        names(users, 10)
        assert isinstance(drain.act(), Done)
        met = len(pair[0].met)
        assert set(names(users)) == {"green"}
        assert len(pair[0].met) == met
        assert isinstance(drain.act("compensate"), Done)
        pair[0].pause = 0.01
        assert set(names(users)) == {"blue", "green"}
    assert not users.failed


def test_nobody_is_sent_to_a_server_that_is_down_and_the_last_one_stays(edge: Balancer, pair: list[Backend], eventually: Any) -> None:
    run = run_of(step())
    pair[1].is_well = False
    eventually(lambda: "DOWN" in edge.tell("show stat"))
    outcome = Step(run, shift={"to": "green", "away_from": "blue", "share": 5}).act()
    assert outcome.reason == "green is down: no user is sent there."
    outcome = Step(run, servers={"blue": {"state": "drain"}}).act()
    assert isinstance(outcome, Failed)
    assert "No server of shop would be left" in outcome.reason
    outcome = Step(run, servers={"red": {"state": "drain"}}).act()
    assert "no server red; there are blue, green" in outcome.reason
    outcome = Step(run, servers={"blue": {"state": "drain"}}, empty=True, idle=False).act()
    assert isinstance(outcome, Done)


def test_a_step_that_was_refused_moves_nothing_back(edge: Balancer, pair: list[Backend], eventually: Any) -> None:
    """Neither a name with a typo nor a server that is down leaves a rollback stuck, or holds what operators may change afterwards."""
    run = run_of(step())
    typo = Step(run, servers={"blue": {"weight": 50}, "rde": {"state": "drain"}})
    assert isinstance(typo.act(), Failed)
    pair[1].is_well = False
    eventually(lambda: "DOWN" in edge.tell("show stat"))
    down = Step(run, shift={"to": "green", "away_from": "blue", "share": 5})
    assert isinstance(down.act(), Failed)
    edge.tell("set server shop/blue weight 77")
    assert typo.act("compensate") == down.act("compensate") == Done("Nothing was moved.")
    assert "77" in edge.tell("get weight shop/blue") and not Surface.objects.filter(kind="traffic").exists()


def test_a_step_whose_balancer_went_away_in_the_middle_is_undone(edge: Balancer, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of(step())
    one = Step(run, servers={"blue": {"weight": 10}, "green": {"weight": 20}})
    real = HAProxy.set_weight

    def half(self: HAProxy, backend: str, server: str, weight: int) -> None:
        if server == "green":
            raise TimedOut("The answer of edge did not end in time")
        real(self, backend, server, weight)

    monkeypatch.setattr(HAProxy, "set_weight", half)
    assert isinstance(one.act(), Failed)
    monkeypatch.undo()
    assert isinstance(one.act("compensate"), Done)
    assert "100" in edge.tell("get weight shop/blue")


def test_r_a10_what_somebody_set_by_hand_meanwhile_is_left_as_it_is(edge: Balancer) -> None:
    run = run_of(step())
    one = Step(run, servers={"blue": {"weight": 10}})
    assert isinstance(one.act(), Done)
    edge.tell("set server shop/blue weight 77")
    outcome = one.act("compensate")
    assert isinstance(outcome, Failed)
    assert outcome.permanent
    assert "weight 77" in outcome.reason
    assert "77" in edge.tell("get weight shop/blue")


def test_x13_a_restarted_balancer_is_told_again_and_the_drift_is_on_record(edge: Balancer) -> None:
    run = run_of(step(), step())
    assert isinstance(Step(run, servers={"blue": {"state": "maint"}}).act(), Done)
    assert isinstance(Step(run, servers={"green": {"weight": 30}}).act(), Done)
    edge.kill()
    edge.start()
    Surface.objects.update(due_at=clock())
    row = Surface.objects.get(kind="traffic")
    reconciling.reconcile(row.pk)
    row.refresh_from_db()
    assert row.status == "in_place"
    assert row.drift == {"blue": {"state": "ready"}, "green": {"weight": 100}}
    assert row.observed == row.desired["servers"] == {"blue": {"state": "maint"}, "green": {"weight": 30}}


def test_r_a06_a_balancer_that_hangs_ends_in_time_and_is_asked_once_a_pass(edge: Balancer) -> None:
    run = run_of(step(), step())
    assert isinstance(Step(run, servers={"blue": {"weight": 50}}).act(), Done)
    Surface.objects.create(run=run, window=run.window, kind="traffic", name="other", desired=Surface.objects.get().desired, due_at=clock())
    Surface.objects.update(due_at=clock())
    edge.freeze()
    began = time.monotonic()
    try:
        with pytest.raises(TimedOut):
            HAProxy("edge", edge.address, Limits.of(1, lambda: False)).servers("shop")
        assert time.monotonic() - began < 30, "it would hang for ever"
        tasks.reconcile()
    finally:
        edge.thaw()
    rows = {row.name: row for row in Surface.objects.all()}
    assert [row.observed_note for row in rows.values() if row.observed == {"known": False}] == [
        "Not known: The answer of edge did not end in time"
    ]
    Surface.objects.update(due_at=clock())
    tasks.reconcile()
    assert {row.status for row in Surface.objects.filter(kind="traffic")} == {"in_place"}


def test_without_its_socket_the_step_says_what_is_missing(edge: Balancer, settings: Any) -> None:
    run = run_of(step())
    settings.BALANCERS = {}
    with pytest.raises(Exception, match="BALANCER_EDGE"):
        Step(run, servers={"blue": {"weight": 1}}).act()


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"servers": {"blue": {}}},
        {"servers": {"blue; shutdown": {"weight": 1}}},
        {"servers": {"blue": {"weight": 300}}},
        {"shift": {"to": "blue", "away_from": "blue", "share": 5}},
        {"shift": {"to": "green", "away_from": "blue", "share": 5}, "servers": {"blue": {"weight": 1}}},
    ],
)
def test_it_refuses(given: dict) -> None:
    with pytest.raises(ValidationError):
        traffic.Params.model_validate({"balancer": "edge", "backend": "shop", **given})


def test_what_two_steps_did_to_one_server_is_taken_back_by_both_and_again_after_a_lost_answer(edge: Balancer, pair: list[Backend]) -> None:
    """The later one writes the whole of what stood before it: the earlier one must not take that for having done nothing."""
    run = run_of(step(), step())
    first, second = Step(run, servers={"blue": {"weight": 5}}), Step(run, servers={"blue": {"weight": 7}})
    assert isinstance(first.act(), Done) and isinstance(second.act(), Done)
    for one in (second, second, first, first):  # each of them twice: the worker died before it could say so
        told = one.act("compensate")
        assert isinstance(told, Done) and told != Done("Nothing was moved."), told
    assert "100" in edge.tell("get weight shop/blue")
