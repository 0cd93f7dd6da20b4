"""Waits until a metric has fallen: a queue, connections, requests in flight. Unknown is not empty; a metric that stops falling is told.

Changes nothing itself. It measures once a call and lets the worker go; a hold or a rollback ends the waiting at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field, model_validator

from windows.actions.context import Context
from windows.actions.durations import write_duration
from windows.actions.gates import Answer, Comparison, GateSpec, Reading, Verdict, judge
from windows.actions.measurement import CODE, Query, SqlScalar, asked
from windows.actions.outcomes import Done, Failed, Interrupted, Outcome, Wait
from windows.actions.params import Duration
from windows.actions.params import Params as Base

kind = "drain"
undone = ""
only_looks = True
interruptible = True
repeatable = True
timeout = timedelta(minutes=5)
longest = timedelta(hours=8)
code = CODE


class Params(Base):
    """`to` is where the metric must fall: "so many or fewer", `consecutive` times in a row. `stall` is how long it may go without
    reaching a new low."""

    prometheus: Query | None = None
    sql: SqlScalar | None = None
    to: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    consecutive: Annotated[int, Field(ge=1, le=100)] = 2
    interval: Duration = timedelta(seconds=2)
    stall: Duration | None = None
    max_age: Duration = timedelta(minutes=1)
    error_limit: Annotated[int, Field(ge=1, le=1000)] = 30  # readings in a row that prove nothing

    @model_validator(mode="after")
    def one_source(self) -> Params:
        if (self.prometheus is None) == (self.sql is None):
            raise ValueError("give exactly one of prometheus and sql")
        if self.interval < timedelta(milliseconds=200):
            raise ValueError("interval must be at least 0.2s")
        return self

    @property
    def source(self) -> str:
        return self.prometheus or f"a query of {self.sql.database if self.sql else '?'}"

    def spec(self) -> GateSpec:
        return GateSpec(passing=Comparison("<=", self.to), max_age=self.max_age, low=0.0)


def sentence(params: Params) -> str:
    return f"Wait until {params.source} has fallen to {params.to:g}"


def run(params: Params, ctx: Context) -> Outcome:
    if ctx.stop_requested():
        return Interrupted(note="It stopped waiting.")
    reading = look(params, ctx)
    now = ctx.now()
    verdict = judge(reading, params.spec(), now)
    ctx.measured("drain", reading, verdict)
    kept = remember(ctx.checkpoint, ctx.attempt, reading, verdict, now)
    if kept["low_in_a_row"] >= params.consecutive:
        return Done(f"Fallen to {kept['last']:g}.", kept)
    if kept["unknown_in_a_row"] >= params.error_limit:
        return Failed(f"{params.source} is not known: {verdict.reason}", checkpoint=kept)
    if params.stall and now - datetime.fromisoformat(kept["lowest_at"]) >= params.stall:
        return Failed(f"It has not fallen for {write_duration(params.stall)}: {standing(kept)}.", checkpoint=kept)
    if now + params.interval >= ctx.deadline:
        return Failed(f"Time is up, {standing(kept)}; {params.to:g} is wanted.", permanent=True, checkpoint=kept)
    return Wait(now + params.interval, kept, note=standing(kept))


def look(params: Params, ctx: Context) -> Reading:
    if params.prometheus:
        return ctx.telemetry.prometheus(params.prometheus)
    assert params.sql is not None
    return asked(params.sql, ctx.sql, ctx.now())


def compensate(params: Params, ctx: Context) -> Outcome:
    return Done("Nothing to undo.")


def remember(before: Any, attempt: int, reading: Reading, verdict: Verdict, now: datetime) -> dict[str, Any]:
    """The next checkpoint. A retry counts anew. `lowest_at` moves with every new low, and begins with the first look."""
    kept: dict[str, Any] = {"attempt": attempt, "lowest": None, "lowest_at": now.isoformat(), "last": None}
    kept |= {"low_in_a_row": 0, "unknown_in_a_row": 0}
    if before.get("attempt") == attempt:
        kept |= {name: before[name] for name in kept if name in before}
    if verdict.answer is Answer.INCONCLUSIVE or reading.value is None:
        return kept | {"last": None, "low_in_a_row": 0, "unknown_in_a_row": kept["unknown_in_a_row"] + 1}
    kept |= {"last": reading.value, "unknown_in_a_row": 0}
    kept["low_in_a_row"] = kept["low_in_a_row"] + 1 if verdict.answer is Answer.PASS else 0
    if kept["lowest"] is None or reading.value < kept["lowest"]:
        kept |= {"lowest": reading.value, "lowest_at": now.isoformat()}
    return kept


def standing(kept: dict[str, Any]) -> str:
    now = "not known now" if kept["last"] is None else f"now {kept['last']:g}"
    return f"{now}, lowest {kept['lowest']:g}" if kept["lowest"] is not None else now
