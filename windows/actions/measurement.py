"""What a gate measures and how it is judged, as a runbook says it: shared by the `gate` kind and by the gates under `watch:`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from windows.actions.gates import Comparison, GateSpec, Reading
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


class Gate(Params):
    """One source, two thresholds. Without `fail` everything that does not pass fails.

    `pass` and `fail` compare the ratio good ÷ total of an objective (0 to 1), or the one value of a query.
    """

    objective: Slug | None = None
    prometheus: Query | None = None
    sql: SqlScalar | None = None
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
        if sum(source is not None for source in (self.objective, self.prometheus, self.sql)) != 1:
            raise ValueError("give exactly one of objective, prometheus and sql")
        if self.window < timedelta(seconds=1):
            raise ValueError("window must be at least 1s")
        return self

    @property
    def source(self) -> str:
        """The measure in words."""
        if self.objective:
            return f"{self.objective} over {self.model_dump(mode='json')['window']}"
        return self.prometheus or f"a query of {self.sql.database if self.sql else '?'}"

    def spec(self) -> GateSpec:
        is_ratio = self.objective is not None
        return GateSpec(
            passing=Comparison.parse(self.passing),
            failing=Comparison.parse(self.failing) if self.failing else None,
            minimum_samples=self.minimum_samples,
            max_age=self.max_age,
            low=0.0 if is_ratio else self.low,
            high=1.0 if is_ratio else self.high,
            consecutive=self.consecutive,
            failure_limit=self.failure_limit,
            consecutive_failures=self.consecutive_failures,
            error_limit=self.error_limit,
            inconclusive_limit=self.inconclusive_limit,
        )


def measure(gate: Gate, *, telemetry: TelemetryPort, sql: SqlPort, now: datetime) -> Reading:
    """One reading. A source that does not answer is a reading with an error; only Stopped passes through."""
    if gate.objective:
        return telemetry.objective(gate.objective, window=gate.window.total_seconds())
    if gate.prometheus:
        return telemetry.prometheus(gate.prometheus)
    assert gate.sql is not None
    return asked(gate.sql, sql, now)


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
