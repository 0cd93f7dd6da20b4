"""Tables emptied after a test that really commits.

Django empties every table by TRUNCATE, each a new file however empty it was, and then makes its content types and permissions anew:
a tenth of a second for each of hundreds of tests. Here only what was written to is emptied, and what migrations made stays.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import connection
from django.test import TransactionTestCase

MADE_BY_MIGRATIONS = {"django_content_type", "auth_permission"}
SMALL = 1_000_000  # bytes; a larger table would leave its dead rows to be read by the tests that follow

# The locks wait for whoever still writes, as TRUNCATE does: a row committed a moment later would be found by the next test.
# As a replica, the session asks neither foreign keys nor the triggers that keep the audit trail.
EMPTY = """
do $$
declare each regclass;
begin
    set local session_replication_role = replica;
    foreach each in array array[{names}]::regclass[] loop
        execute format('lock table %s in access exclusive mode', each);
        if pg_relation_size(each) > {small} then
            execute format('truncate %s cascade', each);
        elsif pg_relation_size(each) > 0 then
            execute format('delete from %s', each);
        end if;
    end loop;
end $$
"""


def tables() -> list[str]:
    managed = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed and not model._meta.proxy]
    return sorted({model._meta.db_table for model in managed} - MADE_BY_MIGRATIONS)


def empty() -> None:
    """Nothing is left of what was committed."""
    names = ", ".join(f"'{name}'" for name in tables())
    with connection.cursor() as cursor:
        cursor.execute(EMPTY.format(names=names, small=SMALL))
    connection.close()


def may_empty() -> bool:
    """Only a superuser may leave triggers aside; where TEST_DATABASE_URL names another role, Django's own way is taken."""
    with connection.cursor() as cursor:
        cursor.execute("select current_setting('is_superuser') = 'on'")
        return bool(cursor.fetchone()[0])


def after_each_test(_: Any) -> None:
    empty()


def install() -> None:
    """From now on tests that commit are cleared this way."""
    if may_empty():
        TransactionTestCase._fixture_teardown = after_each_test
