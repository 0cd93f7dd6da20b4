"""An emergency's approval after the fact, and the reminders of open requests: by tables."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windows.approvals.emergencies import Owed, Tally, Telling, owed, tally, to_be_told
from windows.approvals.reminding import Step, moments, step_due

T = datetime(2027, 1, 1, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
DUE = T + 24 * HOUR


@pytest.mark.parametrize(
    ("decision", "decided", "now", "expected"),
    [
        ("", None, 1, Owed.OPEN),
        ("", None, 24, Owed.OVERDUE),
        ("approved", 23, 30, Owed.APPROVED),
        ("approved", 24, 30, Owed.APPROVED),
        ("approved", 25, 30, Owed.LATE),
        ("rejected", 1, 2, Owed.REJECTED),
    ],
)
def test_r_e13_where_an_emergency_s_approval_stands(decision: str, decided: int | None, now: int, expected: Owed) -> None:
    assert owed(DUE, decision, None if decided is None else T + decided * HOUR, T + now * HOUR) is expected


@pytest.mark.parametrize(
    ("reminded", "told", "now", "expected"),
    [
        (False, False, 17.9, None),
        (False, False, 18, Telling.REMINDED),
        (True, False, 18, None),
        (True, False, 24, Telling.OVERDUE),
        (False, False, 30, Telling.OVERDUE),
        (False, True, 30, None),
    ],
)
def test_r_e13_what_is_said_meanwhile(reminded: bool, told: bool, now: float, expected: Telling | None) -> None:
    assert to_be_told(T, DUE, reminded=reminded, told_overdue=told, now=T + now * HOUR) is expected


def test_they_are_counted() -> None:
    found = [Owed.APPROVED, Owed.APPROVED, Owed.LATE, Owed.REJECTED, Owed.OPEN, Owed.OVERDUE]
    assert tally(found) == Tally(begun=6, in_time=2, late=1, rejected=1, open=1, overdue=1)
    assert tally([]) == Tally()


@pytest.mark.parametrize(
    ("ahead", "said", "now", "expected"),
    [
        (240, [], 0, Step.ASKED),
        (240, ["asked"], 215, None),
        (240, ["asked"], 216, Step.REMINDED),  # a day before
        (240, ["asked", "reminded"], 235, None),
        (240, ["asked", "reminded"], 236, Step.ESCALATED),  # four hours before
        (240, ["asked", "reminded", "escalated"], 239, None),
        (240, [], 238, Step.ESCALATED),  # what was missed is not said any more
        (8, ["asked"], 3, None),
        (8, ["asked"], 4, Step.REMINDED),  # half the time
        (8, ["asked", "reminded"], 6, Step.ESCALATED),  # a quarter
        (8, ["escalated"], 7, None),
    ],
)
def test_when_approvers_are_told(ahead: int, said: list[str], now: int, expected: Step | None) -> None:
    assert step_due(T, T + ahead * HOUR, said, T + now * HOUR) is expected


@given(ahead=st.floats(0.01, 2000), at=st.floats(0, 2000))
def test_steps_come_in_their_order_and_never_twice(ahead: float, at: float) -> None:
    found = moments(T, T + ahead * HOUR)
    assert T <= found[Step.ASKED] <= found[Step.REMINDED] <= found[Step.ESCALATED] <= T + ahead * HOUR
    step = step_due(T, T + ahead * HOUR, [], T + at * HOUR)
    assert step is not None and step_due(T, T + ahead * HOUR, [step], T + at * HOUR) is None
