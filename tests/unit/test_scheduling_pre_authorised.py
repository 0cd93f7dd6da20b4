"""What a standard change's template allows."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windows.scheduling.pre_authorised import DAYS, Allowed, Change, Hours, beyond, within

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = Hours(("TU",), time(22), time(4), "Europe/Berlin")
DAY = Hours((), time(8), time(18), "Europe/Berlin")
CHANGE = Change(
    scope=frozenset({"orders/production/r1/L3", "orders/production/r2/L3"}), mode="degraded", runbook="d1", parameters={"batch": 5}
)
ALLOWED = Allowed(CHANGE, timedelta(hours=2), NIGHT)


def at(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("hours", "begins", "ends", "allowed"),
    [
        (NIGHT, "2027-03-02T22:00", "2027-03-03T04:00", True),  # a Tuesday
        (NIGHT, "2027-03-03T01:00", "2027-03-03T02:00", True),  # Wednesday's small hours are Tuesday's night
        (NIGHT, "2027-03-02T01:00", "2027-03-02T02:00", False),  # Monday's night
        (NIGHT, "2027-03-02T21:59", "2027-03-02T23:00", False),
        (NIGHT, "2027-03-03T03:30", "2027-03-03T04:01", False),
        (NIGHT, "2027-03-03T22:00", "2027-03-03T23:00", False),
        (DAY, "2027-03-06T08:00", "2027-03-06T18:00", True),
        (DAY, "2027-03-06T07:59", "2027-03-06T09:00", False),
        (DAY, "2027-03-06T17:00", "2027-03-07T09:00", False),  # open again at its end, closed between
        (Hours(("SA",)), "2027-03-06T23:00", "2027-03-07T05:00", False),  # Sunday is another day where no hours are said
        (Hours(("SA", "SU")), "2027-03-06T23:00", "2027-03-07T05:00", True),
        (Hours(("SU",), timezone="Europe/Berlin"), "2027-03-07T23:00", "2027-03-08T23:00", False),
        (Hours(("SU",), timezone="Europe/Berlin"), "2027-03-07T00:00", "2027-03-08T00:00", True),
        (Hours(("SU",), timezone="Europe/Berlin"), "2027-03-07T00:00", "2027-03-08T00:01", False),
        (Hours(("SU",), timezone="Europe/Berlin"), "2027-03-07T00:00", "2027-03-14T12:00", False),
        (Hours(DAYS), "2027-03-07T00:00", "2027-04-14T12:00", True),
        (Hours(("SU",), timezone="Europe/Berlin"), "2027-03-06T23:00", "2027-03-07T05:00", False),
        (Hours(), "2027-03-06T23:00", "2027-03-09T05:00", True),
        (Hours(("SA",), time(22), time(4), "Europe/Berlin"), "2027-03-27T22:00", "2027-03-28T04:00", True),  # the clock jumps ahead
    ],
)
def test_hours(hours: Hours, begins: str, ends: str, allowed: bool) -> None:
    assert within(at(begins), at(ends), hours) is allowed


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"scope": CHANGE.scope | {"bank/production/r1/L3"}}, "also touches bank/production/r1/L3"),
        ({"scope": frozenset({"orders/production/r1/L3"})}, ""),  # less than it allows
        ({"mode": "offline"}, "offline, not degraded"),
        ({"runbook": "d2"}, "version of it"),
        ({"runbook": None}, "version of it"),
        ({"parameters": {"batch": 6}}, "parameters"),
        ({"parameters": {}}, "parameters"),
        ({"expected": frozenset({"OrdersDown orders/production 0-30 why not"})}, "makes an alert quieter"),
        ({}, ""),
    ],
)
def test_what_is_beyond_a_template_is_named(changed: dict[str, object], word: str) -> None:
    said = {name: getattr(CHANGE, name) for name in ("scope", "mode", "runbook", "parameters")}
    found = beyond(Change(**(said | changed)), at("2027-03-02T22:00"), at("2027-03-03T00:00"), ALLOWED)  # type: ignore[arg-type]
    assert len(found) == bool(word) and word in "".join(found)


def test_a_longer_one_at_another_hour_is_told_twice() -> None:
    assert len(beyond(CHANGE, at("2027-03-04T10:00"), at("2027-03-04T12:01"), ALLOWED)) == 2


@given(st.sets(st.sampled_from(DAYS)), st.times(), st.times(), st.integers(0, 1_000_000), st.integers(1, 480))
def test_whatever_is_allowed_lies_inside_one_opening(days: set[str], opens: time, closes: time, after: int, minutes: int) -> None:
    hours, start = Hours(tuple(days), opens, closes), at("2027-01-01T00:00") + timedelta(minutes=after)
    end = start + timedelta(minutes=minutes)
    if within(start, end, hours):
        opened = datetime.combine(start.date(), opens, UTC)
        opened -= timedelta(days=opened > start)
        assert end - opened <= timedelta(days=1) and (not days or DAYS[opened.weekday()] in days)
        assert within(start, start + timedelta(minutes=minutes / 2), hours)
