"""Moves users between the servers of a balancer: weights, drain, ready, a share of a blue/green swap. Undoing puts back what was before.

Never sends users to a server that is down, never takes the last one away, and never overwrites what somebody else has set meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from windows.actions.context import Context
from windows.actions.outcomes import Done, Failed, Interrupted, Outcome, Wait
from windows.actions.params import Params as Base
from windows.actions.params import Slug

kind = "traffic"
undone = "put each server back to what it was before"
interruptible = True
repeatable = True
timeout = timedelta(minutes=2)
longest = timedelta(hours=2)
LATER, GLANCE, ATTENTIVE = timedelta(seconds=1), 0.2, timedelta(seconds=5)
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,100}$")]


class Wanted(Base):
    """What one server is told; what is left out stays as it is."""

    state: Literal["ready", "drain", "maint"] | None = None
    weight: Annotated[int, Field(ge=0, le=256)] | None = None

    @model_validator(mode="after")
    def something(self) -> Wanted:
        if self.state is None and self.weight is None:
            raise ValueError("say a state or a weight")
        return self


class Shift(Base):
    """A share of the users goes to `to`, the rest to `away_from`: 5, 25, 50, 100 per cent."""

    to: Name
    away_from: Name
    share: Annotated[int, Field(ge=0, le=100)]


class Params(Base):
    """`servers` says each by name, or `shift` moves a share from one to another. `idle` waits until a server that was drained or put into
    maintenance has no session left. `empty` allows that no server is left at all."""

    balancer: Slug
    backend: Name
    servers: Annotated[dict[Name, Wanted], Field(max_length=100)] = {}
    shift: Shift | None = None
    idle: bool = True
    empty: bool = False
    on_drift: Literal["mend", "show"] = "mend"

    @model_validator(mode="after")
    def one_of_both(self) -> Params:
        if bool(self.servers) == bool(self.shift):
            raise ValueError("give either servers or shift")
        if self.shift and self.shift.to == self.shift.away_from:
            raise ValueError("shift goes from one server to another")
        return self

    @property
    def wanted(self) -> dict[str, dict[str, Any]]:
        """By server: state and weight, as far as they are said."""
        if self.shift is None:
            return {name: each.model_dump(exclude_none=True) for name, each in self.servers.items()}
        to, rest = self.shift.share, 100 - self.shift.share
        return {
            self.shift.to: {"state": "ready", "weight": to},
            self.shift.away_from: {"weight": rest, **({"state": "ready"} if rest else {})},
        }


def sentence(params: Params) -> str:
    if shift := params.shift:
        return f"On {params.balancer}, send {shift.share} % of {params.backend} to {shift.to} and the rest to {shift.away_from}"
    told = ", ".join(f"{name} {spoken(each)}" for name, each in params.wanted.items())
    return f"On {params.balancer}, set in {params.backend}: {told}"


def spoken(each: Mapping[str, Any]) -> str:
    words = [str(each["state"])] if "state" in each else []
    return " ".join([*words, *([f"weight {each['weight']}"] if "weight" in each else [])])


def surface(params: Params) -> str:
    return f"{params.balancer}/{params.backend}"


def asked(params: Params, servers: Mapping[str, Any]) -> dict[str, Any]:
    return {"balancer": params.balancer, "backend": params.backend, "servers": dict(servers)}


def prepare(params: Params, ctx: Context) -> dict[str, Any]:
    """What to put back: how each of them stood before this step's first attempt."""
    return {"before": look(params, ctx)}


def look(params: Params, ctx: Context) -> dict[str, Any]:
    """Every server of the backend, by name: state, weight, up, sessions."""
    return dict(ctx.surfaces.look("traffic", surface(params), asked(params, {})).state)


def run(params: Params, ctx: Context) -> Outcome:
    kept = dict(ctx.checkpoint) if "before" in ctx.checkpoint else prepare(params, ctx)
    before, now, wanted = kept["before"], look(params, ctx), params.wanted
    if not kept.get("set"):
        if refusal := refused(params, now):
            return Failed(refusal, checkpoint=kept)
        if unheard := [name for name in wanted if name not in before]:
            return Failed(f"{unheard[0]} is new in {params.backend}: how it stood before is not known.", permanent=True, checkpoint=kept)
        if strange := [name for name in wanted if said(now[name]) != said(before[name]) and not holds(now[name], wanted[name])]:
            return Failed(
                f"{strange[0]} was set to {spoken(now[strange[0]])} by somebody else: it is left as it is.", permanent=True, checkpoint=kept
            )
        ctx.surfaces.hold("traffic", surface(params), asked(params, wanted), on_drift=params.on_drift, within="servers")
        kept["set"] = True
        ctx.log(sentence(params))
    return settled(params, ctx, kept)


def compensate(params: Params, ctx: Context) -> Outcome:
    """Back to what each was told before, where it still is as this step left it."""
    kept, wanted = dict(ctx.checkpoint), params.wanted
    wished = ctx.surfaces.wanted("traffic", surface(params)).get("servers", {})
    back = {name: said(kept["before"][name]) for name in wanted if name in kept.get("before", {})}
    if not any(within(wished.get(name, {}), wanted[name]) or wished.get(name) == each for name, each in back.items()):
        return Done("Nothing was moved.")  # it was refused before anything was asked for
    now = look(params, ctx)
    if strange := [name for name in back if name not in now or not (holds(now[name], wanted[name]) or holds(now[name], back[name]))]:
        found = spoken(now[strange[0]]) if strange[0] in now else "gone"
        return Failed(
            f"{strange[0]} is {found}, which is neither what this step set nor what was before: it is left as it is.", permanent=True
        )
    ctx.surfaces.hold("traffic", surface(params), asked(params, back), on_drift=params.on_drift, within="servers")
    return Done(f"Back to {', '.join(f'{name} {spoken(each)}' for name, each in back.items())}.")


def within(wish: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a wish says all that is wanted; a later step may have said more."""
    return all(wish.get(part) == value for part, value in wanted.items())


def refused(params: Params, now: Mapping[str, Any]) -> str:
    """Why this may not be done; empty where it may."""
    wanted = params.wanted
    if missing := [name for name in wanted if name not in now]:
        return f"{params.backend} has no server {missing[0]}; there are {', '.join(sorted(now))}."
    after = {name: {**server, **wanted.get(name, {})} for name, server in now.items()}
    if down := [name for name in wanted if serves(after[name]) and not after[name]["up"]]:
        return f"{down[0]} is down: no user is sent there."
    if not params.empty and not any(serves(server) and server["up"] for server in after.values()):
        return f"No server of {params.backend} would be left for users; say `empty: true` if that is meant."
    return ""


def serves(server: Mapping[str, Any]) -> bool:
    return bool(server["state"] == "ready" and server["weight"] > 0)


def said(server: Mapping[str, Any]) -> dict[str, Any]:
    return {"state": server["state"], "weight": server["weight"]}


def holds(server: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(bool(server[part] == value) for part, value in wanted.items())


def settled(params: Params, ctx: Context, kept: dict[str, Any]) -> Outcome:
    """Done when whoever had to leave has left. New sessions go elsewhere from the first moment; old ones may end by themselves."""
    leaving = [name for name, each in params.wanted.items() if each.get("state") in ("drain", "maint") or each.get("weight") == 0]
    attentive = ctx.now() + ATTENTIVE
    while True:
        now = look(params, ctx)
        busy = {name: now[name]["sessions"] for name in leaving if now.get(name, {}).get("sessions")}
        if not params.idle or not busy:
            return Done(f"{sentence(params)}.", kept)
        told = ", ".join(f"{name} has {count} session{'s' if count > 1 else ''}" for name, count in busy.items())
        if ctx.now() + LATER >= ctx.deadline:
            return Failed(f"Time is up: {told}.", permanent=True, checkpoint=kept)
        if ctx.now() >= attentive:
            return Wait(ctx.now() + LATER, kept, note=told)
        if ctx.sleep(GLANCE):
            return Interrupted(kept)
