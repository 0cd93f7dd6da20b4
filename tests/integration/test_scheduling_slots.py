"""The look-up for slots: right at the edges, and read from its index by both columns."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from tests import given_windows as given
from windows.access.roles import Role
from windows.lifecycle.states import WindowStatus
from windows.scheduling.commands.transitions import move, reserve_until
from windows.scheduling.models import Window, WindowScope
from windows.scheduling.queries.slots import slots

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def held() -> Window:
    ada: Any = given.actor("ada", ("shop", Role.MEMBER))
    window = given.window(ada, hours=2)
    with transaction.atomic():
        return move(window.pk, WindowStatus.REQUESTED, ada, "window.requested", expected=WindowStatus.DRAFT)


def test_edges(held: Window) -> None:
    service, start, end = held.scopes.get().service_id, held.starts_at, held.ends_at
    instant = timedelta(microseconds=1)
    for begins, ends, found in (
        (start - HOUR, start, 0), (start - HOUR, start + instant, 1), (start, end, 1), (end - instant, end + HOUR, 1), (end, end + HOUR, 0),
        (start - 30 * 24 * HOUR, end + 30 * 24 * HOUR, 1),
    ):  # fmt: skip
        assert slots([service], begins, ends).count() == found
    assert slots([service + 1], start, end).count() == 0 == slots([], start, end).count()


@pytest.mark.parametrize("services", [1, 20])
def test_p_c1_both_columns_stand_in_the_index_condition(held: Window, services: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off; set local enable_bitmapscan = off")
    plan = slots(range(1, services + 1), held.starts_at, held.ends_at).values_list("window_id").explain()
    condition = next(line for line in plan.splitlines() if "Index Cond" in line)
    assert "scope_slots" in plan and "service_id" in condition and "lower(reserved)" in condition and "upper(reserved)" in condition, plan


def test_p_c1_the_trap_is_real(held: Window) -> None:
    """btree_gist has no operator for bigint = integer: the exclusion constraint's index is of no use to such a query."""
    query = "explain select 1 from alone where holds_slot and service_id = %s and reserved && tstzrange(%s, %s)"
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'scheduling_windowscope'::regclass and contype = 'x'"
        )
        constraint = cursor.fetchone()[0]  # alone: no other index may step in for it
        cursor.execute(f"create temp table alone (like scheduling_windowscope) on commit drop; alter table alone add {constraint}")
        cursor.execute("set local enable_seqscan = off; set local enable_bitmapscan = off")
        plans = []
        for column in ("1::int", "1::bigint"):
            cursor.execute(query.replace("%s", column, 1), [held.starts_at, held.ends_at])
            plans.append(next((row[0] for row in cursor.fetchall() if "Index Cond" in row[0]), ""))
    assert "service_id" not in plans[0] and "service_id" in plans[1]


def test_a_reservation_grows_with_an_overrun_and_shrinks_with_an_early_end(held: Window) -> None:
    ada = given.actor("ada")
    service = held.scopes.get().service_id
    with transaction.atomic():
        move(held.pk, WindowStatus.APPROVED, ada, "window.approved", expected=WindowStatus.REQUESTED)
        move(held.pk, WindowStatus.RUNNING, ada, "window.started", expected=WindowStatus.APPROVED, started_at=held.starts_at)
        reserve_until(held.pk, held.ends_at + HOUR)
    assert slots([service], held.ends_at, held.ends_at + HOUR).exists()
    with transaction.atomic():
        reserve_until(held.pk, held.ends_at + 1000 * HOUR)
    scope = WindowScope.objects.get()
    assert scope.reserved.upper - scope.reserved.lower == timedelta(days=7)
    with transaction.atomic():
        move(held.pk, WindowStatus.COMPLETED, ada, "window.completed", expected=WindowStatus.RUNNING, ended_at=held.starts_at + HOUR)
    scope.refresh_from_db()
    assert (scope.reserved.upper, scope.holds_slot) == (held.starts_at + HOUR, False)


def test_the_database_bounds_a_reservation(held: Window) -> None:
    with pytest.raises(IntegrityError, match="scope_reserved_bounded"), transaction.atomic():
        WindowScope.objects.update(reserved=(held.starts_at, held.starts_at + timedelta(days=8)))
