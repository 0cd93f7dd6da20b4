"""Times within sentences by their reader's clock."""

from __future__ import annotations

import pytest

from windows.lifecycle.moments import in_zone

NO_TIME = "Since 2026-13-41 99:00 UTC, 0001-01-01 00:00 UTC."  # people write into these sentences too
TEXT = "From 2026-11-24 22:30 UTC to 2026-11-24 23:30 UTC."


@pytest.mark.parametrize(
    ("text", "zone", "told", "beside"),
    [
        (TEXT, "Europe/London", "From Tue 24 Nov 22:30 to 23:30 GMT.", TEXT),
        (TEXT, "UTC", "From Tue 24 Nov 22:30 to 23:30 UTC.", TEXT),
        (
            TEXT,
            "Europe/Berlin",
            "From Tue 24 Nov 23:30 to Wed 25 Nov 00:30 CET.",
            "From Tue 24 Nov 23:30 to Wed 25 Nov 00:30 CET (2026-11-24 22:30 UTC to 2026-11-24 23:30 UTC).",
        ),
        ("2026-11-24 01:00:05 UTC", "Asia/Tokyo", "Tue 24 Nov 10:00:05 JST", "Tue 24 Nov 10:00:05 JST (2026-11-24 01:00:05 UTC)"),
        (NO_TIME, "America/New_York", NO_TIME, NO_TIME),
        ("Nothing is said of 2026-11-24.", "Asia/Tokyo", *["Nothing is said of 2026-11-24."] * 2),
    ],
)
def test_a_time_is_said_by_its_readers_clock_and_utc_beside_it(text: str, zone: str, told: str, beside: str) -> None:
    assert in_zone(text, zone) == told
    assert in_zone(text, zone, beside=True) == beside
