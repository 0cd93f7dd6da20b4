"""Waits for a while, or until a time of day the person fixed. Holds no worker meanwhile, changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pydantic import model_validator

from windows.actions.context import Context
from windows.actions.durations import spoken
from windows.actions.outcomes import Done, Outcome, Wait
from windows.actions.params import Duration
from windows.actions.params import Params as Base

kind = "wait"
undone = ""
interruptible = True
repeatable = True
timeout = timedelta(hours=1)
longest = timedelta(hours=8)


class Params(Base):
    """Either a duration or a moment (RFC 3339 with its offset)."""

    duration: Duration | None = None
    until: str | None = None

    @model_validator(mode="after")
    def one_of_both(self) -> Params:
        if (self.duration is None) == (self.until is None):
            raise ValueError("give either duration or until")
        if self.until is not None:
            moment(self.until)
        return self


def moment(text: str) -> datetime:
    """An RFC 3339 time as UTC; ValueError without an offset."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} lacks its offset: write it like 2026-03-29T02:30:00+01:00")
    return at.astimezone(UTC)


def sentence(params: Params) -> str:
    return f"Wait until {params.until}" if params.until else f"Wait {spoken(params.duration or timedelta())}"


def needs(params: Params) -> timedelta:
    return params.duration or timedelta()


def run(params: Params, ctx: Context) -> Outcome:
    """The end is fixed at the first call and kept, so that a crash does not lengthen it."""
    fixed = ctx.checkpoint.get("until") or params.until
    end = moment(fixed) if fixed else ctx.now() + (params.duration or timedelta())
    if ctx.now() >= end:
        return Done("Waited.")
    return Wait(end, checkpoint={"until": end.isoformat()}, note=f"until {end:%Y-%m-%d %H:%M:%S} UTC")


def compensate(params: Params, ctx: Context) -> Outcome:
    return Done("Nothing to undo.")
