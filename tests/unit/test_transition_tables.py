"""A window and its runs walk their tables together, in any order people and clocks can think of."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from windows.execution.states import (
    RUN_FINAL,
    RUN_LIVE,
    RUN_TRANSITIONS,
    STEP_TRANSITIONS,
    SURFACE_TRANSITIONS,
    RunStatus,
    StepStatus,
    SurfaceStatus,
    run_may_become,
    step_may_become,
)
from windows.lifecycle.states import FINAL, TRANSITIONS, WindowStatus, may_become

W, R = WindowStatus, RunStatus
FOLLOWS = {R.SUCCEEDED: W.COMPLETED, R.ROLLED_BACK: W.ROLLED_BACK, R.ABORTED: W.FAILED}  # SPEC §2: how a run's end ends its window


def reachable(table: dict, start: object) -> set:
    seen, ahead = {start}, [start]
    while ahead:
        ahead += (new := table[ahead.pop()] - seen)
        seen |= new
    return seen


@pytest.mark.parametrize(
    ("table", "start"),
    [
        (TRANSITIONS, W.DRAFT),
        (RUN_TRANSITIONS, R.PREFLIGHT),
        (STEP_TRANSITIONS, StepStatus.PENDING),
        (SURFACE_TRANSITIONS, SurfaceStatus.WANTED),
    ],
)
def test_every_state_stands_in_its_table_and_can_be_reached(table: dict, start: object) -> None:
    assert set(table) == set(type(start)) == reachable(table, start)


@pytest.mark.parametrize("state", list(R))
def test_from_every_live_run_an_end_can_be_reached(state: RunStatus) -> None:
    assert reachable(RUN_TRANSITIONS, state) & RUN_FINAL


class Together(RuleBasedStateMachine):
    """One window, one run at a time. A wish outside a table changes nothing; a run's move takes its window along."""

    @initialize()
    def draft(self) -> None:
        self.window, self.run, self.step = W.DRAFT, None, StepStatus.PENDING
        self.ended: set[WindowStatus] = set()

    @rule(to=st.sampled_from(W))
    def somebody_moves_the_window(self, to: WindowStatus) -> None:
        carried_by_a_run = to in {W.RUNNING, *FOLLOWS.values()}
        if may_become(self.window, to) and not carried_by_a_run and self.run not in RUN_LIVE:
            self.window = to

    @precondition(lambda self: self.window in {W.APPROVED, W.DRAFT} and self.run not in RUN_LIVE)
    @rule()
    def a_run_is_made(self) -> None:
        self.run = R.PREFLIGHT

    @precondition(lambda self: self.run in RUN_LIVE)
    @rule(to=st.sampled_from(R))
    def the_run_moves(self, to: RunStatus) -> None:
        if not run_may_become(self.run, to):
            return
        then = W.RUNNING if (self.run, to) == (R.PREFLIGHT, R.RUNNING) else FOLLOWS.get(to)
        if then is not None:
            assert may_become(self.window, then), f"{self.window} cannot follow a run that becomes {to}"
            self.window = then
        self.run = to

    @rule(to=st.sampled_from(StepStatus))
    def the_step_moves(self, to: StepStatus) -> None:
        if step_may_become(self.step, to):
            self.step = to

    @invariant()
    def a_running_window_has_a_live_run_and_no_other_has_one_beyond_preflight(self) -> None:
        beyond = self.run in RUN_LIVE and self.run is not R.PREFLIGHT
        assert beyond == (self.window is W.RUNNING)

    @invariant()
    def what_is_final_stays(self) -> None:
        self.ended |= {self.window} & FINAL
        assert len(self.ended) <= 1 and (not self.ended or self.window in self.ended)


TestTogether = Together.TestCase
