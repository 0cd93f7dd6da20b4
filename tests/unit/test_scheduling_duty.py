"""Who alone is on call while a window lies."""

from datetime import UTC, datetime, timedelta

import pytest

from windows.scheduling.conflicts import Duty, Shift

NOON, HOUR = datetime(2027, 3, 1, 12, tzinfo=UTC), timedelta(hours=1)
ADA, BO = (1, "Ada"), (2, "Bo")


def shift(begins: float, ends: float, person: tuple[int, str] = ADA) -> Shift:
    return Shift(NOON + begins * HOUR, NOON + ends * HOUR, person)


@pytest.mark.parametrize(
    ("shifts", "by_role", "alone"),
    [
        ([], None, set()),
        ([], BO, {BO}),
        ([shift(-1, 3)], BO, {ADA}),
        ([shift(-1, 3), shift(-1, 3, BO)], None, set()),
        ([shift(-1, 3), shift(-1, 3)], None, {ADA}),  # two calendars name the same person
        ([shift(-1, 3), shift(-1, 1, BO)], None, {ADA}),  # alone in the second hour
        ([shift(-1, 1), shift(1, 3, BO)], None, {ADA, BO}),  # one hands over to the other
        ([shift(-1, 1)], BO, {ADA, BO}),  # the role counts where no shift does
        ([shift(-3, 0), shift(2, 4)], None, set()),  # over when it begins, begins when it is over
        ([shift(0.5, 1, BO)], ADA, {ADA, BO}),
    ],
)
def test_x11_who_is_the_only_one_on_call_at_some_moment(shifts: list[Shift], by_role: tuple[int, str] | None, alone: set[object]) -> None:
    duty = Duty({"shop": by_role} if by_role else {}, {"shop": shifts})
    assert duty.alone({"shop"}, NOON, NOON + 2 * HOUR) == alone and duty.alone({"data"}, NOON, NOON + 2 * HOUR) == frozenset()
