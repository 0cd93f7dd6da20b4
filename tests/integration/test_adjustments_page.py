"""The record of adjustments as a document of one month: with the window, the authority and the approvers that each line cites."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from slo.budget import Policy
from slo.maintenance import minute_of
from slo.objectives.models import Adjustment, Objective
from slo.telemetry.commands import push
from slo.telemetry.readings import Push
from tests import given_windows as given
from tests.callers import browser
from windows.access.roles import Actor, Role
from windows.audit.clock import clock
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
WHO = ["Olga", "Sam"]


@pytest.fixture
def ada() -> Actor:
    ada = given.actor("ada", ("shop", Role.OWNER))
    given.service("orders")
    Objective.objects.create(slug="orders-writes", service="orders", title="Orders can be placed", target="0.9", maintenance="exclude")
    return ada


def ran(ada: Actor, minutes_ago: int = 60) -> Window:
    """Thirty minutes, of which ten were agreed: 30 events were bad in them, and 10 afterwards."""
    window, at = given.window(ada), minute_of(clock()) - minutes_ago * MINUTE
    Window.objects.filter(pk=window.pk).update(started_at=at, ended_at=at + 30 * MINUTE, starts_at=at, ends_at=at + 10 * MINUTE)
    cited = {"authority": "Request 1, signed under the policy “All”.", "approvers": WHO, "is_example": True, "recorded_at": at}
    Adjustment.objects.create(
        objective="orders-writes", window=window.reference, starts_at=at, ends_at=at + 10 * MINUTE, policy=Policy.EXCLUDE.value, **cited
    )
    told = [Push(f"{window.pk}a", at + 5 * MINUTE, 70, 100), Push(f"{window.pk}b", at + 20 * MINUTE, 90, 100)]
    push("orders-writes", told)
    return window


def read(actor: Actor, address: str = "/adjustments/") -> str:
    answer = browser(given.person(actor.name.lower())).get(address)
    assert answer.status_code == 200, answer.content
    return " ".join(answer.content.decode().replace("&#x27;", "'").split())


def month(at: Any) -> str:
    return f"/adjustments/?month={at:%Y-%m}"


def test_n12_the_document_of_a_month_cites_window_and_approvers_and_adds_up(ada: Actor) -> None:
    window = ran(ada)
    at = Adjustment.objects.get().starts_at
    text = read(ada, month(at))
    for said in (window.reference, "excluded", "Request 1, signed under the policy “All”.", "Signed by Olga, Sam", "Orders can be placed"):
        assert said in text, said
    figures = text[text.index("Bad events in these windows") :]
    assert re.findall(r"</span>(\d+)</td>", figures) == ["40", "30", "10"]
    assert f"/adjustments?since={at:%Y-%m}-01" in text, "the same as JSON and CSV"


def test_n12_what_was_given_back_is_a_line_and_nothing_is_summed_twice(ada: Actor) -> None:
    window = ran(ada)
    first = Adjustment.objects.get()
    given_back = {"authority": "The window ended before its time.", "is_example": True}
    Adjustment.objects.create(
        objective="orders-writes", window=window.reference, starts_at=first.starts_at + 8 * MINUTE, ends_at=first.ends_at, policy="count",
        **given_back,
    )  # fmt: skip
    text = read(ada, month(first.starts_at))
    assert "given back: counts again" in text and text.count("see its first line") == 1
    assert re.findall(r"</span>(\d+)</td>", text[text.index("Bad events in these windows") :])[0] == "40"


def test_another_month_and_another_service_have_none_and_a_wrong_month_is_told(ada: Actor) -> None:
    window = ran(ada)
    other = read(ada, "/adjustments/?month=2020-01")
    assert window.reference not in other and "Nothing was agreed" in other
    at = Adjustment.objects.get().starts_at
    assert window.reference not in read(ada, month(at) + "&service=mail") and window.reference in read(ada, month(at) + "&service=orders")
    assert browser(given.person("ada")).get("/adjustments/?month=soon").status_code == 422


def test_a_confidential_window_is_in_nobodys_document_who_may_not_see_it(ada: Actor) -> None:
    window = ran(ada)
    Window.objects.filter(pk=window.pk).update(confidential=True)
    at = Adjustment.objects.get().starts_at
    assert window.reference in read(ada, month(at))
    assert window.reference not in read(given.actor("vera", ("mail", Role.VIEWER)), month(at))


def test_it_costs_the_same_however_long_it_is(ada: Actor) -> None:
    ran(ada)
    address = month(Adjustment.objects.get().starts_at)

    def cost() -> int:
        read(ada, address)
        with CaptureQueriesContext(connection) as asked:
            read(ada, address)
        return len(asked)

    before = cost()
    for number in range(1, 6):
        ran(ada, 60 + number)
    assert cost() == before


def test_it_is_found_from_the_service_and_the_review_of_the_month(ada: Actor) -> None:
    assert "/adjustments/?service=orders" in read(ada, "/services/orders")
    assert "/adjustments/?month=" in read(ada, "/reviews/monthly/")
