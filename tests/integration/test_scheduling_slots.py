"""The look-up for slots: right at the edges, and read from its index by both columns. What a full check reads follows no history."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from tests import given_windows as given
from windows.access.roles import Role
from windows.lifecycle.states import WindowStatus
from windows.scheduling.commands.transitions import move, reserve_until
from windows.scheduling.models import Window, WindowScope
from windows.scheduling.queries import conflicts_of
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


HISTORY = """
with past as (
    insert into scheduling_window (title, reason, team_id, owner_id, coordinator_id, created_by_id, status, mode, change_type, starts_at,
        ends_at, timezone, wall_start, wall_end, starts_itself, parameters, expected_impact, slack, confidential, is_example, version,
        sequence, uid, vevent, recurrence_id, expected_alerts)
    select title, reason, team_id, owner_id, coordinator_id, created_by_id, 'completed', mode, change_type, at, at + interval '1 hour',
        timezone, '', '', true, '{}', '', 0, false, false, 1, 1, gen_random_uuid(), '', '', '[]'
    from scheduling_window, generate_series(%(first)s::int, %(last)s::int) n, lateral (select starts_at - n * interval '8 hours') t(at)
    where id = %(like)s returning id, starts_at, ends_at
)
insert into scheduling_windowscope (window_id, service_id, environment, region, layer, reserved, holds_slot)
select past.id, s.service_id, s.environment, s.region, s.layer, tstzrange(past.starts_at, past.ends_at), false
from past, scheduling_windowscope s where s.window_id = %(like)s
"""


@pytest.mark.parametrize("services", [1, 20])
def test_p_c1_both_columns_stand_in_the_index_condition(held: Window, services: int) -> None:
    with connection.cursor() as cursor:
        many = HISTORY.replace("past.ends_at), false", "past.ends_at), true")  # of few that hold a slot any index is as good
        cursor.execute(many, {"first": 1, "last": 2000, "like": held.pk})
        cursor.execute("analyze scheduling_windowscope; set local enable_seqscan = off; set local enable_bitmapscan = off")
    first = held.scopes.get().service_id
    plan = slots(range(first, first + services), held.starts_at, held.ends_at).values_list("window_id").explain()
    condition = next((line for line in plan.splitlines() if "Index Cond" in line), "")
    assert "scope_slots" in plan and "service_id" in condition and "lower(reserved)" in condition and "upper(reserved)" in condition, plan


def scans(node: dict[str, Any]) -> Iterator[tuple[str, str, float]]:
    """(table, kind of scan, rows looked at) of each scan of windows and their scopes in a plan that was carried out."""
    if str(node.get("Relation Name")) in ("scheduling_window", "scheduling_windowscope"):
        seen = node["Actual Rows"] + sum(node.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck"))
        yield node["Relation Name"], node["Node Type"], seen * node["Actual Loops"]
    for below in node.get("Plans", ()):
        yield from scans(below)


def looked_at(window: Window) -> list[tuple[str, str, float]]:
    """Every scan of a full check of a window."""
    with connection.cursor() as cursor:
        cursor.execute("analyze scheduling_window, scheduling_windowscope")
    with CaptureQueriesContext(connection) as asked:
        conflicts_of(window.pk)
    found = []
    for query in asked.captured_queries:
        with connection.cursor() as cursor:
            cursor.execute(f"explain (analyze, format json) {query['sql'].replace('%', '%%')}")
            plan = cursor.fetchone()[0]
        found += list(scans((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]))
    return found


def test_p_c1_what_a_full_check_reads_does_not_follow_the_history(held: Window) -> None:
    rows = []
    for first, last in ((1, 4_000), (4_001, 16_000)):  # eleven years of a service that has a window every eight hours
        with connection.cursor() as cursor:
            cursor.execute(HISTORY, {"first": first, "last": last, "like": held.pk})
        found = looked_at(held)
        assert found and not [scan for scan in found if scan[1] == "Seq Scan"], found
        rows.append(sum(number for _, _, number in found))
    assert rows[0] == rows[1] < 600, rows  # its month and the three weeks before it


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
