"""A person does it and says that it is done. Nothing happens by itself; the answer is audited."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import StringConstraints

from windows.actions.context import Context
from windows.actions.outcomes import AwaitHuman, Outcome
from windows.actions.params import Params as Base

kind = "manual"
interruptible = True
repeatable = True
timeout = timedelta(hours=1)
longest = timedelta(hours=8)


class Params(Base):
    prompt: Annotated[str, StringConstraints(min_length=3, max_length=2000)]


def sentence(params: Params) -> str:
    return f"A person confirms: {params.prompt}"


def run(params: Params, ctx: Context) -> Outcome:
    return AwaitHuman(params.prompt)
