"""Suppresses the alerts a change is expected to raise, at its scope only, for as long as its window lasts.

The silence lives ten minutes and is renewed every two: where nobody of us is left it lapses by itself. A failure to suppress never stops
a run: it is told, and tried again.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints

from windows.actions.context import Context
from windows.actions.outcomes import Done, Outcome
from windows.actions.params import Params as Base
from windows.actions.params import Slug
from windows.actions.ports import PortError, Stopped

kind = "silence"
undone = "take the silence away"
interruptible = True
repeatable = True
timeout = timedelta(seconds=30)
STRANGE = ("", "x", "roadworks-no-such-value-7f3a")  # a pattern that takes these takes anything


def narrow(pattern: str) -> str:
    """Refuses what names nothing in particular."""
    try:
        shape = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}")
    if any(shape.fullmatch(strange) for strange in STRANGE):
        raise ValueError(f"{pattern!r} would silence everything: name what is expected")
    return pattern


Label = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]{0,99}$")]
Value = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\"\\]*$")]
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(narrow)]


class Params(Base):
    """`service` becomes the label of that name, which every silence has; `alerts` are the names of the alerts that are expected.

    `labels` narrow it further, `matching` by regular expressions that name something in particular (never `.*`).
    """

    service: Slug
    alerts: Annotated[list[Value], Field(min_length=1, max_length=50)]
    environment: Slug | None = None
    labels: Annotated[dict[Label, Value], Field(max_length=20)] = {}
    matching: Annotated[dict[Label, Pattern], Field(max_length=20)] = {}

    @property
    def matchers(self) -> list[dict[str, Any]]:
        """As Alertmanager's API wants them; the service first."""
        equal = {"service": self.service} | ({"environment": self.environment} if self.environment else {}) | self.labels
        alike = {"alertname": "|".join(re.escape(name) for name in sorted(set(self.alerts)))} | self.matching
        return [matcher(name, value, is_regex=False) for name, value in equal.items()] + [
            matcher(name, value, is_regex=True) for name, value in alike.items()
        ]


def matcher(name: str, value: str, *, is_regex: bool) -> dict[str, Any]:
    return {"name": name, "value": value, "isRegex": is_regex, "isEqual": True}


def called(params: Params) -> str:
    place = params.service + (f"/{params.environment}" if params.environment else "")
    return f"{place}: {', '.join(sorted(set(params.alerts)))}"


def sentence(params: Params) -> str:
    return f"Expect and silence {', '.join(params.alerts)} of {params.service}{f' in {params.environment}' if params.environment else ''}"


def run(params: Params, ctx: Context) -> Outcome:
    window = ctx.tags.get("maintenance.window", "")
    if not ctx.surfaces.covers(params.service, params.environment or ""):
        ctx.log(f"{called(params)} lies outside the window's scope: nothing is silenced", level="warning")
        return Done(f"Not silenced: {called(params)} is outside the scope of {window}.")
    comment = f"{window} {ctx.tags.get('maintenance.step', '')}".strip()
    try:
        seen = ctx.surfaces.hold("silence", called(params), {"matchers": params.matchers, "comment": comment})
    except Stopped:
        raise
    except PortError as error:
        ctx.log(f"the alerts are not silenced: {error}", level="warning")
        return Done(f"Not silenced yet, and tried again: {error}")
    return Done(seen.note)


def compensate(params: Params, ctx: Context) -> Outcome:
    try:
        return Done(ctx.surfaces.let_go("silence", called(params)))
    except Stopped:
        raise
    except PortError as error:
        ctx.log(f"the silence stays for now: {error}", level="warning")
        return Done(f"It lapses by itself, and is taken away as soon as that works: {error}")
