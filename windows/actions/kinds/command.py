"""Runs a program of the allow-listed directory: an argument list, no shell, its own process group, which never outlives the step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints

from windows.actions.context import Context
from windows.actions.outcomes import Done, Failed, Outcome
from windows.actions.params import Params as Base
from windows.actions.params import Slug
from windows.actions.ports import Changed, Exit, Unreachable

kind = "command"
interruptible = True  # TERM, then KILL, to the whole group
timeout = timedelta(minutes=1)
longest = timedelta(hours=4)
Argument = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00]*$")]
Arguments = Annotated[list[Argument], Field(max_length=100)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
Codes = Annotated[list[Annotated[int, Field(ge=0, le=255)]], Field(min_length=1)]
RESERVED = ("LD_", "DYLD_", "PYTHON", "PERL", "BASH", "MAINTENANCE_", "PG", "PATH", "IFS", "ENV")  # they steer the program or are ours


def free(name: str) -> str:
    if name.startswith(RESERVED):
        raise ValueError(f"{name} may not be set here")
    return name


Variable = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,62}$"), AfterValidator(free)]


class Look(Base):
    """A program that only looks: how it must end, and what its last line must say where that is given."""

    name: Name
    arguments: Arguments = []
    success: Codes = [0]
    says: Argument | None = None


class Params(Base):
    """`name` is a file in the commands directory of the settings, never a path.

    `credential` is the name of an earlier `credential` step's: the program finds it as libpq's programs do (PGHOST, PGUSER, PGPASSFILE …).
    `only_if` is what must be found before it runs, or else somebody else has been here and nothing is done; `unless` says that all is as it
    should be already. An `undo` that has both may be tried again and overwrites nobody.
    """

    name: Name
    arguments: Arguments = []
    environment: Annotated[dict[Variable, Argument], Field(max_length=50)] = {}
    success: Codes = [0]
    credential: Slug | None = None
    only_if: Look | None = None
    unless: Look | None = None


def sentence(params: Params) -> str:
    return " ".join(["Run", params.name, *params.arguments])


def run(params: Params, ctx: Context) -> Outcome:
    told: dict[str, Any] = {"environment": params.environment, **({"credential": params.credential} if params.credential else {})}
    if params.unless and not looked(params.unless, ctx, told):
        return Done("It was so already: nothing was done.")
    if params.only_if and (other := looked(params.only_if, ctx, told)):
        raise Changed(f"It is not as it was left: {other}. Nothing was done.")
    ended = ctx.command.run(params.name, params.arguments, **told)
    if ended.code in params.success:
        return Done(f"{params.name} ended with {ended.code}.")
    return Failed(how_it_ended(params.name, ended))


def looked(look: Look, ctx: Context, told: Mapping[str, Any]) -> str:
    """What differs from what the look expects; empty where nothing does. Unreachable where the program itself was ended."""
    ended = ctx.command.run(look.name, look.arguments, **told)
    if ended.code < 0:
        raise Unreachable(f"Nobody can tell how it is now: {how_it_ended(look.name, ended)}")
    if ended.code not in look.success:
        return how_it_ended(look.name, ended)
    if look.says is not None and (last := last_line(ended)) != look.says:
        return f"{look.name} says {last!r:.200}, {look.says!r:.200} expected"
    return ""


def how_it_ended(name: str, ended: Exit) -> str:
    how = f"was ended by signal {-ended.code}" if ended.code < 0 else f"ended with {ended.code}"
    return f"{name} {how}{f': {last[:300]}' if (last := last_line(ended)) else ''}"


def last_line(ended: Exit) -> str:
    return next((line.strip() for line in reversed(ended.output.splitlines()) if line.strip()), "")
