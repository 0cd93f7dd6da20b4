"""Error budgets and burn rates on worked examples (SRE workbook, chapters 2 and 5) and for any numbers."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.budget import Part, Policy, Ratio, after, budget, column, figures
from slo.burn_rate import HOLD, RULES, WINDOWS, burn_rate, judge

THREE_NINES = Decimal("0.999")


@pytest.mark.parametrize(
    ("good", "total", "target", "allowed", "remaining"),
    [
        # The workbook's own example: 3,663,253 requests, 97 % availability, 109,897 may fail.
        (3_663_253, 3_663_253, "0.97", 109_897.59, 1.0),
        (999_000, 1_000_000, "0.999", 1000, 0.0),
        (999_500, 1_000_000, "0.999", 1000, 0.5),
        (997_000, 1_000_000, "0.999", 1000, -2.0),
        (0, 1, "0.999", 0.001, -999.0),
    ],
)
def test_budget(good: int, total: int, target: str, allowed: float, remaining: float) -> None:
    found = budget(Ratio(good, total), Decimal(target))
    assert found.allowed == pytest.approx(allowed)
    assert found.remaining == pytest.approx(remaining)


def test_r_c05_without_events_there_is_no_budget() -> None:
    found = budget(Ratio(), THREE_NINES)
    assert found.remaining is None
    assert found.allowed is None
    assert not found.is_known
    assert burn_rate(Ratio(), THREE_NINES) is None
    assert Ratio().value is None
    assert after(found, 10) is None


@pytest.mark.parametrize("target", ["0", "1", "1.2", "-0.1"])
def test_a_target_is_a_share(target: str) -> None:
    with pytest.raises(ValueError):
        budget(Ratio(1, 1), Decimal(target))


WHOLE = Ratio(999_400, 1_000_000)  # 600 bad of 1,000 allowed
INSIDE = Ratio(9_500, 10_000)  # 500 of them inside a window


@pytest.mark.parametrize(
    ("policy", "slack", "spent", "total", "remaining"),
    [
        (Policy.COUNT, 0.0, 600, 1_000_000, 0.4),
        (Policy.EXCLUDE, 0.0, 100, 990_000, 1 - 100 / 990),
        (Policy.ALLOW, 0.0, 600, 1_000_000, 0.4),
        (Policy.ALLOW, 0.3, 300, 1_000_000, 0.7),  # 300 of the 500 were agreed
        (Policy.ALLOW, 0.9, 100, 1_000_000, 0.9),  # what was agreed and not used is not saved up
    ],
)
def test_r_c09_raw_and_adjusted_side_by_side(policy: Policy, slack: float, spent: float, total: int, remaining: float) -> None:
    found = figures(WHOLE, [Part(INSIDE, policy, slack)], THREE_NINES)
    assert found.raw.spent == 600
    assert found.raw.remaining == pytest.approx(0.4)
    assert found.adjusted.spent == pytest.approx(spent)
    assert found.adjusted.total == total
    assert found.adjusted.remaining == pytest.approx(remaining)


def test_forecast() -> None:
    assert after(budget(WHOLE, THREE_NINES), 250) == pytest.approx(0.15)


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.decimals("0.5", "0.999999", places=6))
def test_budget_is_one_minus_burn(good: int, bad: int, target: Decimal) -> None:
    """Over one and the same range, what remains is 1 − burn rate: two ways to say one thing."""
    measured = Ratio(good, good + bad)
    found, rate = budget(measured, target), burn_rate(measured, target)
    if not measured.total:
        assert found.remaining is None
        assert rate is None
        return
    assert found.remaining == pytest.approx(1 - rate)
    assert (found.remaining == 1) == (bad == 0)


@given(st.integers(0, 1000), st.integers(0, 1000), st.floats(0, 1))
def test_adjusted_never_spends_more_than_raw(outside: int, inside: int, slack: float) -> None:
    whole, part = Ratio(100_000, 100_000 + outside + inside), Ratio(1000, 1000 + inside)
    for policy in Policy:
        found = figures(whole, [Part(part, policy, slack)], THREE_NINES)
        assert outside <= found.adjusted.spent + 1e-9 <= found.raw.spent + 2e-9
        assert found.raw == budget(whole, THREE_NINES)


@given(st.integers(0, 10**6), st.integers(0, 1000), st.integers(0, 10**6), st.integers(0, 1000), st.sampled_from(Policy), st.floats(0, 1))
def test_the_rows_of_a_budget_add_up_to_what_is_said_to_be_left(
    good: int, bad: int, good_inside: int, bad_inside: int, policy: Policy, slack: float
) -> None:
    whole, inside = Ratio(good + good_inside, good + good_inside + bad + bad_inside), Ratio(good_inside, good_inside + bad_inside)
    found = figures(whole, [Part(inside, policy, slack)], THREE_NINES)
    asked = slack * (found.raw.allowed or 0.0)
    told = column(found, asked)
    if told is None:
        assert found.adjusted.remaining is None
        return
    assert told.allowed - told.spent + told.left_out - told.narrowed - told.asked == told.left
    assert float(told.left) == pytest.approx(told.share * (found.adjusted.allowed or 0.0), abs=0.251)
    assert told.left_out >= 0 and told.narrowed >= 0 and told.share == after(found.adjusted, asked)


def test_what_was_agreed_and_left_out_is_a_row() -> None:
    found = column(figures(WHOLE, [Part(INSIDE, Policy.ALLOW, 0.3)], THREE_NINES), 100)
    assert found and (found.allowed, found.spent, found.left_out, found.narrowed, found.asked, found.left) == (1000, 600, 300, 0, 100, 600)
    taken = column(figures(WHOLE, [Part(INSIDE, Policy.EXCLUDE)], THREE_NINES), 0)
    assert taken and (taken.left_out, taken.narrowed, taken.left) == (500, 10, 890) and taken.share == pytest.approx(890 / 990)


@pytest.mark.parametrize(
    ("rates", "worst", "unknown"),
    [
        ({"1h": 14.4, "5m": 14.4, "6h": 0, "30m": 0, "3d": 0, "1d": 0}, "1h", 0),
        ({"1h": 20.0, "5m": 0.5, "6h": 7.0, "30m": 5.0, "3d": 0.5, "1d": 0.5}, None, 0),  # it is over: the short windows say so
        ({"1h": 3.0, "5m": 90.0, "6h": 1.0, "30m": 9.0, "3d": 0.1, "1d": 1.0}, None, 0),  # a spike that does not matter
        ({"1h": 14.399, "5m": 14.4, "6h": 6.0, "30m": 6.0, "3d": 0.1, "1d": 2.9}, "6h", 0),
        ({"1h": 1.0, "5m": 1.0, "6h": 1.0, "30m": 1.0, "3d": 1.0, "1d": 1.0}, "3d", 0),
        ({"1h": 1.0, "5m": 1.0, "2h": 3.0, "6h": 1.0, "30m": 1.0, "3d": 1.0, "1d": 3.0}, "1d", 0),
        ({"1h": None, "5m": None, "6h": 0.2, "30m": None, "3d": 0.1, "1d": 0.1}, None, 1),
        ({}, None, 4),
    ],
)
def test_r_c07_multi_window_judgement(rates: dict[str, float | None], worst: str | None, unknown: int) -> None:
    found = judge(rates)
    assert (found.worst.long if found.worst else None) == worst
    assert len(found.unknown) == unknown


def test_r_c06_float_noise_does_not_hide_a_burn() -> None:
    """14.4 times the allowed errors, as floats come out of divisions."""
    rates = {"1h": 14.399999999999999, "5m": 14.400000000000002}
    assert judge(rates, HOLD).burning == (RULES[0],)
    assert burn_rate(Ratio(1_000_000 - 14_400, 1_000_000), THREE_NINES) == 14.4


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.long)
def test_factors_are_the_workbook_s(rule) -> None:
    """factor = share of a 30-day budget × 30 days ÷ the long window; the short one is a twelfth of the long one."""
    month = 30 * 24 * 3600
    assert rule.factor == pytest.approx(rule.share * month / WINDOWS[rule.long].total_seconds())
    assert WINDOWS[rule.long] == 12 * WINDOWS[rule.short]
