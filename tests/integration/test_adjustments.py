"""The double-entry record (N12): what was agreed is written down before it happens, what was not is charged, nothing is changed later."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from slo.budget import Policy
from slo.intervals import Interval
from slo.maintenance import minute_of
from slo.objectives.commands import excuse, give_back
from slo.objectives.models import Adjustment, Objective
from slo.objectives.queries import accounts, adjustments, health, promise, promises
from slo.telemetry import sums
from slo.telemetry.readings import Push
from tests import given_starts
from tests import given_windows as given
from tests.callers import browser
from tests.given_starts import started
from windows.access.roles import ENGINE, Role
from windows.audit.models import AuditEntry
from windows.execution.commands.extending import ask_extension, decide_extension
from windows.execution.commands.transitions import become, locked
from windows.execution.models import Run, clock
from windows.execution.states import RunStatus
from windows.scheduling.models import Window
from windows.scheduling.queries.accounts import accounts_of

window = given_starts.window
pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def objective(maintenance: str = "exclude", slug: str = "orders-writes", **more: Any) -> Objective:
    return Objective.objects.create(slug=slug, service="orders", title="Writes", target=Decimal("0.99"), maintenance=maintenance, **more)


def measured(series: str, *told: tuple[datetime, int, int]) -> None:
    """As a source would have counted them by then: tests look back from the future, pushes may not come from it."""
    samples = [Push(f"{at}", at, total - bad, total) for at, bad, total in told]
    with connection.cursor() as cursor:
        _, deltas = sums.insert(cursor, series, samples)
        sums.add(cursor, series, deltas)


def excused(since: datetime, until: datetime, slack: float = 0.0) -> None:
    excuse(promises(), "MW-1042", Interval(since, until), slack=slack, authority="Request 1, signed.", approvers=["Olga", "Sam"])


def minutes(start: datetime, first: int, last: int, bad: int = 1, total: int = 10) -> list[tuple[datetime, int, int]]:
    return [(start + n * MINUTE, bad, total) for n in range(first, last)]


def test_n12_r_c09_sixty_approved_minutes_with_thirty_bad_ones_and_ten_of_overrun() -> None:
    """Raw 40, excluded 30, charged 10, with window and approvers; the same whatever happens to the window afterwards."""
    objective()
    begin = minute_of(clock())
    excused(begin, begin + 60 * MINUTE)
    measured("orders-writes", *minutes(begin, -600, -100, bad=0), *minutes(begin, 0, 30), *minutes(begin, 60, 70))
    now = begin + 90 * MINUTE
    (told,) = health(promises(), now)
    assert (told.figures.raw.spent, told.figures.excluded.bad, told.figures.adjusted.spent) == (40, 30, 10)
    (account,) = accounts([("MW-1042", Interval(begin, begin + 70 * MINUTE), promise("orders-writes"))])
    assert (account.raw, account.excused, account.charged) == (40, 30, 10)
    assert (account.authority, account.approvers, account.policy) == ("Request 1, signed.", ("Olga", "Sam"), Policy.EXCLUDE)
    assert account.allowed == pytest.approx(0.01 * (5000 + 400))
    (longer,) = accounts([("MW-1042", Interval(begin, begin + 85 * MINUTE), promise("orders-writes"))])
    assert (longer.raw, longer.charged) == (40, 10)
    Objective.objects.update(maintenance="count")
    assert health(promises(), now)[0].figures == told.figures, "a policy that changes later is of later windows"


def test_n12_the_record_never_changes_and_nothing_is_excused_afterwards() -> None:
    objective()
    now = minute_of(clock())
    excused(now, now + 60 * MINUTE)
    for change in ("update objectives_adjustment set ends_at = ends_at + interval '1 hour'", "delete from objectives_adjustment"):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)
    with pytest.raises(IntegrityError, match="in the past"), transaction.atomic():
        excused(now - 10 * MINUTE, now + 60 * MINUTE)
    with pytest.raises(IntegrityError, match="adjustment_once"), transaction.atomic():
        excused(now, now + 90 * MINUTE)
    (entry,) = adjustments()
    assert entry.interval == Interval(now, now + 60 * MINUTE)
    assert entry.recorded_at and entry.recorded_at >= now
    backdated = Adjustment(objective="orders-writes", window="MW-7", starts_at=now + MINUTE, ends_at=now + 2 * MINUTE, policy="exclude")
    with pytest.raises(IntegrityError, match="adjustment_cites"), transaction.atomic():
        backdated.save()
    backdated.authority, backdated.recorded_at = "Request 2.", now - timedelta(days=3)
    backdated.save()
    backdated.refresh_from_db()
    assert backdated.recorded_at >= now, "the time is the database's, whatever is claimed"


@pytest.mark.parametrize(
    ("slack", "charged"),
    [(0.0, 30), (0.25, 16.5), (1.0, 0)],  # of 54 allowed events: nothing, 13.5, all
)
def test_n12_of_a_slack_only_what_goes_over_it_counts(slack: float, charged: float) -> None:
    objective("allow")
    begin = minute_of(clock())
    excused(begin, begin + 60 * MINUTE, slack)
    measured("orders-writes", *minutes(begin, -600, -90, bad=0), *minutes(begin, 0, 30))
    (account,) = accounts([("MW-1042", Interval(begin, begin + 60 * MINUTE), promise("orders-writes"))])
    assert (account.raw, float(account.charged)) == (30, pytest.approx(charged))
    (told,) = health(promises(), begin + 61 * MINUTE)
    assert told.figures.adjusted.spent == pytest.approx(charged)
    assert bool(adjustments()) == (slack > 0), "nothing was agreed: nothing is written down"


def test_n12_a_window_that_ended_early_gives_the_rest_back() -> None:
    objective()
    now = minute_of(clock())
    excused(now, now + 60 * MINUTE)
    ended = now + 20 * MINUTE
    assert give_back("MW-1042", ended) == 1
    assert give_back("MW-1042", ended) == 1 and len(adjustments()) == 2, "said twice, written once"
    measured("orders-writes", *minutes(now, -600, -90, bad=0), *minutes(now, 10, 30))
    (told,) = health(promises(), now + 61 * MINUTE)
    assert (told.figures.raw.spent, told.figures.adjusted.spent) == (20, 10)


def test_r_c05_a_window_without_events_has_no_account() -> None:
    objective()
    begin = minute_of(clock())
    excused(begin, begin + 60 * MINUTE)
    (account,) = accounts([("MW-1042", Interval(begin, begin + 60 * MINUTE), promise("orders-writes"))])
    assert not account.is_known
    assert (account.spent, account.felt, account.allowed) == (None, None, None)
    assert accounts([]) == []


def test_any_number_of_windows_costs_two_statements(django_assert_num_queries: Any) -> None:
    for n in range(20):
        objective(slug=f"o{n}")
    begin = minute_of(clock())
    for n in range(10):
        excuse(promises(), f"MW-{n}", Interval(begin, begin + MINUTE), slack=0, authority="x", approvers=[])
    asked = [(f"MW-{n}", Interval(begin, begin + MINUTE), one) for n in range(10) for one in promises()]
    with django_assert_num_queries(2):
        assert len(accounts(asked)) == 200


def running(window: Window) -> Run:
    run = started(window)
    become(locked(run.pk), RunStatus.RUNNING, ENGINE, reason="All checks passed.", now=clock())
    return Run.objects.select_related("window").get(pk=run.pk)


def test_n12_a_run_writes_down_what_was_agreed_and_gives_back_what_it_did_not_need(window: Window) -> None:
    objective()
    objective("count", "orders-reads")
    run = running(window)
    (entry,) = adjustments()
    assert (entry.objective, entry.window) == ("orders-writes", window.reference)
    assert entry.interval.end >= window.ends_at > entry.interval.end - MINUTE
    assert "authorised beforehand under the policy “Routine”" in entry.authority
    told = AuditEntry.objects.get(kind="window.started").data["adjustments"]
    assert [one["objective"] for one in told] == ["orders-writes"]
    Window.objects.filter(pk=window.pk).update(ends_at=window.ends_at + timedelta(hours=5))
    assert adjustments() == [entry], "the window's end is not the record's"
    run = locked(run.pk)
    become(run, RunStatus.VALIDATING, ENGINE, reason="Done.", now=clock())
    become(run, RunStatus.SUCCEEDED, ENGINE, reason="Done.", now=clock())
    assert [one.policy for one in adjustments()] == [Policy.EXCLUDE, Policy.COUNT]


def test_n12_an_extension_excuses_from_the_end_that_held_and_cites_who_agreed(window: Window) -> None:
    objective()
    run = running(window)
    (first,) = adjustments()
    given.person("otto", ("shop", Role.OWNER))
    row = ask_extension(given.actor("olga"), window.pk, run.window_ends_at + timedelta(minutes=30), "The index takes longer.")
    assert adjustments() == [first], "nothing is excused before somebody agrees"
    decide_extension(given.actor("otto"), row.pk, "approved")
    _, more = adjustments()
    assert more.interval.start == first.interval.end and more.interval.end >= row.until
    assert more.approvers == ("Otto",) and "Extension" in more.authority


def test_n12_an_emergency_is_charged_whole(window: Window) -> None:
    objective()
    Window.objects.filter(pk=window.pk).update(change_type="emergency")
    running(window)
    assert adjustments() == []


def test_n12_the_record_is_exported_and_a_window_has_its_account(window: Window) -> None:
    objective()
    run = running(window)
    now = minute_of(clock())
    measured("orders-writes", (now, 3, 10))
    caller = browser(given.actor("olga"))
    told = caller.get("/api/v1/adjustments?service=orders").json()
    assert told["kind"] == "AdjustmentDocument"
    (item,) = told["items"]
    assert item["window"] == run.window.reference and item["filters"] == {"slos": [{"name": "orders-writes", "project": "orders"}]}
    assert int(item["duration"][:-1]) >= 3600 - 60
    table = caller.get(f"/api/v1/adjustments.csv?window={run.window.reference.lower()}").content.decode().splitlines()
    assert table[0].startswith("window,objective,service,policy") and len(table) == 2
    (account,) = caller.get(f"/api/v1/windows/{run.window.reference}/account").json()
    assert (account["raw"], account["excused"], account["charged"]) == (3, 3.0, 0.0)
    page = caller.get(f"/windows/{run.window.reference}/part/impact").content.decode()
    assert "Its agreed minutes are excluded" in page
    assert caller.get("/api/v1/adjustments?since=yesterday").status_code == 422
    Window.objects.filter(pk=window.pk).update(confidential=True)
    stranger = browser(given.actor("eve"))
    assert stranger.get("/api/v1/adjustments").json()["items"] == []
    assert stranger.get(f"/api/v1/windows/{run.window.reference}/account").status_code == 404


def test_accounts_of_any_number_of_windows_cost_five_statements(window: Window, django_assert_max_num_queries: Any) -> None:
    objective()
    running(window)
    now = clock()
    with django_assert_max_num_queries(5):
        assert len(accounts_of([window.pk], now)) == 1
    assert accounts_of([], now) == []


def test_an_act_that_goes_on_into_the_next_minute_is_taken_and_one_begun_later_is_not() -> None:
    """The clock that the trigger reads runs ahead of the transaction by a minute, as at a minute's boundary."""
    objective()
    with connection.cursor() as cursor:
        cursor.execute("select transaction_timestamp()")
        (began,) = cursor.fetchone()
        cursor.execute("create schema later")
        cursor.execute("""create function later.clock_timestamp() returns timestamptz language sql volatile
            as $$ select pg_catalog.clock_timestamp() + interval '1 minute' $$""")
        cursor.execute("set local search_path = later, pg_catalog, public")
    excused(began, began + 10 * MINUTE)
    assert Adjustment.objects.get().recorded_at > began + timedelta(seconds=59), "the clock ran ahead, or this shows nothing"
    with pytest.raises(IntegrityError), transaction.atomic():
        excused(began - MINUTE, began + 20 * MINUTE)
