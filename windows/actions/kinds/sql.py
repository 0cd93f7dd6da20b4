"""Carries SQL statements out in a named target database, in one transaction unless told otherwise.

With `once: true` the step's key is kept in the target's table roadworks_applied by the same transaction: when the answer to a COMMIT
was lost, doing it again changes nothing.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from windows.actions.context import Context
from windows.actions.outcomes import Done, Outcome
from windows.actions.params import Duration, Slug
from windows.actions.params import Params as Base

kind = "sql"
interruptible = True  # the backend is cancelled; its transaction rolls back
timeout = timedelta(minutes=1)
longest = timedelta(hours=4)
code = frozenset({"statements", "expect.query"})
CONTROLS = re.compile(
    r"\s*(begin|start\s+transaction|commit|end|rollback|abort|savepoint|release|prepare\s+transaction|set\s+session)\b", re.IGNORECASE
)


def plain(statement: str) -> str:
    if CONTROLS.match(statement):
        word = statement.split(maxsplit=1)[0]
        raise ValueError(f"{word!r} is Roadworks' to say: the statements of a step are one transaction (or give transaction: false)")
    return statement


Statement = Annotated[str, StringConstraints(min_length=1, max_length=20_000, pattern=r"^[^\x00]*$"), AfterValidator(plain)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]{0,62}$")]


class Expect(Base):
    """What must be so before the statements: the one value that the query answers, in the same transaction."""

    query: Statement
    value: str | int | float | bool | None = Field(alias="is")


class Params(Base):
    """`values` are bound to %(name)s in the statements; free text never becomes part of a statement."""

    database: Slug
    statements: Annotated[list[Statement], Field(min_length=1, max_length=100)]
    values: Annotated[dict[Name, str | int | float | bool | None], Field(max_length=50)] = {}
    timeout: Duration | None = None  # of each statement; the step's own timeout bounds them all
    once: bool = False
    transaction: bool = True
    expect: Expect | None = None  # somebody else has been here where it is not so: nothing is overwritten
    credential: Slug | None = None  # of an earlier `credential` step; without one, as the settings' own role

    @model_validator(mode="after")
    def once_needs_a_transaction(self) -> Params:
        if self.once and not self.transaction:
            raise ValueError("once needs transaction: true, because the key is kept by the same transaction")
        if self.expect and not self.transaction:
            raise ValueError("expect needs transaction: true, because it holds for the statements of the same transaction")
        if self.once and self.credential:
            raise ValueError("once goes without a credential: the key is kept in a table of ours, which it may not touch")
        return self


def repeatable(params: Params) -> bool:
    return params.once


def sentence(params: Params) -> str:
    more = f" and {len(params.statements) - 1} more" if len(params.statements) > 1 else ""
    return f"In {params.database}: {' '.join(params.statements[0].split())[:300]}{more}"


def run(params: Params, ctx: Context) -> Outcome:
    answer = ctx.sql.execute(
        params.database,
        params.statements,
        values=params.values,
        timeout=params.timeout.total_seconds() if params.timeout else None,
        once_key=ctx.idempotency_key if params.once else "",
        in_transaction=params.transaction,
        credential=params.credential or "",
        **({"expect": (params.expect.query, params.expect.value)} if params.expect else {}),
    )
    if not answer.applied:
        return Done("Was done already by an earlier attempt.")
    changed = sum(count for count in answer.rows_changed if count > 0)
    return Done(
        f"{len(params.statements)} statement{'s' if len(params.statements) > 1 else ''}, {changed} row{'' if changed == 1 else 's'}."
    )
