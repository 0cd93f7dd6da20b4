"""Tells people something, once: by role of a team, by part in the window, or by address. The text is the whole message."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from windows.actions.context import Context
from windows.actions.outcomes import Done, Outcome
from windows.actions.params import Params as Base

kind = "notify"
undone = "what was said stays said"
repeatable = True
timeout = timedelta(seconds=30)
Recipient = Annotated[
    str,
    StringConstraints(
        pattern=r"^(team:[a-z0-9-]{1,63}/(member|coordinator|owner|on_call|sre)|window:(coordinator|deputy|owner)|[^@\s:]{1,64}@[^@\s:]{1,189})$"
    ),
]


class Params(Base):
    """A recipient is `team:payments/on_call`, `window:coordinator` or an e-mail address."""

    recipients: Annotated[list[Recipient], Field(min_length=1, max_length=50)]
    title: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")]
    text: Annotated[str, StringConstraints(min_length=1, max_length=4000)]
    urgency: Literal["page", "ticket", "notice"] = "notice"


def sentence(params: Params) -> str:
    return f"Tell {', '.join(params.recipients)}: {params.title}"


def run(params: Params, ctx: Context) -> Outcome:
    people = ctx.notify.send(params.recipients, title=params.title, body=params.text, urgency=params.urgency, key=ctx.idempotency_key)
    return Done(f"Told {people} {'person' if people == 1 else 'people'}.")


def compensate(params: Params, ctx: Context) -> Outcome:
    return Done("What was said stays said.")
