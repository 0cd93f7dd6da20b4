"""Why a request is risky, which checks are green before the start, and how a change reads."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from windows.approvals.changes import shown
from windows.approvals.risk import Budget, Facts, checks, reasons

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CALM = Facts(
    starts_at=NOW + timedelta(days=1),
    ends_at=NOW + timedelta(days=1, hours=1),
    mode="degraded",
    change_type="normal",
    tiers=(3,),
    layers=("L3",),
    users=10,
    slack=0.0,
    runbook="Orders schema, version 3,",
    proven=True,
)


def test_a_calm_request_has_no_reasons_and_green_checks() -> None:
    assert reasons(CALM, 0.25) == []
    assert {one.verdict for one in checks(CALM, NOW, 0.25)} == {"pass"}


@pytest.mark.parametrize(
    ("said", "text", "grave"),
    [
        ({"tiers": (1, 3)}, "tier 1", True),
        ({"mode": "offline"}, "get nothing", True),
        ({"mode": "read_only"}, "cannot write", True),
        ({"change_type": "emergency"}, "emergency", True),
        ({"layers": ("L5",)}, "Layer L5: data", True),
        ({"layers": ("L2",)}, "Layer L2: network", False),
        ({"failures": {"Orders": 1}}, "1 window on Orders failed", False),
        ({"failures": {"Orders": 2}}, "2 windows on Orders failed", True),
        ({"budgets": (Budget("writes", 0.2),)}, "writes has 20 % left", True),
        ({"budgets": (Budget("writes", -0.2),)}, "writes is overspent", True),
        ({"runbook": "", "proven": False}, "No runbook", True),
        ({"proven": False}, "has never been run to its end", True),
        ({"slack": 0.1}, "asks for 10 %", False),
        ({"users": None}, "Nobody said how many", False),
        ({"users": 10_000}, "10,000 users", False),
        ({"ends_at": NOW + timedelta(days=2)}, "It is long", False),
    ],
)
def test_each_fact_gives_its_reason(said: dict[str, Any], text: str, grave: bool) -> None:
    (one,) = reasons(replace(CALM, **said), 0.25)
    assert text in one.text and one.grave is grave


def test_a_backup_that_preflight_will_miss_is_red_before_anybody_signs() -> None:
    found = {one.name: (one.verdict, one.reason) for one in checks(replace(CALM, backup_missing="No backup."), NOW, 0.25)}
    assert found["Backup"] == ("fail", "No backup.") and "Backup" not in {one.name for one in checks(CALM, NOW, 0.25)}


def test_what_the_public_was_not_told_is_red_before_anybody_signs() -> None:
    found = {one.name: (one.verdict, one.reason) for one in checks(replace(CALM, unannounced=("orders", "cart")), NOW, 0.25)}
    told = "The public knows orders, cart and was not told: no run begins before the window is announced."
    assert found.pop("Announcement") == ("fail", told) and {verdict for verdict, _ in found.values()} == {"pass"}


def test_grave_reasons_stand_first() -> None:
    found = reasons(replace(CALM, users=None, mode="offline", layers=("L2",)), 0.25)
    assert [one.grave for one in found] == [True, False, False]


@pytest.mark.parametrize(
    ("said", "name", "verdict"),
    [
        ({"starts_at": NOW}, "Start", "fail"),
        ({"hard": ("Orders is taken.",), "soft": ("A freeze.",)}, "Conflicts", "fail"),
        ({"soft": ("A freeze.",)}, "Conflicts", "inconclusive"),
        ({"budgets": (Budget("writes", None),)}, "Error budget", "inconclusive"),
        ({"budgets": (Budget("writes", 0.1), Budget("reads", None))}, "Error budget", "fail"),
        ({"budgets": (Budget("writes", 0.3),), "slack": 0.5}, "Error budget", "fail"),
        ({"budgets": (Budget("writes", 0.3),)}, "Error budget", "pass"),
    ],
)
def test_a_check_is_green_only_where_it_is_known_to_be(said: dict[str, Any], name: str, verdict: str) -> None:
    assert {one.name: one.verdict for one in checks(replace(CALM, **said), NOW, 0.25)}[name] == verdict


@pytest.mark.parametrize(
    ("field", "before", "after", "said"),
    [
        ("mode", "read_only", "offline", ("What users get meanwhile", "read-only", "offline")),
        (
            "scope",
            ["orders/production/r1/L3"],
            ["orders/production/r1/L3", "orders/production/r2/L3"],
            ("Scope", "nothing", "orders/production/r2/L3"),
        ),
        ("expected_users", None, 12000, ("Users who will notice", "nothing", "12,000")),
        ("parameters.batch_size", 100, 500, ("batch size", "100", "500")),
        ("slack", 0.0, 0.25, ("Error budget asked for", "0 % of the budget", "25 % of the budget")),
        ("runbook", "a" * 64, None, ("Runbook version", "a" * 12, "nothing")),
    ],
)
def test_n05_a_change_reads_as_field_before_and_after(field: str, before: Any, after: Any, said: tuple[str, str, str]) -> None:
    (one,) = shown([{"field": field, "before": before, "after": after}])
    assert (one.label, one.before, one.after) == said and one.before_at is None


def test_a_moved_start_keeps_its_moments() -> None:
    (one,) = shown([{"field": "starts_at", "before": "2026-11-24T12:00:00.000000+00:00", "after": "broken"}])
    assert one.before_at == NOW and one.after_at is None and one.after == "broken"
