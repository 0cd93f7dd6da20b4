"""What is left of a run, from how long its steps took lately."""

from datetime import UTC, datetime, timedelta

import pytest

from windows.execution.pace import Stretch, left

NOW = datetime(2026, 11, 25, 3, 18, tzinfo=UTC)
M = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("stretches", "expected"),
    [
        ([], timedelta()),
        ([Stretch(10 * M), Stretch(2 * M)], 12 * M),
        ([Stretch(10 * M, NOW - 4 * M), Stretch(2 * M)], 8 * M),
        ([Stretch(10 * M, NOW - 40 * M), Stretch(2 * M)], 2 * M),  # late already: it may end at any moment, not in the past
        ([Stretch(10 * M, NOW + M)], 10 * M),  # a clock that runs ahead takes nothing away
        ([Stretch(10 * M), Stretch(None)], None),  # one unknown makes the whole unknown
    ],
)
def test_what_is_left(stretches: list[Stretch], expected: timedelta | None) -> None:
    assert left(stretches, NOW) == expected
