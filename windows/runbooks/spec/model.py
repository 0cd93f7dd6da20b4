"""A runbook as values. Nothing here reads or decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

from windows.texts.problems import Problem

ParameterType = Literal["string", "integer", "number", "boolean", "enum"]
TurnBack = Literal["roll_back", "hold"]
OnFail = Literal["roll_back", "checkpoint", "hold"]
DATA = "L5"  # the layer whose work nothing brings back but a backup


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    name: str
    type: ParameterType
    default: Any = None  # None: it must be given
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    pattern: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class ActionSpec:
    kind: str
    params: Mapping[str, Any]
    verb: Literal["run", "compensate"] = "run"  # compensate: the kind's own way to undo

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "params": dict(self.params), "verb": self.verb}


@dataclass(frozen=True, slots=True)
class LoopSpec:
    """A loop of the text, the `number`-th. `over` are its targets, or the name of the text parameter that holds them."""

    number: int
    variable: str
    over: tuple[Any, ...] | str
    batch: int = 1
    wait: timedelta | None = None

    @property
    def variable_spec(self) -> ParameterSpec:
        """What is known of a target before there is one. Words of the text itself may enter any field, those of a parameter may not."""
        if isinstance(self.over, str):
            return ParameterSpec(self.variable, "string")
        if self.over and not any(isinstance(value, str) for value in self.over):
            kind: ParameterType = "integer" if all(isinstance(value, int) for value in self.over) else "number"
            return ParameterSpec(self.variable, kind, minimum=min(self.over), maximum=max(self.over))
        return ParameterSpec(self.variable, "enum", choices=tuple(map(str, self.over)) or ("target",))


@dataclass(frozen=True, slots=True)
class StepSpec:
    """As parsed, `action` and `undo` keep their `{{ name }}`, and what depends on them (`timeout`, `is_repeatable`) is what the
    defaults make of it; in a Plan everything is put in."""

    name: str
    action: ActionSpec
    timeout: timedelta
    phase: Literal["step", "validation", "proof"] = "step"
    undo: ActionSpec | None = None  # None only with no_undo_reason, or in validation
    no_undo_reason: str = ""
    is_repeatable: bool = False
    max_attempts: int = 1
    backoff: timedelta = timedelta(seconds=1)
    sentence: str = ""  # in a Plan
    said_timeout: timedelta | None = None  # what the text says, None where it leaves it to the kind
    said_repeatable: bool | None = None
    loop: LoopSpec | None = None  # in a Plan there are none any more
    is_between: bool = False  # of its loop: done between two batches
    quiesces: str = ""  # what this step stops, and …
    resumes: str = ""  # … what this one lets go on
    resume_within: timedelta | None = None  # longer, and people hear that it is still stopped
    is_checkpoint: bool = False  # a rollback may end here
    on_fail: Literal["roll_back", "checkpoint"] = "roll_back"
    after_rollback: bool = False  # of a validation step: done once more when everything was undone
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True)
class WatchSpec:
    """A gate judged during the whole run. `gate` are the params of actions.measurement.Gate."""

    name: str
    gate: Mapping[str, Any]
    interval: timedelta = timedelta(seconds=5)
    on_fail: OnFail = "roll_back"
    line: int | None = None
    column: int | None = None

    def to_json(self) -> dict[str, Any]:
        """What Run.watch keeps: {"name", "gate", "interval" (seconds), "on_fail"}."""
        return {"name": self.name, "gate": dict(self.gate), "interval": self.interval.total_seconds(), "on_fail": self.on_fail}


@dataclass(frozen=True, slots=True)
class BackupCheck:
    """`query` answers when the newest backup of the target database `database` was finished: one timestamptz, null where there is none.

    Preflight asks it; a run begins only when that is `max_age` ago at most."""

    database: str
    query: str
    max_age: timedelta


@dataclass(frozen=True, slots=True)
class LeftoverSpec:
    """Something a success leaves running: what, until when it must be gone, and what an hour of it costs (None: not known)."""

    what: str
    within: timedelta = timedelta(days=7)
    cost_per_hour: Decimal | None = None


@dataclass(frozen=True, slots=True)
class CostSpec:
    """`people` are busy while it runs; an hour of it costs `cloud_per_hour` more than usual. None: not said."""

    people: int | None = None
    cloud_per_hour: Decimal | None = None
    leftovers: tuple[LeftoverSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class RunbookSpec:
    slug: str
    title: str
    description: str = ""
    layers: tuple[str, ...] = ()
    parameters: tuple[ParameterSpec, ...] = ()
    rollback_reserve: timedelta = timedelta()
    on_turn_back: TurnBack = "roll_back"
    backup_check: BackupCheck | None = None  # never None with the layer DATA
    playbooks: tuple[str, ...] = ()  # decision guides for whoever must decide meanwhile, by their short names
    expected_alerts: tuple[Mapping[str, Any], ...] = ()  # alerts.expected, service and environment as written
    cost: CostSpec | None = None
    watch: tuple[WatchSpec, ...] = ()
    steps: tuple[StepSpec, ...] = ()
    validation: tuple[StepSpec, ...] = ()
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A runbook with a window's parameters put in: what a run copies."""

    steps: tuple[StepSpec, ...]  # then validation steps, then the proofs of a rollback
    watch: tuple[WatchSpec, ...]
    rollback_reserve: timedelta
    on_turn_back: TurnBack
    parameters: Mapping[str, Any] = field(default_factory=dict)
    expected_alerts: tuple[Mapping[str, Any], ...] = ()  # alerts.expected, as plain values

    def to_rows(self) -> list[dict[str, Any]]:
        """The fields of execution.models.StepRun but `run`; positions from 1. `undo` is {"kind", "params", "verb"}."""
        return [
            {
                "position": position,
                "phase": step.phase,
                "name": step.name,
                "sentence": step.sentence[:500],
                "kind": step.action.kind,
                "params": dict(step.action.params),
                "undo": step.undo.to_json() if step.undo else None,
                "no_undo_reason": step.no_undo_reason,
                "is_repeatable": step.is_repeatable,
                "timeout": step.timeout,
                "max_attempts": step.max_attempts,
                "backoff": step.backoff,
                "is_checkpoint": step.is_checkpoint,
                "on_fail": step.on_fail,
                "quiesces": step.quiesces,
                "resumes": step.resumes,
                "resume_within": step.resume_within,
            }
            for position, step in enumerate(self.steps, start=1)
        ]
