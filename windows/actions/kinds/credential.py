"""Gives the window a role of its own in a target's PostgreSQL: named tables, named verbs, until the window's end, and then it is gone.

Later `sql` and `command` steps use it by its name. Its password is stored nowhere; each use and its end stand in the audit trail.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from windows.actions.context import Context
from windows.actions.outcomes import Done, Failed, Outcome
from windows.actions.params import Params as Base
from windows.actions.params import Slug

kind = "credential"
undone = "take the credential away"
interruptible = True
repeatable = True
timeout = timedelta(seconds=30)
PART = r"[a-z_][a-z0-9_]{0,62}"
Verbs = Annotated[list[Literal["select", "insert", "update", "delete"]], Field(min_length=1, max_length=4)]


def qualified(table: str) -> str:
    return table if "." in table else f"public.{table}"


Table = Annotated[str, StringConstraints(pattern=rf"^({PART}\.)?{PART}$"), AfterValidator(qualified)]


class Params(Base):
    """`tables` says what may be done where; a table without a schema is in `public`."""

    name: Annotated[Slug, StringConstraints(max_length=30)]
    database: Slug
    tables: Annotated[dict[Table, Verbs], Field(min_length=1, max_length=100)]
    connections: Annotated[int, Field(ge=1, le=20)] = 2


def sentence(params: Params) -> str:
    told = "; ".join(f"{', '.join(verbs)} on {table.removeprefix('public.')}" for table, verbs in params.tables.items())
    return f"Give this window the credential {params.name} in {params.database}, until its end: {told}"


def desired(params: Params, ctx: Context) -> dict[str, Any]:
    window = ctx.tags["maintenance.window"].lower().replace("-", "_")
    tables = {table: sorted(set(verbs)) for table, verbs in sorted(params.tables.items())}
    role = f"roadworks_{window}_{params.name.replace('-', '_')}"
    return {"database": params.database, "role": role, "tables": tables, "connections": params.connections}


def run(params: Params, ctx: Context) -> Outcome:
    seen = ctx.surfaces.hold("credential", params.name, desired(params, ctx))
    if not seen.agrees:
        return Failed(f"The credential is not as it should be: {seen.note} {dict(seen.state)}")
    return Done(seen.note)


def compensate(params: Params, ctx: Context) -> Outcome:
    return Done(ctx.surfaces.let_go("credential", params.name))
