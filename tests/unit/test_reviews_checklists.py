"""Checklists before a window: done and not by evidence, unknown where no record tells."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from windows.reviews.checklists import Standing, before

READY = Standing(
    approved=True, has_runbook=True, rehearsed="RH-3", checks={"backup": "pass", "freeze": "pass"}, services=["orders"], covered=["orders"],
    saw_backup=True, told=2, ahead=True, on_call=1, touches_data=True,
)  # fmt: skip
BARE = Standing(checks={})


def states(seen: Standing) -> dict[str, str]:
    return {item.title: item.state for one in before(seen) for item in one.items}


def test_what_is_on_record_is_done_and_what_no_record_tells_is_unknown() -> None:
    found = states(READY)
    assert len(found) == 10 and {title for title, state in found.items() if state != "done"} == {
        "Tags and dashboards validated", "Communication templates ready",
    }  # fmt: skip
    assert {title for title, state in states(BARE).items() if state == "done"} == set()


@pytest.mark.parametrize(
    ("changes", "title", "state"),
    [
        ({"approved": False}, "Ownership and approvals", "not"),
        ({"rehearsed": ""}, "Flag and automation tested in staging", "not"),
        ({"rehearsed": ""}, "Rollback automation ready", "unknown"),
        ({"has_runbook": False, "rehearsed": ""}, "Rollback automation ready", "not"),
        ({"services": ["orders", "mail"]}, "Tags and dashboards validated", "not"),
        ({"services": ["orders", "mail"]}, "Monitoring and log retention verified", "not"),
        ({"checks": {}}, "Backup and restore plan validated", "unknown"),
        ({"saw_backup": False}, "Backup and restore plan validated", "unknown"),
        ({"saw_backup": False, "touches_data": False}, "Backup and restore plan validated", "not_applicable"),
        ({"checks": {}, "touches_data": False}, "Backup and restore plan validated", "not_applicable"),
        ({"touches_data": False}, "Backup and restore plan validated", "done"),  # its runbook asks all the same
        ({"checks": {"backup": "fail"}}, "Backup and restore plan validated", "not"),
        ({"checks": {"backup": "inconclusive"}}, "Preflight green", "not"),
        ({"checks": {}}, "Preflight green", "unknown"),
        ({"low": ["orders-writes"]}, "Budget sufficient", "not"),
        ({"silent": ["orders-writes"]}, "Budget sufficient", "unknown"),
        ({"silent": ["orders-writes"]}, "Monitoring and log retention verified", "not"),
        ({"told": 0}, "On-call and stakeholders notified", "not"),
        ({"told": 0, "queued": 3}, "On-call and stakeholders notified", "not"),
        ({"told": 0, "beside": ["MW-7"]}, "On-call and stakeholders notified", "done"),
        ({"ahead": False}, "On-call and stakeholders notified", "unknown"),
        ({"rehearsed": "", "tried": "A dry run went well.", "only_dry": True}, "Flag and automation tested in staging", "unknown"),
        ({"rehearsed": "", "tried": "A game day of it went well (RH-4)."}, "Flag and automation tested in staging", "done"),
        ({"rehearsed": "", "tried": "A dry run of it went well (RH-4)."}, "Rollback automation ready", "unknown"),
        ({"announced": "Orders rest"}, "Communication templates ready", "done"),
        ({"unannounced": ["orders"]}, "Communication templates ready", "not"),
        ({"confidential": True}, "Communication templates ready", "unknown"),
        ({"on_call": 0}, "On-call and stakeholders notified", "not"),
        ({"on_call": None}, "On-call and stakeholders notified", "done"),
        ({"on_call": None, "told": 0}, "On-call and stakeholders notified", "not"),
    ],
)
def test_each_item_falls_by_its_own_evidence(changes: dict[str, Any], title: str, state: str) -> None:
    assert states(replace(READY, **changes))[title] == state


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"told": 0}, "No message about it was sent."),
        ({"told": 0, "queued": 1}, "0 of 1 message about it got through, 1 on the way."),
        (
            {"told": 2, "queued": 1, "dead": 1, "ahead": True},
            "2 of 4 messages about it got through, 1 on the way, 1 did not get through. The notice before its start went out. 1 on call.",
        ),
        ({"told": 1, "ahead": True, "on_call": None}, "1 message about it got through. The notice before its start went out."),
        ({"told": 2, "on_call": 0}, "Nobody is on call for its teams. 2 messages about it got through."),
        ({"told": 0, "ahead": False, "beside": ["MW-7"]}, "Told together with MW-7. No notice before its start went out. 1 on call."),
    ],
)
def test_messages_are_told_as_the_communication_tab_counts_them(changes: dict[str, Any], said: str) -> None:
    assert {item.title: item.said for one in before(replace(READY, **changes)) for item in one.items}[
        "On-call and stakeholders notified"
    ] == said
