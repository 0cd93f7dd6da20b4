"""Minutes are asked for by the database's clock."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from slo.objectives.commands import fetching
from windows.signals.commands import measuring
from windows.signals.tasks import measure


def test_r_e07_the_database_says_which_minutes_are_finished(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[datetime] = []
    there = datetime(2026, 3, 1, 12, 0, 45, tzinfo=UTC)
    monkeypatch.setattr(measuring, "clock", lambda: there)
    monkeypatch.setattr(
        fetching, "promises", lambda: [SimpleNamespace(service="orders", environment="production", slug="orders-availability")]
    )
    monkeypatch.setattr(fetching, "fetch", lambda one, minutes, is_tagged: asked.extend(minutes))
    measure()
    assert asked == [there.replace(second=0) - timedelta(minutes=back) for back in (1, 2, 3)]
