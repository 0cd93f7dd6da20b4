"""What a notice says (X6): all that is needed, in the message itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from windows.notices.words import Told, body, heading

AHEAD = Told(
    "MW-1042", "Rebuild the index", "It has grown.", datetime(2026, 3, 1, 22, tzinfo=UTC), datetime(2026, 3, 1, 23, 30, tzinfo=UTC),
    "read_only", "Nothing can be ordered.", [f"s{n} in production/r1" for n in range(12)], "Olga", "", "https://portal/windows/MW-1042",
)  # fmt: skip


def test_x06_it_says_when_where_what_users_get_and_whom_to_ask() -> None:
    assert heading(AHEAD) == "MW-1042 begins 2026-03-01 22:00 UTC: Rebuild the index"
    reason, facts, last = body(AHEAD).split("\n\n")
    assert reason == "It has grown."
    when, where, get, ask = facts.split("\n")
    assert when == "When: 2026-03-01 22:00 UTC to 2026-03-01 23:30 UTC"
    assert where.startswith("Where: s0 in production/r1, ") and where.endswith("s9 in production/r1 and 2 more")
    assert (get, ask) == ("Users get: read only. Nothing can be ordered.", "Ask: owner Olga")
    assert last.endswith("https://portal/windows/MW-1042\n")


def test_x06_what_is_not_known_leaves_no_hole() -> None:
    told = body(replace(AHEAD, reason="", owner="", impact="", places=["a in b/c"]))
    assert "Ask" not in told and "\n\n\n" not in told and not told.startswith("\n")
    assert "Users get: read only." in told
