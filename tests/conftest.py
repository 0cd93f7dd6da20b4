"""Fixtures every ring shares: the database comes up before pytest-django creates its test database."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres: None, django_db_modify_db_settings_parallel_suffix: None) -> None:
    """An override only works from a conftest: one in a `-p` plugin loses against pytest-django's own."""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker) -> None:
    """Tests with real commits are cleared by TRUNCATE, which the append-only tables refuse; only here they do not."""
    from django.db import connection

    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("select tgrelid::regclass, tgname from pg_trigger where tgname like '%\\_deny\\_truncate'")
        for table, trigger in cursor.fetchall():
            cursor.execute(f"alter table {table} disable trigger {trigger}")
