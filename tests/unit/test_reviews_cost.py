"""What a window costs: people's hours and money, never guessed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windows.reviews.cost import Cost, Leftover, Rates, actual, estimate, rates, spent, times

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
H = timedelta(hours=1)
D = Decimal


@pytest.mark.parametrize(
    ("people", "cloud", "services", "named", "found"),
    [
        (3, D(10), [D(5)], 2, Rates(3, D(10), "the runbook", "the runbook")),
        (None, None, [D(5), D(7)], 2, Rates(2, D(12), "its coordinator and deputy", "the services")),
        (None, None, [D(5), None], 1, Rates(1, None, "its coordinator", "")),
        (None, D(0), [None], 1, Rates(1, D(0), "its coordinator", "the runbook")),
        (None, None, [], 1, Rates(1, None, "its coordinator", "")),
    ],
)
def test_x20_the_runbook_s_figures_go_before_the_services(people, cloud, services, named, found) -> None:  # type: ignore[no-untyped-def]
    assert rates(people, cloud, services, named) == found


def test_x20_whose_figures_they_are_is_said_in_a_sentence() -> None:
    of_services, of_runbook = rates(None, None, [D(5), D(7)], 2), rates(3, D(10), [], 1)
    assert (of_services.people_said, of_services.cloud_said) == (": its coordinator and deputy", ", as its services say")
    assert (of_runbook.people_said, of_runbook.cloud_said) == (", as the runbook says", ", as the runbook says")


def test_x20_estimate_and_actual() -> None:
    at = Rates(2, D("12.50"))
    assert estimate(2 * H, at) == Cost(4.0, D("25.00"))
    left = [Leftover(D(3), NOW - 4 * H, NOW - 2 * H), Leftover(D(1), NOW - H, None)]
    done = actual(H / 2, 3, at, left, NOW)
    assert done == Cost(1.5, D("6.25"), D("7.00")) and done.money == D("13.25")


@pytest.mark.parametrize(
    ("at", "left", "money"),
    [
        (Rates(1, None), [], None),
        (Rates(1, D(1)), [Leftover(None, NOW, None)], None),
        (Rates(1, D(1)), [], D("1.00")),
        (Rates(1, D(1)), [Leftover(D(5), NOW + H, None)], D("1.00")),  # the clock was set back: nothing is paid twice or given back
    ],
)
def test_x20_what_is_not_known_is_not_zero(at: Rates, left: list[Leftover], money: Decimal | None) -> None:
    assert actual(H, 1, at, left, NOW).money == money


@given(st.decimals(0, 10**6, places=2), st.timedeltas(timedelta(), timedelta(days=400)), st.timedeltas(timedelta(), timedelta(days=400)))
def test_x20_longer_never_costs_less(per_hour: Decimal, one: timedelta, more: timedelta) -> None:
    first, second = times(per_hour, one), times(per_hour, one + more)
    assert first is not None and second is not None and second >= first


@dataclass(frozen=True)
class Both:
    estimate: Cost
    actual: Cost | None


def test_x20_only_what_can_be_compared_is_added_up() -> None:
    found = spent([
        Both(Cost(2.0, D(10)), Cost(3.0, D(12), D(1))), Both(Cost(1.0, None), Cost(1.0, None)), Both(Cost(9.0, D(9)), None),
        Both(Cost(4.0, None), Cost(None, None)),
    ])  # fmt: skip
    assert (found.all, found.known, found.hours_known, found.estimated, found.actual) == (3, 1, 2, D(10), D(13))
    assert (found.estimated_hours, found.actual_hours) == (3.0, 4.0)
