"""Runs a program of the allow-listed directory: an argument list, no shell, its own process group, which never outlives the step."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from windows.actions.context import Context
from windows.actions.outcomes import Done, Failed, Outcome
from windows.actions.params import Params as Base

kind = "command"
interruptible = True  # TERM, then KILL, to the whole group
timeout = timedelta(minutes=1)
longest = timedelta(hours=4)
Argument = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00]*$")]
RESERVED = ("LD_", "DYLD_", "PYTHON", "PERL", "BASH", "MAINTENANCE_", "PG", "PATH", "IFS", "ENV")  # they steer the program or are ours


def free(name: str) -> str:
    if name.startswith(RESERVED):
        raise ValueError(f"{name} may not be set here")
    return name


Variable = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,62}$"), AfterValidator(free)]


class Params(Base):
    """`name` is a file in the commands directory of the settings, never a path."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
    arguments: Annotated[list[Argument], Field(max_length=100)] = []
    environment: Annotated[dict[Variable, Argument], Field(max_length=50)] = {}
    success: Annotated[list[Annotated[int, Field(ge=0, le=255)]], Field(min_length=1)] = [0]


def sentence(params: Params) -> str:
    return " ".join(["Run", params.name, *params.arguments])


def run(params: Params, ctx: Context) -> Outcome:
    ended = ctx.command.run(params.name, params.arguments, environment=params.environment)
    if ended.code in params.success:
        return Done(f"{params.name} ended with {ended.code}.")
    how = f"was ended by signal {-ended.code}" if ended.code < 0 else f"ended with {ended.code}"
    last = next((line for line in reversed(ended.output.splitlines()) if line.strip()), "")
    return Failed(f"{params.name} {how}{f': {last[:300]}' if last else ''}")
