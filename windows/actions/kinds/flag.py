"""Sets the maintenance flag of a service and goes on only when its nodes hold it. Undoing puts back what was there before.

Never overwrites what somebody else set meanwhile: every change is compare-and-set, after asking whose the changes since were.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from windows.actions.context import Context
from windows.actions.outcomes import Done, Failed, Interrupted, Outcome, Wait
from windows.actions.params import Duration, Slug, SlugOrAny, Text
from windows.actions.params import Params as Base
from windows.actions.ports import FlagAddress, FlagState, Laggard
from windows.actions.probing import WritePath, let_through
from windows.lifecycle.words import counted, mode_in_words

kind = "flag"
undone = "put back what was set before"
interruptible = True
repeatable = True
timeout = timedelta(seconds=90)
ATTENTIVE = timedelta(seconds=5)  # most nodes answer within a second: so long the worker looks itself
NOBODY = "No node of this scope is registered, so nobody can acknowledge the flag: register its nodes or say converge: false."
GLANCE, LATER = 0.2, timedelta(seconds=1)
urls = frozenset({"write_paths.url"})


class Converge(Base):
    quorum: Annotated[float, Field(gt=0, le=1)] = 1.0
    timeout: Duration = timedelta(seconds=60)


class Params(Base):
    service: Slug
    environment: Slug
    region: SlugOrAny = "*"
    layer: Literal["*", "L1", "L2", "L3", "L4", "L5", "L6", "L7", "L8", "L9", "L10"] = "*"
    component: SlugOrAny = "*"
    mode: Literal["normal", "degraded", "throttled", "rerouted", "read_only", "offline"]
    retry_after: Annotated[int, Field(ge=0, le=86400)] | None = None
    message: Text = ""
    rate: Annotated[int, Field(ge=1, le=1_000_000)] | None = None  # requests per second let in while throttled
    converge: Converge | Literal[False] = Converge()
    write_paths: Annotated[list[WritePath], Field(max_length=50)] = []  # each must refuse a write, once the nodes hold the flag

    @model_validator(mode="after")
    def refusing(self) -> Params:
        if self.write_paths and self.mode not in ("read_only", "offline"):
            raise ValueError("write_paths are tried in the modes read_only and offline: in others writes are let through")
        return self

    @property
    def address(self) -> FlagAddress:
        return FlagAddress(self.service, self.environment, self.region, self.layer, self.component)

    @property
    def payload(self) -> dict[str, Any]:
        given = {"retry_after": self.retry_after, "message": self.message, "rate": self.rate}
        return {name: value for name, value in given.items() if value not in (None, "")}


def sentence(params: Params) -> str:
    where = params.environment if params.region == "*" else f"{params.environment}/{params.region}"
    part = "".join(f" {each}" for each in (params.layer, params.component) if each != "*")
    paths = len(params.write_paths)
    wait = "" if params.converge is False else " and wait until its nodes hold it"
    wait += f", then try that {counted(paths, 'write path')} refuse{'s' if paths == 1 else ''}" if paths else ""
    return f"Set {params.service}{part} in {where} to {mode_in_words(params.mode)}{wait}"


def prepare(params: Params, ctx: Context) -> dict[str, Any]:
    """What to put back. Kept from the first attempt: a later one would see this step's own doing."""
    if "before" in ctx.checkpoint:
        return dict(ctx.checkpoint)
    before = ctx.flags.current(params.address)
    return {"before": {"mode": before.mode, "payload": dict(before.payload), "version": before.version}}


def run(params: Params, ctx: Context) -> Outcome:
    kept = dict(ctx.checkpoint) if "before" in ctx.checkpoint else prepare(params, ctx)
    before, now = kept["before"]["version"], ctx.flags.current(params.address)
    if now.version != before and (stranger := ctx.flags.changed_by_others(params.address, since=before)):
        return meddled(stranger)
    if now.version == before or not shows(now, params.mode, params.payload):  # else it is set, and only the answer was lost
        now = ctx.flags.set(params.address, params.mode, params.payload, expected=now.version)
        ctx.log(f"flag version {now.global_version}: {mode_in_words(params.mode)}")
    outcome = converged(params, ctx, kept | {"version": now.version, "global_version": now.global_version}, excused=())
    if isinstance(outcome, Done) and (trouble := let_through(params.write_paths, ctx.http)):
        return Failed(trouble, checkpoint=outcome.checkpoint)
    return outcome


def compensate(params: Params, ctx: Context) -> Outcome:
    """Later steps of the same run may have set the flag too, and taken that back: only a stranger's change is in the way."""
    kept = dict(ctx.checkpoint)
    if "before" not in kept:
        return Done("It was never set.")
    before, now = kept["before"], ctx.flags.current(params.address)
    if now.version == before["version"]:
        return Done("It was never set.")
    if not shows(now, before["mode"], before["payload"]):
        if stranger := ctx.flags.changed_by_others(params.address, since=before["version"]):
            return meddled(stranger) if "version" in kept else Done(f"It was never set by this step; {stranger}.")
        now = ctx.flags.set(params.address, before["mode"], before["payload"], expected=now.version)
        ctx.log(f"flag version {now.global_version}: back to {mode_in_words(before['mode'])}")
    return converged(params, ctx, kept | {"global_version": now.global_version}, excused=kept.get("lagging", ()))


def shows(state: FlagState, mode: str, payload: dict[str, Any]) -> bool:
    return state.mode == mode and dict(state.payload) == payload


def meddled(stranger: str) -> Failed:
    return Failed(f"The flag is left as it is: {stranger}.", permanent=True)


def converged(params: Params, ctx: Context, kept: dict[str, Any], excused: Iterable[str]) -> Outcome:
    """Done when the quorum acknowledged, Wait while there is time, Failed with names after that."""
    if params.converge is False:
        return Done("Set; nobody waits for its nodes.", kept)
    mark = f"{ctx.idempotency_key}/{ctx.attempt}"
    if kept.get("asked_by") != mark:
        kept |= {"asked_by": mark, "asked_at": ctx.now().isoformat()}
    asked = datetime.fromisoformat(kept["asked_at"])
    end, attentive = min(asked + params.converge.timeout, ctx.deadline), ctx.now() + ATTENTIVE
    while True:
        found = ctx.flags.propagation(params.address, kept["global_version"])
        lagging = [laggard for laggard in found.laggards if laggard.node not in set(excused)]
        if not found.nodes and is_undoing(ctx):
            return Done("Put back; no node of this scope is registered that could hold it.", kept)
        if not found.nodes:
            return Failed(NOBODY, permanent=True, checkpoint=kept)
        holding, needed = found.nodes - len(lagging), math.ceil(params.converge.quorum * found.nodes - 1e-9)
        if holding >= needed:
            note = f"{found.nodes - len(found.laggards)} of {found.nodes} nodes hold version {kept['global_version']}"
            return Done(note + (f"; {named(found.laggards)}" if found.laggards else "") + ".", kept)
        if ctx.now() >= end:
            kept["lagging"] = sorted({*kept.get("lagging", ()), *(laggard.node for laggard in lagging)})
            return Failed(
                f"{holding} of {found.nodes} nodes hold version {kept['global_version']}, {needed} needed: {named(lagging)}.",
                checkpoint=kept,
            )
        if ctx.now() >= attentive:
            return Wait(min(ctx.now() + LATER, end), kept, note=f"{holding} of {found.nodes} nodes; {named(lagging)}")
        if ctx.sleep(GLANCE):
            return Interrupted(kept)


def is_undoing(ctx: Context) -> bool:
    """Whether this is a way back, also where a runbook's `undo:` sets a flag: that is possible though nobody is left who could hold it."""
    return ctx.idempotency_key.split(":")[2] == "undo"


def named(laggards: Iterable[Laggard]) -> str:
    return ", ".join(f"{each.node} {standing(each)}" for each in laggards)


def standing(laggard: Laggard) -> str:
    if laggard.version is None:
        return "was never heard of"
    return f"is at {laggard.version}{f', but {mode_in_words(laggard.mode)}' if laggard.mode else ''}"
