"""Who hears of what becomes of a window (X6), by the table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from windows.notices.deciding import Around, What, hearers, what
from windows.notices.words import Change, Told, body, heading_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAYS = timedelta(days=1)
MOVED = {"changed": {"starts_at": ["2026-03-05T10:00:00+00:00", "2026-03-06T10:00:00+00:00"]}}
TOLD = Told(
    "MW-7", "Rebuild", "It grew.", NOW + 5 * DAYS, NOW + 6 * DAYS, "offline", "", ["a in b/c"], "Olga", "", "https://portal/windows/MW-7"
)


@pytest.mark.parametrize(
    ("kind", "data", "status", "ahead", "found"),
    [
        ("window.requested", {}, "requested", 3, What.PLANNED),
        ("window.requested", {}, "approved", 3, None),  # pre-authorised: told as approved
        ("window.approved", {}, "approved", 3, What.APPROVED),
        ("window.approved", {}, "approved", 0.5, None),  # the notice ahead says it
        ("window.approved", {}, "cancelled", 3, None),
        ("window.amended", MOVED, "requested", 3, What.MOVED),
        ("window.amended", {"changed": {"title": ["a", "b"]}}, "approved", 3, None),
        ("window.cancelled", {}, "cancelled", 3, What.CALLED_OFF),
        ("window.rejected", {}, "rejected", 3, What.CALLED_OFF),
        ("window.withdrawn", {}, "draft", 3, What.CALLED_OFF),
        ("window.expired", {}, "expired", 0, What.CALLED_OFF),
        ("window.started", {}, "running", 0, What.BEGUN),
        ("window.extended", {}, "running", 0, What.LONGER),
        ("run.overran", {}, "running", -1, What.OVERRAN),
        ("window.started", {}, "completed", -1, None),  # read late: it is over, which is told
        ("window.extended", {}, "rolled_back", -1, None),
        ("run.overran", {}, "completed", -1, None),
        ("window.amended", MOVED, "cancelled", 3, None),
        ("window.failed", {}, "failed", -1, What.ENDED),
        ("rehearsal.overran", {}, "approved", 3, None),
        ("window.edited", MOVED, "draft", 3, None),
        ("window.created", {}, "draft", 3, None),
    ],
)
def test_x06_what_is_told_of_an_entry(kind: str, data: dict[str, Any], status: str, ahead: float, found: What | None) -> None:
    assert what(kind, data, status, NOW + ahead * DAYS, NOW) is found


def test_x06_each_hears_once_and_nobody_of_their_own_act() -> None:
    near = Around(["otto", "mia"], ["mia", "olga"], own=["olga"], did="otto")
    assert hearers(What.MOVED, near) == ["mia", "olga"]


def test_x06_who_is_paged_for_an_overrun_gets_no_notice_of_it() -> None:
    assert hearers(What.OVERRAN, Around(["otto", "mia"], ["mia", "ida", "olga"], own=["olga"])) == ["ida"]


def test_x06_of_a_confidential_window_only_those_hear_who_may_see_it() -> None:
    assert hearers(What.CALLED_OFF, Around(["otto"], ["mia"], may_see={"otto"})) == ["otto"]


def test_x06_a_move_says_from_when_to_when_and_a_series_is_one_message() -> None:
    change = Change(What.MOVED, "It must be approved anew.", before=(NOW, NOW + DAYS))
    assert heading_of(TOLD, change) == "MW-7 moved to 2026-03-06 12:00 UTC: Rebuild"
    said = body(TOLD, change)
    assert "Before: 2026-03-01 12:00 UTC to 2026-03-02 12:00 UTC\nWhy: It must be approved anew." in said
    off = Change(What.CALLED_OFF, "No need.")
    assert heading_of(TOLD, off, 12) == "MW-7 (and 12 more of its series) will not take place: Rebuild"
    lines = body(TOLD, off, [f"MW-{n}" for n in range(12)]).split("\n")
    assert lines.count("And 2 more") == 1 and "And MW-9" in lines and "And MW-10" not in lines
    assert heading_of(TOLD, Change(What.ENDED, ended="completed")) == "MW-7 has ended: completed: Rebuild"
    assert heading_of(TOLD, Change(What.LONGER, until=NOW)) == "MW-7 goes on until 2026-03-01 12:00 UTC: Rebuild"
