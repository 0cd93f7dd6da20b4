"""The ledger on its page, on the window's, on the run's and on the on-call board; what is confidential stays so."""

from __future__ import annotations

from typing import Any

import pytest

from tests.callers import browser
from tests.given_alerts import SLOW, alert, heard, open_window
from tests.given_windows import person
from windows.access.roles import Role
from windows.execution.models import Surface, clock

pytestmark = pytest.mark.django_db(transaction=True)


def read(who: Any, path: str) -> str:
    answer = browser(who).get(path)
    assert answer.status_code == 200, path
    return str(answer.content.decode())


def test_f03_what_was_not_paged_and_why_is_a_list_anyone_can_read() -> None:
    open_window(SLOW)
    heard(alert("OrdersSlow"), alert("OrdersDown"), alert("MailDown", service="mail"))
    page = read(person("vic", ("post", Role.VIEWER)), "/alerts/?why=not_paged")
    assert "OrdersSlow" in page and "the index is rebuilt" in page
    assert "OrdersDown" not in page and "MailDown" not in page
    for query, there in (("name=mail", "MailDown"), ("action=page&service=orders", "OrdersDown"), ("why=outside", "MailDown")):
        assert there in read(person("vic"), f"/alerts/?{query}")
    assert "No such alert" in read(person("vic"), "/alerts/?state=resolved")


def test_the_windows_page_the_runs_page_and_the_on_call_board_show_what_fires_inside() -> None:
    run = open_window(SLOW)
    heard(alert("OrdersDown"))
    carl = person("carl")
    part = read(carl, f"/windows/{run.window.reference}/part/alerts")
    assert "OrdersDown" in part and "1 still firing" in part and "the index is rebuilt" in part
    assert "Report an incident" in part
    reader = read(person("vic"), f"/windows/{run.window.reference}/part/alerts")
    assert "OrdersDown" in reader and "Report an incident" not in reader, "it would be refused"
    assert "Alerts firing inside this window" in read(carl, f"/runs/{run.pk}") and "OrdersDown" in read(carl, f"/runs/{run.pk}/panel")
    assert "OrdersDown" in read(carl, "/dashboards/on-call/live")


def test_n03_the_silences_that_windows_hold_stand_above_the_ledger() -> None:
    run = open_window()
    Surface.objects.create(run=run, window=run.window, kind="silence", name="orders: OrdersSlow", desired={}, due_at=clock())
    page = read(person("vic", ("post", Role.VIEWER)), "/alerts/")
    assert "Silences held by windows" in page and "orders: OrdersSlow" in page


def test_alerts_of_a_confidential_window_are_for_its_own_people() -> None:
    run = open_window(confidential=True)
    heard(alert("OrdersDown"))
    Surface.objects.create(run=run, window=run.window, kind="silence", name="orders: OrdersSlow", desired={}, due_at=clock())
    stranger = person("vic", ("post", Role.VIEWER))
    for path in ("/alerts/", "/dashboards/on-call/live"):
        page = read(stranger, path)
        assert f"/windows/{run.window.reference}" not in page and "OrdersDown" not in page
    assert "OrdersDown" in read(person("carl"), "/alerts/")


def test_a_page_of_the_ledger_costs_the_same_whatever_it_holds(django_assert_max_num_queries: Any) -> None:
    open_window()
    heard(*(alert(f"A{n}") for n in range(120)))
    client = browser(person("carl"))
    client.get("/alerts/")
    with django_assert_max_num_queries(14):
        page = client.get("/alerts/").content.decode()
    assert page.count("<details>") == 50 and "Earlier alerts" in page
