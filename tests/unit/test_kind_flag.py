"""The `flag` kind against a fake store: convergence, compare-and-set, undoing after a crash at every point."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from tests.kind_context import FakeContext
from windows.actions.kinds import flag
from windows.actions.outcomes import Done, Failed, Interrupted, Outcome, Wait
from windows.actions.ports import Changed, FlagAddress, FlagState, HttpAnswer, Laggard, Propagation
from windows.actions.probing import WritePath, let_through


@dataclass
class Store:
    """A flag and its nodes; `deaf` nodes never acknowledge anything."""

    state: FlagState = field(default_factory=lambda: FlagState("normal"))
    nodes: dict[str, int] = field(default_factory=lambda: {"a": 0, "b": 0, "c": 0})
    deaf: set[str] = field(default_factory=set)
    sets: int = 0
    by_others: list[int] = field(default_factory=list)  # versions somebody else made

    def changed_by_others(self, address: FlagAddress, *, since: int) -> str:
        return "sam set it" if any(version > since for version in self.by_others) else ""

    def by_hand(self, mode: str) -> None:
        self.state = FlagState(mode, {}, self.state.version + 1, self.state.global_version + 1)
        self.by_others.append(self.state.version)

    def current(self, address: FlagAddress) -> FlagState:
        return self.state

    def set(self, address: FlagAddress, mode: str, payload: Any, *, expected: int) -> FlagState:
        if self.state.version != expected:
            raise Changed("another")
        self.sets += 1
        self.state = FlagState(mode, dict(payload), expected + 1, self.state.global_version + 1)
        return self.state

    def propagation(self, address: FlagAddress, global_version: int) -> Propagation:
        for node in self.nodes:
            if node not in self.deaf:
                self.nodes[node] = self.state.global_version
        return Propagation(len(self.nodes), tuple(Laggard(n, v) for n, v in self.nodes.items() if v < global_version))


def params(**more: Any) -> flag.Params:
    return flag.Params.model_validate({"service": "orders", "environment": "production", "mode": "read_only", **more})


def drive(act: Any, told: flag.Params, ctx: FakeContext) -> Outcome:
    while True:
        outcome = act(told, ctx)
        ctx.checkpoint = getattr(outcome, "checkpoint", None) or ctx.checkpoint
        if not isinstance(outcome, Wait):
            return outcome
        ctx.clock = outcome.until


def started(store: Store, told: flag.Params) -> FakeContext:
    ctx = FakeContext(flags=store)
    ctx.checkpoint = flag.prepare(told, ctx)
    return ctx


def test_it_sets_waits_and_puts_back() -> None:
    store, told = Store(FlagState("degraded", {"message": "slow"}, 4, 9)), params(retry_after=30)
    ctx = started(store, told)
    assert isinstance(drive(flag.run, told, ctx), Done)
    assert (store.state.mode, store.state.payload) == ("read_only", {"retry_after": 30})
    ctx.idempotency_key = "1:2:undo"
    assert isinstance(drive(flag.compensate, told, ctx), Done)
    assert (store.state.mode, store.state.payload, store.state.version) == ("degraded", {"message": "slow"}, 6)


def test_n08_nine_of_ten_nodes_are_not_enough() -> None:
    store = Store(nodes={f"n{i}": 0 for i in range(10)}, deaf={"n7"})
    outcome = drive(flag.run, params(), started(store, params()))
    assert isinstance(outcome, Failed)
    assert not outcome.permanent
    assert "9 of 10 nodes hold version 1, 10 needed: n7 is at 0" in outcome.reason


def test_a_quorum_is_enough_where_the_runbook_says_so() -> None:
    store, told = Store(nodes={f"n{i}": 0 for i in range(10)}, deaf={"n7"}), params(converge={"quorum": 0.9})
    outcome = drive(flag.run, told, started(store, told))
    assert isinstance(outcome, Done)
    assert "n7 is at 0" in outcome.note


def test_x02_no_registered_node_is_no_convergence() -> None:
    store = Store(nodes={})
    outcome = drive(flag.run, params(), started(store, params()))
    assert isinstance(outcome, Failed)
    assert outcome.permanent
    told = params(converge=False)
    assert isinstance(drive(flag.run, told, started(Store(nodes={}), told)), Done)


@pytest.mark.parametrize(
    ("act", "wanted"), [(flag.compensate, "normal"), (flag.run, "read_only")], ids=["its own way", "an undo of a runbook"]
)
def test_x03_a_flag_that_nobody_reads_can_be_taken_back(act: Any, wanted: str) -> None:
    """Its nodes may have been retired meanwhile, or there never was one."""
    store, told = Store(nodes={}), params()
    ctx = started(store, told)
    assert isinstance(drive(flag.run, told, ctx), Failed)
    assert store.state.mode == "read_only", "it was set before anybody looked who hears it"
    ctx.idempotency_key = "1:2:undo"
    outcome = drive(act, told, ctx)
    assert isinstance(outcome, Done) and "no node of this scope" in outcome.note
    assert store.state.mode == wanted


def test_it_is_never_set_twice_by_a_repeat() -> None:
    store, told = Store(), params()
    ctx = started(store, told)
    before = dict(ctx.checkpoint)
    drive(flag.run, told, ctx)
    ctx.checkpoint, ctx.attempt = before, 2  # the worker died before it could write its checkpoint
    assert isinstance(drive(flag.run, told, ctx), Done)
    assert store.sets == 1


def test_a_second_prepare_does_not_forget_what_was_there() -> None:
    store, told = Store(FlagState("degraded", {}, 4, 9)), params()
    ctx = started(store, told)
    drive(flag.run, told, ctx)
    assert flag.prepare(told, ctx)["before"]["mode"] == "degraded"


@pytest.mark.parametrize("acted", [True, False], ids=["set, answer lost", "never set"])
def test_r_a08_undoing_after_a_crash_in_the_middle(acted: bool) -> None:
    store, told = Store(FlagState("degraded", {}, 4, 9)), params()
    ctx = started(store, told)
    if acted:
        store.set(told.address, "read_only", {}, expected=4)
    assert isinstance(drive(flag.compensate, told, ctx), Done)
    assert store.state.mode == "degraded"
    assert store.sets == (2 if acted else 0)


def test_r_a08_undoing_twice_undoes_once() -> None:
    store, told = Store(), params()
    ctx = started(store, told)
    drive(flag.run, told, ctx)
    kept = ctx.checkpoint
    assert isinstance(drive(flag.compensate, told, ctx), Done)
    ctx.checkpoint = kept
    assert isinstance(drive(flag.compensate, told, ctx), Done)
    assert store.sets == 2


@pytest.mark.parametrize("act", [flag.run, flag.compensate])
def test_r_a10_what_somebody_else_set_is_never_overwritten(act: Any) -> None:
    store, told = Store(), params()
    ctx = started(store, told)
    if act is flag.compensate:
        drive(flag.run, told, ctx)
    store.by_hand("offline")
    outcome = drive(act, told, ctx)
    assert isinstance(outcome, Failed)
    assert outcome.permanent
    assert store.state.mode == "offline"


def test_r_a10_a_person_who_freed_the_service_is_not_overruled_by_a_retry() -> None:
    store, told = Store(deaf={"b"}), params()
    ctx = started(store, told)
    assert isinstance(drive(flag.run, told, ctx), Failed)
    store.by_hand("normal")
    ctx.attempt = 2
    outcome = drive(flag.run, told, ctx)
    assert isinstance(outcome, Failed)
    assert "sam set it" in outcome.reason


@pytest.mark.parametrize("thaw_is_undone", [True, False])
def test_r_a08_freeze_and_thaw_are_undone_in_reverse(thaw_is_undone: bool) -> None:
    store, freeze, thaw = Store(), params(retry_after=5), params(mode="normal")
    first = started(store, freeze)
    drive(flag.run, freeze, first)
    second = started(store, thaw)
    drive(flag.run, thaw, second)
    if thaw_is_undone:
        assert isinstance(drive(flag.compensate, thaw, second), Done)
        assert store.state.mode == "read_only"
    assert isinstance(drive(flag.compensate, freeze, first), Done)
    assert store.state.mode == "normal"


def test_another_persons_flag_is_not_undone_as_ours() -> None:
    store, told = Store(), params()
    ctx = started(store, told)
    store.by_hand("offline")  # after prepare and before this step did anything
    assert isinstance(drive(flag.compensate, told, ctx), Done)
    assert store.state.mode == "offline"


def test_a_node_that_never_had_it_does_not_keep_a_rollback_from_ending() -> None:
    store, told = Store(deaf={"b"}), params()
    ctx = started(store, told)
    assert isinstance(drive(flag.run, told, ctx), Failed)
    outcome = drive(flag.compensate, told, ctx)
    assert isinstance(outcome, Done)
    assert "b is at 0" in outcome.note


def test_a_node_that_had_it_does() -> None:
    store, told = Store(), params()
    ctx = started(store, told)
    drive(flag.run, told, ctx)
    store.deaf = {"b"}
    ctx.idempotency_key = "1:2:undo"
    outcome = drive(flag.compensate, told, ctx)
    assert isinstance(outcome, Failed)
    assert "b is at 1" in outcome.reason


def test_it_stops_when_told() -> None:
    store = Store(deaf={"b"})
    ctx = started(store, params())
    ctx.is_stopped = True
    outcome = flag.run(params(), ctx)
    assert isinstance(outcome, Interrupted)
    assert outcome.checkpoint["version"] == 1


def test_it_says_what_it_does() -> None:
    assert flag.sentence(params(region="eu")) == "Set orders in production/eu to read-only and wait until its nodes hold it"


def test_write_paths_are_tried_only_where_writes_are_refused() -> None:
    told = {"service": "orders", "environment": "production", "write_paths": [{"url": "https://orders.example/orders"}]}
    assert flag.Params.model_validate({**told, "mode": "read_only"}).write_paths
    with pytest.raises(ValidationError, match="let through"):
        flag.Params.model_validate({**told, "mode": "degraded"})


@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        (503, {"Retry-After": "5"}, ""),
        (405, {}, ""),
        (503, {}, "without Retry-After"),
        (201, {}, "writes are not refused there"),
        (404, {}, "writes are not refused there"),
    ],
)
def test_x15_only_a_refusal_that_tells_when_to_come_back_will_do(status: int, headers: dict[str, str], said: str) -> None:
    http = SimpleNamespace(request=lambda *_, **__: HttpAnswer(status, headers, b""))
    trouble = let_through([WritePath(url="https://orders.example/orders")], http)
    assert said in trouble
    assert bool(said) == bool(trouble)
