"""Any order of workers, deaths, people and clocks: the tables hold, what may not be repeated runs once, rollbacks go in reverse."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from windows.execution.saga import Become, Compensate, Doubt, Execute, Expire, FreezeMet, GiveUp, Run, RunPreflight, Sleep, Step, decide
from windows.execution.states import RUN_FINAL, Phase, RunStatus, StepStatus, run_may_become, step_may_become

R, S = RunStatus, StepStatus
BEGIN = datetime(2030, 1, 1, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2] / "windows" / "execution"


class Life(RuleBasedStateMachine):
    """A worker that does what decide() says, may die after any commit, and people who press what the tables let them."""

    @initialize(
        kinds=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=5),
        validations=st.integers(0, 2),
        policy=st.sampled_from(["roll_back", "hold"]),
    )
    def begin(self, kinds: list[tuple[bool, bool]], validations: int, policy: str) -> None:
        steps = [Step(n, S.PENDING, is_repeatable=repeatable, has_undo=undo) for n, (repeatable, undo) in enumerate(kinds, 1)]
        steps += [Step(len(steps) + n, S.PENDING, phase=Phase.VALIDATION, has_undo=False) for n in range(1, validations + 1)]
        self.now = BEGIN
        self.run = Run(R.PREFLIGHT, tuple(steps), BEGIN + timedelta(minutes=50), BEGIN + timedelta(hours=1), overrun_policy=policy)
        self.acting: tuple[int, str] | None = None
        self.acts: list[tuple[int, str]] = []
        self.by_word: set[int] = set()  # steps a person attested as not done
        self.broken: set[int] = set()

    def become(self, status: RunStatus) -> None:
        assert run_may_become(self.run.status, status.value), f"{self.run.status} → {status}"
        self.run = replace(self.run, status=status, hold_until=None, hold_action="")

    def step(self, position: int, status: StepStatus, **facts: object) -> None:
        steps = list(self.run.steps)
        old = steps[position - 1]
        assert step_may_become(old.status, status.value), f"step {old.status} → {status}"
        steps[position - 1] = replace(old, **{"wake_at": None, "is_asking": False, "is_undoing": False, **facts, "status": status})  # type: ignore[arg-type]
        self.run = replace(self.run, steps=tuple(steps))

    def at(self, position: int) -> Step:
        return self.run.steps[position - 1]

    @precondition(lambda self: self.run.status not in RUN_FINAL and self.acting is None)
    @rule(passes=st.booleans())
    def work(self, passes: bool) -> None:
        """One turn: up to the next act, sleep or end."""
        for _ in range(30):
            if self.run.status in RUN_FINAL:
                self.run = replace(self.run, owned=False, lease_until=None)
                return None
            decision = decide(self.run, self.now)
            assert decision == decide(self.run, self.now)
            match decision:
                case RunPreflight():
                    self.become(R.RUNNING if passes else R.BLOCKED)
                case Execute(position):
                    assert self.now < self.run.turn_back_at or self.run.status not in {R.RUNNING, R.VALIDATING}
                    fresh = self.at(position).status != S.WAITING
                    self.step(position, S.STARTED, attempt=self.at(position).attempt + fresh, deadline=self.now + timedelta(minutes=5))
                    self.acting = (position, "forward")
                    return self.own()
                case Compensate(position):
                    again = self.at(position).status == S.COMPENSATING
                    self.step(position, S.COMPENSATING, is_undoing=True, undo_attempt=self.at(position).undo_attempt + again)
                    self.acting = (position, "undo")
                    return self.own()
                case Expire(position):
                    self.step(position, S.FAILED)
                case GiveUp(position):
                    self.step(position, S.COMPENSATION_FAILED if self.run.status == R.ROLLING_BACK else S.FAILED)
                case Doubt(position):
                    self.step(position, S.IN_DOUBT)
                    if self.run.status != R.HELD:
                        self.become(R.HELD)
                case Become(status, hold_until=until, hold_action=action, met=met):
                    self.become(status)
                    freeze = None if met else self.run.freeze
                    self.run = replace(self.run, hold_until=until, hold_action=action, freeze=freeze)
                case Sleep(until):
                    assert until is None or until > self.now
                    self.run = replace(self.run, owned=False, lease_until=None)
                    return None
        raise AssertionError("a turn that never ends")

    def own(self) -> None:
        self.run = replace(self.run, owned=True, lease_until=self.now + timedelta(seconds=15))

    @precondition(lambda self: self.acting is not None)
    @rule(outcome=st.sampled_from(["done", "failed", "wait", "asks", "interrupted", "dies", "dies before it acts"]))
    def act(self, outcome: str) -> None:
        assert self.acting is not None
        position, direction = self.acting
        self.acting = None
        if outcome != "dies before it acts":
            self.acts.append((position, direction))
        if outcome.startswith("dies"):
            self.run = replace(self.run, owned=False, lease_until=self.now)
            return
        if direction == "forward":
            later = self.now + timedelta(minutes=1)
            ends = {"done": S.SUCCEEDED, "failed": S.FAILED, "wait": S.WAITING, "asks": S.AWAITING_PERSON, "interrupted": S.PENDING}
            self.step(position, ends[outcome], **({"wake_at": later} if outcome == "wait" else {}))
            if outcome == "interrupted" and not self.at(position).is_repeatable:
                self.by_word.add(position)  # it said itself that it left nothing running
        elif outcome in {"wait", "interrupted"}:
            self.step(position, S.COMPENSATING, wake_at=self.now)
        elif outcome == "asks":
            self.step(position, S.COMPENSATING, is_asking=True)
        else:
            self.step(position, S.COMPENSATED if outcome == "done" else S.COMPENSATION_FAILED)

    @rule(minutes=st.integers(1, 9))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        if self.run.owned and self.acting:
            self.run = replace(self.run, lease_until=self.now + timedelta(seconds=15))  # its heartbeat

    @precondition(lambda self: self.run.status == R.RUNNING)
    @rule(policy=st.sampled_from(["hold", "roll_back", "finish_step"]))
    def a_freeze_begins(self, policy: str) -> None:
        self.run = replace(self.run, freeze=FreezeMet(1, "Peak", policy))

    @rule(to=st.sampled_from([R.HELD, R.RUNNING, R.ROLLING_BACK, R.ABORTED]))
    def press(self, to: RunStatus) -> None:
        """Hold, resume, roll back, abort: only along the table, resume only when nothing is unresolved. Nobody holds a rollback:
        that edge is the engine's, at a checkpoint."""
        if to is R.HELD and self.run.status == R.ROLLING_BACK:
            return
        if self.run.status == R.PREFLIGHT or not run_may_become(self.run.status, to.value):
            return
        if to is R.RUNNING and (self.now >= self.run.turn_back_at or any(s.status in {S.IN_DOUBT, S.FAILED} for s in self.run.steps)):
            return
        if self.run.status == R.STUCK and to is R.ROLLING_BACK:
            for step in self.run.steps:
                if step.status == S.COMPENSATION_FAILED:
                    self.step(step.position, S.COMPENSATING)
        self.become(to)
        if to in RUN_FINAL:
            self.acting = None

    @precondition(lambda self: self.run.status in {R.RUNNING, R.HELD, R.VALIDATING})
    @rule(number=st.integers(0, 6))
    def a_person_skips(self, number: int) -> None:
        step = self.run.steps[number % len(self.run.steps)]
        if step_may_become(step.status, S.SKIPPED.value):
            self.step(step.position, S.SKIPPED)

    @precondition(lambda self: self.run.status == R.HELD)
    @rule()
    def a_person_retries(self) -> None:
        unresolved = [step for step in self.run.steps if step.status in {S.IN_DOUBT, S.FAILED}]
        if not unresolved:
            return
        self.by_word.add(unresolved[0].position)
        self.step(unresolved[0].position, S.PENDING)
        if len(unresolved) == 1:
            self.become(R.RUNNING)

    @precondition(lambda self: self.run.status == R.HELD)
    @rule(action=st.sampled_from(["resume", "roll_back"]))
    def a_hold_has_a_limit(self, action: str) -> None:
        self.run = replace(self.run, hold_until=self.now + timedelta(minutes=2), hold_action=action)

    @precondition(lambda self: self.run.status == R.STUCK)
    @rule()
    def a_person_attests_what_is_stuck(self) -> None:
        failed = [step for step in self.run.steps if step.status == S.COMPENSATION_FAILED]
        self.step(failed[0].position, S.COMPENSATED)
        if len(failed) == 1:
            self.become(R.ROLLED_BACK)

    @rule(done=st.booleans())
    def a_person_speaks(self, done: bool) -> None:
        for step in self.run.steps:
            if self.run.status in {R.HELD, R.RUNNING} and step.status == S.IN_DOUBT:
                if not done:
                    self.by_word.add(step.position)
                self.step(step.position, S.SUCCEEDED if done else S.PENDING)
            elif self.run.status in {R.HELD, R.RUNNING, R.VALIDATING} and step.status == S.AWAITING_PERSON:
                self.step(step.position, S.SUCCEEDED if done else S.FAILED)
            elif self.run.status == R.ROLLING_BACK and step.status == S.COMPENSATING and step.is_asking:
                self.step(step.position, S.COMPENSATED)

    @invariant()
    def what_may_not_be_repeated_ran_once(self) -> None:
        for step in getattr(self, "run", Run(R.BLOCKED, (), BEGIN, BEGIN)).steps:
            waited = step.status == S.WAITING or step.position in self.by_word
            if not step.is_repeatable and not waited and not self.waits_seen(step.position):
                assert self.acts.count((step.position, "forward")) <= 1

    def waits_seen(self, position: int) -> bool:
        """An action that answers Wait is called again by contract."""
        calls = self.acts.count((position, "forward"))
        return calls > 1 and self.at(position).attempt == 1

    @invariant()
    def an_end_means_what_it_says(self) -> None:
        if not hasattr(self, "run"):
            return
        statuses = {step.status for step in self.run.steps}
        if self.run.status == R.SUCCEEDED:
            assert statuses <= {S.SUCCEEDED, S.SKIPPED}
        if self.run.status == R.ROLLED_BACK:
            assert all(s.status == S.COMPENSATED or not s.touched or not s.has_undo for s in self.run.steps)

    @invariant()
    def rollbacks_go_in_reverse(self) -> None:
        first = list(dict.fromkeys(position for position, direction in getattr(self, "acts", []) if direction == "undo"))
        assert first == sorted(first, reverse=True)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def test_r_a12_every_status_is_written_through_the_one_compare_and_swap() -> None:
    """No file of the slice but transitions.py sets a status of a run or a step run."""
    found = []
    for path in ROOT.rglob("*.py"):
        if path.name == "transitions.py" or "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"update", "bulk_update"}:
                found += [f"{path.name}:{node.lineno}" for word in node.keywords if word.arg == "status"]
            if isinstance(node, ast.Assign):
                targets = [t for t in node.targets if isinstance(t, ast.Attribute) and t.attr == "status"]
                found += [f"{path.name}:{node.lineno}" for t in targets if not (isinstance(t.value, ast.Name) and t.value.id == "self")]
    assert not found
