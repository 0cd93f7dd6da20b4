"""The public page's judgement and its Statuspage documents."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.status.document import Page, documents
from windows.announcements.queries import PublicComponent, PublicMaintenance, PublicUpdate
from windows.announcements.states import PublicStatus, public_status, sentence
from windows.lifecycle.states import WindowStatus

P, W = PublicStatus, WindowStatus
T, HOUR = datetime(2027, 3, 1, 22, tzinfo=UTC), timedelta(hours=1)
PAGE = Page("Shop", "https://status.example.org/status", T)
ORDERS = PublicComponent(1, "Ordering", "", 1, T, T)
SAID = PublicUpdate(1, P.SCHEDULED, "Ordering is read-only for an hour.", T - HOUR)
PLANNED = PublicMaintenance(
    uid=UUID(int=7), title="Ordering is read-only", status=P.SCHEDULED, starts_at=T, ends_at=T + HOUR, begun_at=None, announced_at=T - HOUR,
    updated_at=T - HOUR, updates=(SAID,), components=(1,),
)  # fmt: skip
BEGUN = replace(PLANNED, status=P.IN_PROGRESS, begun_at=T, updates=(PublicUpdate(2, P.IN_PROGRESS, "It has begun.", T), SAID))
# The keys of INTEROP §1, name by name.
PAGE_KEYS = "id name url time_zone updated_at"
COMPONENT = "id name status created_at updated_at position description showcase group_id page_id group only_show_if_degraded"
MAINTENANCE = (
    "id name status created_at updated_at monitoring_at resolved_at impact shortlink started_at page_id incident_updates components "
    "scheduled_for scheduled_until"
)
UPDATE = "id status body incident_id created_at updated_at display_at affected_components deliver_notifications custom_tweet tweet_id"


@pytest.mark.parametrize(
    ("window", "validating", "shown", "status"),
    [
        (W.DRAFT, False, False, None), (W.REQUESTED, False, True, None), (W.APPROVED, False, False, P.SCHEDULED),
        (W.RUNNING, False, True, P.IN_PROGRESS), (W.RUNNING, True, True, P.VERIFYING), (W.COMPLETED, False, True, P.COMPLETED),
        (W.ROLLED_BACK, False, False, P.COMPLETED), (W.FAILED, False, True, P.COMPLETED), (W.CANCELLED, False, True, P.COMPLETED),
        (W.CANCELLED, False, False, None), (W.EXPIRED, False, True, P.COMPLETED), (W.REJECTED, False, False, None),
    ],
)  # fmt: skip
def test_the_public_sees_a_window_once_it_is_approved(window: W, validating: bool, shown: bool, status: P | None) -> None:
    assert public_status(window, validating, shown) is status


def test_the_end_says_which_end_it_was() -> None:
    ends = [sentence(P.COMPLETED, window) for window in (W.COMPLETED, W.ROLLED_BACK, W.FAILED, W.CANCELLED)]
    assert len(set(ends)) == 4 and "taken back" in ends[1] and "not take place" in ends[3]


def test_r_g10_every_document_has_statuspages_keys_and_state_names() -> None:
    told = documents(PAGE, [ORDERS], [BEGUN, PLANNED])
    assert set(told) == {
        "summary.json", "status.json", "components.json", "incidents.json", "incidents/unresolved.json", "scheduled-maintenances.json",
        "scheduled-maintenances/upcoming.json", "scheduled-maintenances/active.json",
    }  # fmt: skip
    assert all(list(one["page"]) == PAGE_KEYS.split() for one in told.values())
    summary: dict[str, Any] = told["summary.json"]
    assert set(summary) == {"page", "components", "incidents", "scheduled_maintenances", "status"}
    assert summary["status"] == {"indicator": "maintenance", "description": "Service Under Maintenance"}
    assert [one["status"] for one in summary["scheduled_maintenances"]] == ["in_progress", "scheduled"]
    assert (set(summary["components"][0]), summary["components"][0]["status"]) == (set(COMPONENT.split()), "under_maintenance")
    shown = summary["scheduled_maintenances"][0]
    assert set(shown) == set(MAINTENANCE.split()) and set(shown["incident_updates"][0]) == set(UPDATE.split())
    assert (shown["scheduled_for"], shown["started_at"], shown["resolved_at"]) == ("2027-03-01T22:00:00.000Z",) * 2 + (None,)
    assert shown["incident_updates"][0]["affected_components"][0]["new_status"] == "under_maintenance"
    assert [one["id"] for one in told["scheduled-maintenances/active.json"]["scheduled_maintenances"]] == [shown["id"]]
    assert documents(PAGE, [ORDERS], [PLANNED])["status.json"]["status"]["indicator"] == "none"


@given(st.lists(st.sampled_from(list(P)), max_size=6))
def test_upcoming_and_active_are_parts_of_all(statuses: list[P]) -> None:
    rows = [replace(PLANNED, uid=UUID(int=n), status=status) for n, status in enumerate(statuses)]
    told = documents(PAGE, [ORDERS], rows)
    everything = {one["id"] for one in told["scheduled-maintenances.json"]["scheduled_maintenances"]}
    parts = [told[f"scheduled-maintenances/{name}.json"]["scheduled_maintenances"] for name in ("upcoming", "active")]
    assert len(everything) == len(rows) and {one["id"] for part in parts for one in part} <= everything
    assert sum(map(len, parts)) == sum(status is not P.COMPLETED for status in statuses)
