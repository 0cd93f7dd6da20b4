"""Too many windows (X17): a budget a month by policy, windows that follow failed ones; shown, and refused without a reason."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from tests import given_windows as given
from tests.callers import Caller, browser, token_of
from windows.access.roles import Role
from windows.approvals.commands import request_window
from windows.catalogue.models import Person
from windows.errors import Conflict, Forbidden, Invalid
from windows.scheduling.commands.budgets import set_window_budget, withdraw_window_budget
from windows.scheduling.models import Window, WindowBudget
from windows.scheduling.queries import conflicts_of
from windows.scheduling.queries.loads import month_start, months

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


@pytest.fixture
def ada() -> Any:
    return given.actor("ada", ("shop", Role.OWNER))


@pytest.fixture
def root() -> Any:
    return given.actor("root", administrator=True)


def next_month() -> datetime:
    return month_start(datetime.now(UTC) + timedelta(days=40)) + timedelta(days=3)


def planned(ada: Any, days: int, status: str = "requested", **said: Any) -> Window:
    window = given.window(ada, starts_at=next_month() + days * DAY, **said)
    Window.objects.filter(pk=window.pk).update(status=status)
    window.refresh_from_db()
    return window


def too_many(window: Window, actor: Any = None) -> list[Any]:
    return [finding for finding in conflicts_of(window.pk, actor) if finding.kind == "too_many"]


def test_r_e17_x17_one_window_more_than_the_budget_wants_a_reason(ada: Any, root: Any) -> None:
    given.service("orders")
    set_window_budget(root, 2, service="orders")
    for days in (1, 2):
        planned(ada, days)
    planned(ada, 40)  # another month
    for days, status in ((4, "draft"), (5, "cancelled"), (6, "expired")):  # these do not count
        planned(ada, days, status)
    third = planned(ada, 8, "draft")
    (finding,) = too_many(third)
    assert finding.severity == "soft" and "window 3 of orders" in finding.why and "its budget is 2 a month" in finding.why
    with pytest.raises(Conflict) as refused:
        request_window(ada, third.pk)
    assert refused.value.field == "reason"
    told = Caller(token_of(ada)).send("POST", f"/api/v1/windows/{third.reference}/request", {})
    assert told.status_code == 409 and "reliability problem" in told.json()["detail"]
    assert "reliability problem" in browser(Person.objects.get(pk=ada.person_id)).get(f"/windows/{third.reference}").content.decode()


@pytest.mark.parametrize(("severity", "status"), [("hard", 409), ("advisory", 200)])
def test_x17_a_hard_budget_refuses_and_an_advisory_one_is_only_shown(ada: Any, root: Any, severity: str, status: int) -> None:
    given.service("orders")
    set_window_budget(root, 1, severity=severity)
    planned(ada, 1)
    second = planned(ada, 3, "draft")
    answer = Caller(token_of(ada)).send("POST", f"/api/v1/windows/{second.reference}/request", {"reason": "It must be"})
    assert answer.status_code == status and len(too_many(second)) == 1


def test_x17_the_narrowest_budget_holds_and_only_an_administrator_sets_one(ada: Any, root: Any) -> None:
    given.service("orders", tier=1)
    with pytest.raises(Forbidden):
        set_window_budget(ada, 1)
    for said, field in (({"at_most": 0}, "at_most"), ({"at_most": 1, "tier": 9}, "tier"), ({"at_most": 1, "service": "x"}, "service[0]")):
        with pytest.raises(Invalid) as refused:
            set_window_budget(root, **said)
        assert refused.value.field == field
    planned(ada, 1)
    second = planned(ada, 3, "draft")
    everyone, tier = set_window_budget(root, 1), set_window_budget(root, 5, tier=1)
    assert too_many(second) == []
    own = set_window_budget(root, 1, service="orders")
    assert set_window_budget(root, 1, service="orders").pk == own.pk and len(too_many(second)) == 1
    for budget in (own, tier):
        withdraw_window_budget(root, budget.pk)
    assert len(too_many(second)) == 1 and list(WindowBudget.objects.all()) == [everyone]


def test_x17_a_window_that_follows_a_failed_one_says_so(ada: Any) -> None:
    failed = planned(ada, 1, "rolled_back")
    Window.objects.filter(pk=failed.pk).update(ended_at=failed.ends_at)
    (finding,) = too_many(planned(ada, 5, "draft"))
    assert finding.severity == "advisory" and finding.who == failed.reference and "did not succeed" in finding.why
    Window.objects.filter(pk=failed.pk).update(confidential=True)
    assert too_many(planned(ada, 6, "draft"))[0].who == "A confidential window"
    assert too_many(planned(ada, 20, "draft")) == []


def test_x17_services_over_their_budget_stand_on_their_page_and_on_the_executive_board(
    ada: Any, root: Any, django_assert_num_queries: Any
) -> None:
    given.service("orders")
    given.service("bank")
    set_window_budget(root, 1)
    for days in (1, 2, 3):
        planned(ada, days, "failed" if days == 1 else "requested")
    planned(ada, 1, slug="bank")
    with django_assert_num_queries(1):
        (over,) = months(next_month(), next_month() + 40 * DAY)
    assert (over.service, over.number, over.went_wrong, over.at_most, over.is_over) == ("orders", 3, 1, 1, True)
    page = browser(Person.objects.get(pk=ada.person_id))
    Window.objects.update(starts_at=given.soon(-2), ends_at=given.soon(-1))
    board = page.get("/dashboards/executive/too-many").content.decode()
    assert "Orders" in board and "reliability problem" in board and "Bank" not in board
    assert "budget is 1 a month" in page.get("/services/orders").content.decode()
    told = Caller(token_of(ada)).get("/api/v1/too-many-windows?service=orders").json()
    assert sum(row["number"] for row in told) == 3


@pytest.mark.parametrize("severity", ["soft", "hard"])
def test_what_is_asked_for_later_never_takes_an_earlier_window_over_its_budget(ada: Any, root: Any, severity: str) -> None:
    given.service("orders")
    early = [given.window(ada, starts_at=next_month() + days * DAY) for days in (8, 6)]
    for window in early:
        request_window(ada, window.pk)
    late = planned(ada, 2)
    Window.objects.filter(pk=late.pk).update(published_at=datetime.now(UTC) + DAY)
    set_window_budget(root, 2, severity=severity, service="orders")
    assert [too_many(window) for window in early] == [[], []]
    assert [finding.severity for finding in too_many(late)] == [severity]


def test_two_who_take_the_last_place_of_a_month_come_one_by_one(ada: Any, root: Any) -> None:
    given.service("orders")
    set_window_budget(root, 1, severity="hard", service="orders")
    rivals = [given.window(ada, starts_at=next_month() + days * DAY) for days in (1, 8)]
    both = Barrier(2)

    def ask(window: Window) -> str:
        try:
            both.wait(90)
            return request_window(ada, window.pk).status
        except Conflict as refused:
            return str(refused.field)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(ask, rivals)) == ["requested", "too_many"]
