"""An ephemeral role in a target's PostgreSQL: what a window may do there, until its end and no longer.

The server gets the password's SCRAM verifier, computed here: its logs and statistics never see the password.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
from django.conf import settings
from psycopg.sql import SQL, Composable, Identifier, Literal

from windows.actions.ports import Observed
from windows.execution.models import Surface
from windows.execution.ports.credentials import password_of
from windows.execution.ports.limits import Limits
from windows.execution.ports.sql import Sql

OTHER_SIDE = "database"
ROLE = """
select case when isfinite(rolvaliduntil) then rolvaliduntil end, rolconnlimit,
    rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls or not rolcanlogin
    or exists (select from pg_auth_members where member = r.oid)
from pg_roles r where rolname = %s
"""
HELD = """
select n.nspname || '.' || c.relname, lower(a.privilege_type) from pg_class c join pg_namespace n on n.oid = c.relnamespace,
    aclexplode(c.relacl) a join pg_roles r on r.oid = a.grantee where r.rolname = %s
"""
PLAIN = SQL("login nosuperuser nocreatedb nocreaterole noinherit noreplication nobypassrls")


def observe(row: Surface, limits: Limits) -> Observed:
    with connected(row, limits) as connection:
        return seen(row, connection)


def mend(row: Surface, limits: Limits) -> Observed:
    """In one transaction: the role as it should be, whatever there was, with these privileges and no others."""
    role = Identifier(row.desired["role"])
    with connected(row, limits) as connection, connection.transaction():
        secret = connection.pgconn.encrypt_password(password_of(row).encode(), row.desired["role"].encode(), b"scram-sha-256").decode()
        if connection.execute("select from pg_roles where rolname = %s", [row.desired["role"]]).fetchone() is None:
            connection.execute(SQL("create role {}").format(role))
        until = row.run.window_ends_at.isoformat()
        told = SQL("alter role {} with {} password {} valid until {} connection limit {}")
        connection.execute(told.format(role, PLAIN, Literal(secret), Literal(until), Literal(row.desired["connections"])))
        for table, verb in held(row, connection):
            connection.execute(SQL("revoke {} on {} from {}").format(SQL(word(verb)), table_name(table), role))
        for table, verbs in sorted(row.desired["tables"].items()):
            connection.execute(SQL("grant usage on schema {} to {}").format(Identifier(table.split(".")[0]), role))
            listed = SQL(", ").join(SQL(word(verb)) for verb in verbs)
            connection.execute(SQL("grant {} on {} to {}").format(listed, table_name(table), role))
        return seen(row, connection)


def end(row: Surface, limits: Limits) -> str:
    """Nobody logs in any more, whoever is in is out, and the role goes."""
    name, role = row.desired["role"], Identifier(row.desired["role"])
    with connected(row, limits) as connection:
        if connection.execute("select from pg_roles where rolname = %s", [name]).fetchone() is None:
            return "The credential is gone."
        connection.execute(SQL("alter role {} nologin password null valid until '-infinity'").format(role))
        out = connection.execute("select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = %s", [name]).fetchone()
        with connection.transaction():
            for statement in ("grant {} to current_user", "reassign owned by {} to current_user", "drop owned by {}", "drop role {}"):
                connection.execute(SQL(statement).format(role))
    cut = out[0] if out else 0
    return f"The credential is gone; {cut} of its sessions {'was' if cut == 1 else 'were'} cut." if cut else "The credential is gone."


def seen(row: Surface, connection: psycopg.Connection) -> Observed:
    found = connection.execute(ROLE, [row.desired["role"]]).fetchone()
    if found is None:
        return Observed(False, {"role": "missing"}, "There is no such role.")
    until, limit, is_elevated = found
    tables: dict[str, list[str]] = {}
    for table, verb in sorted(held(row, connection)):
        tables.setdefault(table, []).append(verb)
    state: dict[str, Any] = {"tables": tables, "elevated": is_elevated, "until": until.isoformat() if until else None, "connections": limit}
    wanted = {table: sorted(verbs) for table, verbs in row.desired["tables"].items()}
    agrees = tables == wanted and not is_elevated and until == row.run.window_ends_at and limit == row.desired["connections"]
    return Observed(agrees, state, f"{row.desired['role']} may log in until {spoken(until)}.", row.desired["role"], until)


def spoken(until: datetime | None) -> str:
    return f"{until:%H:%M:%S} UTC" if until else "for ever"


def held(row: Surface, connection: psycopg.Connection) -> list[tuple[str, str]]:
    return [(str(table), str(verb)) for table, verb in connection.execute(HELD, [row.desired["role"]])]


def table_name(table: str) -> Composable:
    return Identifier(*table.split("."))


def word(verb: str) -> Any:
    """A privilege as PostgreSQL names it, out of a closed list."""
    return {"select": "select", "insert": "insert", "update": "update", "delete": "delete"}.get(verb, "all")


@contextmanager
def connected(row: Surface, limits: Limits) -> Iterator[psycopg.Connection]:
    with Sql(limits, settings.TARGET_DATABASES, "roadworks credentials").connected(row.desired["database"], autocommit=True) as connection:
        yield connection
