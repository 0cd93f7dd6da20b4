"""Measurements with running sums: exact for any order of arrival, however many write at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slo.budget import Ratio
from slo.errors import Invalid
from slo.intervals import Interval
from slo.telemetry.commands import push
from slo.telemetry.models import DayTotal, Measurement, Sample
from slo.telemetry.queries import by_minute, labelled, ratio, recent, tagged
from slo.telemetry.readings import Push
from slo.telemetry.retention import forget

START = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=10)
NEVER = Interval(START - timedelta(days=300), START + timedelta(days=20))


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


def one(number: int, good: int, total: int, **more) -> Push:
    return Push(key=more.pop("key", f"{number}"), at=minute(number) + timedelta(seconds=7), good=good, total=total, **more)


def sums_hold(series: str) -> None:
    """Stored running sums equal what the minutes add up to."""
    good = total = 0
    day = None
    for row in Measurement.objects.filter(series=series).order_by("minute"):
        if row.minute.date() != day:
            day, good, total = row.minute.date(), 0, 0
        good, total = good + row.good, total + row.total
        assert (row.good_sum, row.total_sum) == (good, total)
    good = total = 0
    for row in DayTotal.objects.filter(series=series).order_by("day"):
        inside = ratio_by_hand(series, datetime.combine(row.day, datetime.min.time(), UTC), timedelta(days=1))
        assert (row.good, row.total) == (inside.good, inside.total)
        good, total = good + row.good, total + row.total
        assert (row.good_sum, row.total_sum) == (good, total)


def ratio_by_hand(series: str, since: datetime, length: timedelta) -> Ratio:
    rows = Measurement.objects.filter(series=series, minute__gte=since, minute__lt=since + length)
    return sum((Ratio(row.good, row.total) for row in rows), Ratio())


@pytest.mark.django_db
def test_a_push_counts_once() -> None:
    assert push("orders", [one(0, 9, 10), one(1, 10, 10)]) == 2
    assert push("orders", [one(1, 10, 10), one(2, 4, 5)]) == 1
    assert push("orders", [one(2, 4, 5), one(2, 4, 5)]) == 0
    assert push("orders", [one(3, 1, 1), one(3, 1, 1)]) == 1  # twice in one push
    assert push("orders", [one(2, 4, 5, source="another-node")]) == 1
    assert push("orders", []) == 0
    assert ratio("orders", NEVER.start, NEVER.end) == Ratio(28, 31)
    assert Sample.objects.count() == 5
    sums_hold("orders")


@pytest.mark.django_db
def test_late_data_is_welcome() -> None:
    for number in (3000, 10, 1441, 1439, 1440, 0, 2999, 10):
        push("orders", [one(number, 1, 2, key=f"{number}-{Sample.objects.count()}")])
        sums_hold("orders")
    assert ratio("orders", minute(0), minute(1440)) == Ratio(4, 8)
    assert ratio("orders", minute(1440), minute(1442)) == Ratio(2, 4)
    assert ratio("orders", minute(1442), minute(2999)) == Ratio()


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pushes=st.lists(st.lists(st.tuples(st.integers(0, 6000), st.integers(0, 50), st.integers(0, 50)), max_size=6), min_size=1, max_size=5),
    cuts=st.lists(st.integers(-100, 6100), min_size=6, max_size=6),
)
def test_r_c09_any_range_is_exact_with_and_without_excluded_intervals(pushes, cuts) -> None:
    series, known, key = f"s{abs(hash(str((pushes, cuts))))}", {}, 0
    for samples in pushes:
        batch = []
        for number, good, bad in samples:
            key += 1
            batch.append(one(number, good, good + bad, key=str(key)))
            known[number] = known.get(number, Ratio()) + Ratio(good, good + bad)
        push(series, batch)
    sums_hold(series)
    (since, until), *holes = [sorted(pair) for pair in zip(cuts[::2], cuts[1::2], strict=True)]
    excluded = [Interval(minute(a), minute(b)) for a, b in holes]
    left = [r for n, r in known.items() if since <= n < until and not any(a <= n < b for a, b in holes)]
    assert ratio(series, minute(since), minute(until), excluded) == sum(left, Ratio())


@pytest.mark.django_db
def test_a_range_costs_one_statement(django_assert_num_queries) -> None:
    push("orders", [one(n, 1, 1) for n in range(0, 5000, 7)])
    holes = [Interval(minute(n), minute(n + 60)) for n in range(100, 4000, 500)]
    with django_assert_num_queries(1):
        ratio("orders", minute(0), minute(5000), holes)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "sample"),
    [
        ("good", one(0, 2, 1)),
        ("good", one(0, -1, 1)),
        ("good", one(0, 0, 2**60)),
        ("key", one(0, 1, 1, key="")),
        ("key", one(0, 1, 1, key="x" * 121)),
        ("at", Push("k", datetime(2026, 1, 1), 1, 1)),  # noqa: DTZ001
        ("at", Push("k", datetime.now(UTC) + timedelta(days=1), 1, 1)),
        ("at", Push("k", datetime(2019, 1, 1, tzinfo=UTC), 1, 1)),
    ],
)
def test_refused_whole(field: str, sample: Push) -> None:
    with pytest.raises(Invalid) as refused:
        push("orders", [one(5, 1, 1), sample])
    assert refused.value.field == field
    assert not Sample.objects.exists()


@pytest.mark.django_db
def test_recent_judges_by_the_samples_times() -> None:
    now = datetime.now(UTC)
    for age, good, total in ((40, 0, 100), (20, 90, 100), (5, 99, 100)):
        push("orders", [Push(f"{age}", now - timedelta(seconds=age), good, total)])
    found = recent("orders", 30, now)
    assert (found.value, found.samples) == (0.945, 200)
    assert found.newest_at == now - timedelta(seconds=5)
    assert not found.error


@pytest.mark.django_db
def test_r_c05_no_sample_and_no_events_are_no_value() -> None:
    now = datetime.now(UTC)
    assert recent("orders", 30, now).value is None
    push("orders", [Push("1", now, 0, 0)])
    found = recent("orders", 30, now)
    assert found.value is None
    assert found.samples == 0
    assert "no events" in found.reason


@pytest.mark.django_db
def test_forgotten_samples_leave_their_minutes() -> None:
    push("orders", [one(0, 9, 10)])
    assert forget() == 0
    Sample.objects.update(received_at=datetime.now(UTC) - timedelta(days=3))
    assert forget() == 1
    assert ratio("orders", NEVER.start, NEVER.end) == Ratio(9, 10)


OLD = (datetime.now(UTC) - timedelta(days=60)).replace(hour=0, minute=0, second=0, microsecond=0)


def old(number: int, good: int, total: int, **more) -> Push:
    return Push(key=more.pop("key", f"old {number}"), at=OLD + timedelta(minutes=number), good=good, total=total, **more)


def hourly(series: str) -> list[Ratio]:
    hours = [OLD + timedelta(hours=number) for number in range(24 * 7 + 1)]
    return [ratio(series, since, until) for since, until in pairwise(hours)]


@pytest.mark.django_db
def test_old_minutes_become_hours_and_every_hour_stays_exact() -> None:
    push("orders", [old(number, number % 7, 10) for number in range(0, 24 * 60 * 5, 7)])
    push("orders", [one(number, 1, 1) for number in range(120)])
    before, many = hourly("orders"), Measurement.objects.count()
    assert forget() > 0
    assert hourly("orders") == before
    assert Measurement.objects.count() == 24 * 5 + 120 < many
    assert forget() == 0
    sums_hold("orders")
    push("orders", [old(61, 3, 4, key="late"), old(24 * 60 + 30, 5, 6, key="later")])  # late data into thinned hours
    before[1] += Ratio(3, 4)
    before[24] += Ratio(5, 6)
    assert hourly("orders") == before
    forget()
    assert hourly("orders") == before
    sums_hold("orders")


@pytest.mark.django_db
def test_minutes_near_a_window_stay_minutes() -> None:
    push("orders", [old(number, 1, 2) for number in range(0, 24 * 60 * 6, 30)])
    push("orders", [old(24 * 60 * 3, 1, 2, key="tagged", window="MW-1001")])
    forget()
    kept = [at for at, _ in by_minute("orders", OLD, OLD + timedelta(days=6))]
    near = [at for at in kept if at.minute == 0]  # thinned hours keep their last minute, half past
    assert near[0] == OLD + timedelta(days=2)
    assert near[-1] == OLD + timedelta(days=4)
    assert len(near) == 49
    assert labelled("orders", OLD, OLD + timedelta(days=6))["MW-1001"] == Ratio(1, 2)


@pytest.mark.django_db
def test_day_totals_stay_for_ever() -> None:
    push("orders", [old(0, 1, 2), one(0, 1, 2)])
    Measurement.objects.filter(minute=OLD).update(minute=OLD - timedelta(days=400))
    DayTotal.objects.filter(day=OLD.date()).update(day=(OLD - timedelta(days=400)).date())
    assert forget() == 1
    assert ratio("orders", OLD - timedelta(days=420), NEVER.end) == Ratio(2, 4)


@pytest.mark.django_db
def test_window_labels_stay() -> None:
    push("orders", [one(0, 9, 10, window="MW-1001"), one(1, 5, 5)])
    push("orders", [one(0, 1, 1, key="late")])
    assert labelled("orders", minute(0), minute(5)) == {"MW-1001": Ratio(9, 10), "": Ratio(6, 6)}
    assert [at for at, _ in by_minute("orders", minute(0), minute(5))] == [minute(0), minute(1)]


@pytest.mark.parametrize("database", ["embedded", "pg15"], indirect=True)
def test_many_writers_of_one_series_add_up(database: str) -> None:
    def write(number: int) -> None:
        try:
            push("orders", [one((number * 977 + n * 611) % 4000, 1, 2, key=f"{number}-{n}") for n in range(20)])
            push("orders", [one((number * 977 + n * 611) % 4000, 1, 2, key=f"{number}-{n}") for n in range(20)])
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(24)))
    assert ratio("orders", NEVER.start, NEVER.end) == Ratio(480, 960)
    sums_hold("orders")


@pytest.mark.django_db
def test_c10_one_of_ten_senders_without_the_tag_is_a_coverage_of_ninety_percent() -> None:
    senders = [one(0, 9, 10, key=f"node-{number}", window="MW-1001" if number else "") for number in range(10)]
    push("orders", senders[:4])
    push("orders", senders[4:])
    whole = Interval(minute(0), minute(1))
    assert tagged([("orders", whole, "MW-1001")]) == [Ratio(90, 100)]
    push("orders", [one(0, 1, 1, key="another", window="MW-1002"), one(1, 2, 3, window="MW-1001")])
    assert tagged([("orders", whole, "MW-1001"), ("orders", whole, "MW-1002")]) == [Ratio(90, 101), Ratio(1, 101)]
    assert labelled("orders", minute(0), minute(1)) == {"MW-1001": Ratio(81, 90), "MW-1002": Ratio(1, 1), "": Ratio(9, 10)}
    push("orders", [one(0, 1, 1, key="late", window="MW-1002")])
    assert tagged([("orders", whole, "MW-1002")]) == [Ratio(2, 102)]


@pytest.mark.django_db
def test_m08_the_minutes_a_window_begins_and_ends_in_say_nothing_of_its_tag() -> None:
    labels = ("MW-1001", "MW-1001", "", "")
    push("orders", [old(number, 1, 10, window=label) for number, label in enumerate(labels)])
    began, second = OLD + timedelta(seconds=44), timedelta(seconds=1)
    asked = [
        ("orders", Interval(began, OLD + timedelta(minutes=2) + 11 * second), "MW-1001"),
        ("orders", Interval(OLD, OLD + timedelta(minutes=3)), "MW-1001"),
        ("orders", Interval(began, began + 50 * second), "MW-1001"),
    ]
    assert tagged(asked) == [Ratio(10, 10), Ratio(20, 30), Ratio(0, 0)]
