"""The preflight check `backup`, judged: what a query's answer says about the age of the newest backup."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from windows.actions.gates import Answer
from windows.execution.checks.backup import judge
from windows.runbooks.spec import BackupCheck

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WANTED = BackupCheck("orders", "select max(finished_at) from backups", timedelta(hours=24))
PASS, FAIL, INCONCLUSIVE = Answer.PASS, Answer.FAIL, Answer.INCONCLUSIVE
IN_TOKYO = timezone(timedelta(hours=9))


@pytest.mark.parametrize(
    ("newest", "verdict", "says"),
    [
        (NOON - timedelta(hours=3), PASS, "ended 2026-03-01 09:00:00 UTC, 3h ago; 1d is allowed."),
        (NOON, PASS, "0s ago"),
        (NOON - timedelta(hours=24), PASS, "1d ago; 1d is allowed."),
        (datetime(2026, 3, 1, 20, tzinfo=IN_TOKYO), PASS, "ended 2026-03-01 11:00:00 UTC, 1h ago"),
        (NOON - timedelta(hours=24, microseconds=1000), FAIL, "it is 0.001s too old"),
        (NOON - timedelta(hours=26, minutes=39), FAIL, "1d2h39m ago; 1d is allowed, so it is 2h39m too old."),
        (datetime(2026, 2, 28, 20, tzinfo=IN_TOKYO), FAIL, "ended 2026-02-28 11:00:00 UTC, 1d1h ago"),
        (datetime.min.replace(tzinfo=UTC), FAIL, "too old"),
        (None, INCONCLUSIVE, "No backup of orders is on record."),
        (NOON + timedelta(seconds=1), INCONCLUSIVE, "ended 2026-03-01 12:00:01 UTC, 1s from now: one of the two clocks"),
        (datetime.max.replace(tzinfo=UTC), INCONCLUSIVE, "from now"),
        (NOON.replace(tzinfo=None), INCONCLUSIVE, "without a time zone"),
        (NOON.date(), INCONCLUSIVE, "datetime.date(2026, 3, 1), which is no time"),
        (date.max, INCONCLUSIVE, "no time"),
        (NOON.isoformat(), INCONCLUSIVE, "no time"),
        (NOON.timestamp(), INCONCLUSIVE, "no time"),
        (Decimal(1), INCONCLUSIVE, "no time"),
        (timedelta(hours=1), INCONCLUSIVE, "no time"),
        (True, INCONCLUSIVE, "answered True, which is no time"),
    ],
)
def test_only_an_aware_time_that_has_passed_tells_an_age(newest: object, verdict: Answer, says: str) -> None:
    found = judge(WANTED, newest, NOON)
    assert (found.verdict, says in found.reason) == (verdict, True), found
    assert found.evidence["database"] == "orders"
