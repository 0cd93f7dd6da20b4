"""Two database roles: an owner migrates; the app role runs, and may not change what has been written down for good."""

from collections.abc import Sequence

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from psycopg import sql

# Rows of these tables never change: refused by trigger for everybody, and by privilege for the app role.
APPEND_ONLY = (
    "audit_auditentry",
    "audit_auditseal",
    "audit_audithead",
    "flags_flagversion",
    "runbooks_runbookversion",
    "playbooks_playbookversion",
    "objectives_adjustment",
)
READ_ONLY = ("django_migrations",)


def role_exists(connection: BaseDatabaseWrapper, role: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select 1 from pg_roles where rolname = %s", [role])
        return cursor.fetchone() is not None


def grant(connection: BaseDatabaseWrapper, role: str) -> None:
    """Give `role` what a running process needs on every table of the public schema, and take back all else. Repeatable."""
    who = sql.Identifier(role)
    with connection.cursor() as cursor:
        for text in (
            "grant usage on schema public to {who}",
            "revoke all on all tables in schema public from {who}",
            "grant select, insert, update, delete on all tables in schema public to {who}",
            "grant usage, select on all sequences in schema public to {who}",
        ):
            cursor.execute(sql.SQL(text).format(who=who))
        revoke(cursor, who, "update, delete, truncate", APPEND_ONLY)
        revoke(cursor, who, "insert, update, delete, truncate", READ_ONLY)


def revoke(cursor: CursorWrapper, who: sql.Identifier, privileges: str, tables: Sequence[str]) -> None:
    for table in tables:
        text = "revoke " + privileges + " on {table} from {who}"
        cursor.execute(sql.SQL(text).format(table=sql.Identifier(table), who=who))


def is_superuser(connection: BaseDatabaseWrapper, role: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select rolsuper from pg_roles where rolname = %s", [role])
        row = cursor.fetchone()
        return bool(row and row[0])
