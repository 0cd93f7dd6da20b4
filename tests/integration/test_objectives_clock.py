"""Minutes are asked for by the database's clock."""

from datetime import UTC, datetime, timedelta

import pytest

from slo.objectives import tasks


def test_r_e07_the_database_says_which_minutes_are_finished(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[datetime] = []
    there = datetime(2026, 3, 1, 12, 0, 45, tzinfo=UTC)
    monkeypatch.setattr(tasks, "clock", lambda: there)
    monkeypatch.setattr(tasks, "promises", lambda: [object()])
    monkeypatch.setattr(tasks, "fetch", lambda one, minutes: asked.extend(minutes))
    tasks.measure()
    assert asked == [there.replace(second=0) - timedelta(minutes=back) for back in (1, 2, 3)]
