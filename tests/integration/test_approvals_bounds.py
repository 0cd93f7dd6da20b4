"""Lead time, hours and budget of a policy, when it is asked; and how long approvals took."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import F

from slo.objectives.models import Objective
from tests import given_windows as given
from tests.callers import browser, caller
from windows.access.roles import Actor, Role
from windows.approvals.commands import amend_window, decide, request_window
from windows.approvals.commands.policies import PolicyDraft, save_policy
from windows.approvals.models import ApprovalRequest, Policy
from windows.approvals.queries.lead_times import lead_times
from windows.audit.clock import clock
from windows.errors import Conflict
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db
OWNER = {"role": "owner", "quorum": 1, "team": "owner"}


@pytest.fixture
def ada() -> Actor:
    return given.actor("ada", ("shop", Role.MEMBER))


@pytest.fixture
def olga() -> Actor:
    return given.actor("olga", ("shop", Role.OWNER))


def policy(**said: Any) -> Policy:
    root = given.actor("root", administrator=True)
    return save_policy(root, PolicyDraft(**({"name": "Tier 1", "position": 5, "requires": [OWNER]} | said)))


def test_inside_the_lead_time_a_request_is_refused_and_moved_there_too(ada: Actor) -> None:
    policy(bounds={"lead_hours": 72})
    window = given.window(ada)
    with pytest.raises(Conflict, match="72 hours before it begins") as refused:
        request_window(ada, window.pk)
    assert refused.value.field == "starts_at" and Window.objects.get().status == "draft" and not ApprovalRequest.objects.exists()
    later = request_window(ada, given.window(ada, "later", starts_at=given.soon(100)).pk)
    with pytest.raises(Conflict):
        amend_window(ada, later.pk, {"starts_at": given.soon(48), "ends_at": given.soon(49)}, later.version)
    assert request_window(ada, given.window(ada, "urgent", change_type="emergency").pk).status == "requested"
    tried = caller(ada).post("/windows-validate", {
        "title": "T", "reason": "R", "team": "shop", "owner_id": ada.person_id, "coordinator_id": ada.person_id,
        "starts_at": given.soon(30).isoformat(), "ends_at": given.soon(31).isoformat(),
        "scope": [{"service": "orders", "environment": "production"}],
    })  # fmt: skip
    assert tried.json()["field"] == "starts_at" and not tried.json()["may_request"]
    assert "Its policy refuses this" in browser(ada).get(f"/windows/{window.reference}/edit").content.decode()


def test_or_it_takes_a_signature_more(ada: Actor, olga: Actor) -> None:
    sam = given.actor("sam", ("infra", Role.SRE))
    policy(bounds={"lead_hours": 72, "else_role": "sre"})
    window = request_window(ada, given.window(ada).pk)
    request = ApprovalRequest.objects.get()
    assert [need["role"] for need in request.requires] == ["owner", "sre"] and "SRE too" in request.policy
    assert decide(olga, window.pk, "approved").status == "requested"
    assert decide(sam, window.pk, "approved").status == "approved"


def test_a_policy_by_the_budget_that_is_left(ada: Actor) -> None:
    policy(name="Budget low", position=1, match={"budget_left_below": 0.25}, requires=[{"role": "sre", "quorum": 1, "team": "any"}])
    policy(name="Else", position=2)
    request_window(ada, given.window(ada).pk)
    assert ApprovalRequest.objects.get().policy == "Else", "nothing is promised, so nothing is low"
    given.service("pay")
    Objective.objects.create(slug="pay-writes", service="pay", environment="production", title="Writes", target=Decimal("0.99"))
    request_window(ada, given.window(ada, "pay", starts_at=given.soon(30)).pk)
    assert ApprovalRequest.objects.latest("id").policy == "Budget low", "what was never measured cannot be told"


def test_lead_times_are_measured_by_team_and_shown(ada: Actor, olga: Actor, django_assert_num_queries: Any) -> None:
    policy()
    for hours in (2, 4):
        window = request_window(ada, given.window(ada, f"s{hours}", starts_at=given.soon(20 + hours)).pk)
        decide(olga, window.pk, "approved")
        ApprovalRequest.objects.filter(window=window).update(requested_at=F("decided_at") - timedelta(hours=hours))
    now = clock()
    with django_assert_num_queries(1):
        (one,) = lead_times(now)
    assert (one.count, one.median, one.longest) == (2, timedelta(hours=3), timedelta(hours=4))
    page = browser(ada).get("/approvals/board").content.decode()
    assert "From request to approval" in page and "Shop" in page
    (row,) = caller(ada).get("/approvals/lead-times").json()
    assert row["team"] == "shop" and row["count"] == 2 and row["median_seconds"] == 3 * 3600
    ApprovalRequest.objects.update(decided_at=clock() - timedelta(days=91))
    assert lead_times(clock()) == []
