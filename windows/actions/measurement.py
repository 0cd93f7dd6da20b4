"""What a gate measures and how it is judged, as a runbook says it: shared by the `gate` kind and by the gates under `watch:`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from windows.actions.comparing import By, compared, may_be_chance
from windows.actions.durations import spoken
from windows.actions.gates import Comparison, GateSpec, Reading, doubt_about
from windows.actions.params import Duration, Params, Slug
from windows.actions.ports import PortError, SqlPort, Stopped, TelemetryPort


def comparable(text: str) -> str:
    Comparison.parse(text)
    return text


Threshold = Annotated[str, AfterValidator(comparable)]
Query = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
Limit = Annotated[int, Field(ge=1, le=1000)]
CODE = frozenset({"prometheus", "sql.query"})  # fields in another language: free text never enters them


class SqlScalar(Params):
    database: Slug
    query: Query


class BurnRate(Params):
    """How many times faster than allowed the error budget goes, in the slower of two windows: the long one says that it matters, the
    short one that it still goes on."""

    objective: Slug
    long: Duration = timedelta(hours=1)
    short: Duration = timedelta(minutes=5)


class Compare(Params):
    """With what: `to: before`, the same measure when the window began (an objective: over `over`, by default the gate's own window),
    or `to: control`, what a group that the window leaves alone measures now. `by` says what is judged: now ÷ then, or now − then."""

    to: Literal["before", "control"]
    by: By = "ratio"
    over: Duration | None = None
    objective: Slug | None = None
    prometheus: Query | None = None
    sql: SqlScalar | None = None

    @model_validator(mode="after")
    def one_other_side(self) -> Compare:
        sources = sum(source is not None for source in (self.objective, self.prometheus, self.sql))
        if self.to == "control" and (sources != 1 or self.over is not None):
            raise ValueError("to: control takes one of objective, prometheus and sql, and no over")
        if self.to == "before" and sources:
            raise ValueError("to: before asks the gate's own source again: name no other")
        return self

    @property
    def called(self) -> str:
        return "before the window" if self.to == "before" else "the control group"


class Gate(Params):
    """One source, two thresholds. Without `fail` everything that does not pass fails.

    `pass` and `fail` compare the ratio good ÷ total of an objective (0 to 1), its burn rate, or the one value of a query; with
    `compare`, what that is beside the other side.
    """

    objective: Slug | None = None
    prometheus: Query | None = None
    sql: SqlScalar | None = None
    burn_rate: BurnRate | None = None
    compare: Compare | None = None
    window: Duration = timedelta(seconds=30)  # how far back an objective is looked at
    passing: Threshold = Field(alias="pass")
    failing: Threshold | None = Field(default=None, alias="fail")
    minimum_samples: Limit = 1
    max_age: Duration = timedelta(minutes=1)
    low: float | None = None
    high: float | None = None
    consecutive: Limit = 1
    failure_limit: Annotated[int, Field(ge=0, le=1000)] = 0
    consecutive_failures: Limit | None = None
    error_limit: Limit = 4
    inconclusive_limit: Limit = 4

    @model_validator(mode="after")
    def one_source(self) -> Gate:
        if sum(source is not None for source in (self.objective, self.prometheus, self.sql, self.burn_rate)) != 1:
            raise ValueError("give exactly one of objective, prometheus, sql and burn_rate")
        if self.window < timedelta(seconds=1):
            raise ValueError("window must be at least 1s")
        if self.compare and self.burn_rate:
            raise ValueError("a burn rate is a comparison with what was promised already: compare goes without it")
        if self.compare and self.compare.to == "before" and self.sql:
            raise ValueError("a database does not remember what a query would have answered: compare sql to a control")
        if self.compare and self.compare.over and not self.objective:
            raise ValueError("over is how far back an objective is looked at; a query says that by itself")
        return self

    @property
    def source(self) -> str:
        """The measure in words."""
        beside = f" beside {self.compare.called}" if self.compare else ""
        if self.burn_rate:
            return f"the burn rate of {self.burn_rate.objective}"
        if self.objective:
            return f"{self.objective} over {spoken(self.window)}{beside}"
        asked = f"a query of {self.sql.database}" if self.sql else str(self.prometheus)
        return f"{asked}{beside}"

    @property
    def is_share(self) -> bool:
        """Whether what is judged lies between 0 and 1."""
        return self.objective is not None and self.compare is None

    def spec(self) -> GateSpec:
        return GateSpec(
            passing=Comparison.parse(self.passing),
            failing=Comparison.parse(self.failing) if self.failing else None,
            minimum_samples=self.minimum_samples,
            max_age=self.max_age,
            is_share=self.is_share,
            low=0.0 if self.is_share else self.low,
            high=1.0 if self.is_share else self.high,
            consecutive=self.consecutive,
            failure_limit=self.failure_limit,
            consecutive_failures=self.consecutive_failures,
            error_limit=self.error_limit,
            inconclusive_limit=self.inconclusive_limit,
        )


def measure(gate: Gate, *, telemetry: TelemetryPort, sql: SqlPort, now: datetime, opened_at: datetime | None = None) -> Reading:
    """One reading. A source that does not answer is a reading with an error; only Stopped passes through.

    `opened_at` is when the window's run began: what `compare: {to: before}` looks back from.
    """
    if gate.burn_rate:
        lengths = (gate.burn_rate.long.total_seconds(), gate.burn_rate.short.total_seconds())
        return telemetry.burn_rate(gate.burn_rate.objective, lengths)
    here, compare = one(gate, gate.window, telemetry, sql, now), gate.compare
    if compare is None or here.error or here.value is None:
        return here
    if compare.to == "control":
        return beside(gate, here, one(compare, gate.window, telemetry, sql, now), now, now)
    if opened_at is None:
        return Reading(None, reason="the window has not begun: there is no before")
    return beside(gate, here, past(gate, telemetry, opened_at), now, opened_at)


def one(side: Gate | Compare, window: timedelta, telemetry: TelemetryPort, sql: SqlPort, now: datetime) -> Reading:
    if side.objective:
        return telemetry.objective(side.objective, window=window.total_seconds())
    if side.prometheus:
        return telemetry.prometheus(side.prometheus)
    assert side.sql is not None
    return asked(side.sql, sql, now)


def past(gate: Gate, telemetry: TelemetryPort, at: datetime) -> Reading:
    """What the gate's own source would have answered then."""
    if gate.objective:
        length = (gate.compare and gate.compare.over) or gate.window
        return telemetry.objective(gate.objective, window=length.total_seconds(), at=at)
    assert gate.prometheus is not None
    return telemetry.prometheus(gate.prometheus, at=at)


def beside(gate: Gate, here: Reading, there: Reading, now: datetime, at: datetime) -> Reading:
    """`here` compared with the other side as of `at`, which must be as fresh, as sound and as well counted as a gate's own."""
    assert gate.compare is not None
    compare, spec = gate.compare, gate.spec()
    side = replace(spec, low=0.0, high=1.0) if gate.objective else replace(spec, low=None, high=None)
    for reading, when, called in ((here, now, "here"), (there, at, compare.called)):
        if not reading.error and (doubt := doubt_about(reading, side, when)):
            return Reading(None, reading.samples, here.newest_at, reason=f"{called}: {doubt}")
    found = compared(here, there, compare.by, compare.called)
    failing = spec.failing or spec.passing.opposite()
    if found.value is not None and gate.objective and failing.holds(found.value) and may_be_chance(here, there):
        told = f"{here.value:.4g} of {here.samples} beside {there.value:.4g} of {there.samples}"
        return replace(found, value=None, reason=f"{told} may be chance: more events are needed")
    return found


def asked(scalar: SqlScalar, sql: SqlPort, now: datetime) -> Reading:
    """The reading of one query; as `measure`."""
    try:
        value = sql.scalar(scalar.database, scalar.query)
    except Stopped:
        raise
    except PortError as error:
        return Reading(None, error=str(error))
    if value is None:
        return Reading(None, reason="the query answered null")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Reading(None, error=f"the query answered {value!r:.80}, not a number")
    return Reading(float(value), newest_at=now)
