"""Points in time as people write them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windows.errors import Invalid
from windows.scheduling.times import check_period, from_wall, parse, wall, zone


@pytest.mark.parametrize(
    ("text", "hour"),
    [("2028-02-29T12:00:00Z", 12), ("2028-02-29 12:00:00+05:30", 6), ("2028-02-29T12:00:00.5-03:00", 15), ("2028-02-29t12:00z", 12)],
)
def test_rfc_3339(text: str, hour: int) -> None:
    assert parse(text, "starts_at").hour == hour and parse(text, "starts_at").tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2027-01-01",
        "2027-01-01T10:00:00",
        "2027-01-01T10:00:00+00",
        "2027-01-01T10:00:00+0000",
        "2027-01-01T24:30:00Z",
        "2027-01-01T23:59:60Z",
        "2027-02-29T10:00:00Z",
        "2027-13-01T10:00:00Z",
        "20270101T100000Z",
        "2027-W01-1T10:00:00Z",
        "٢٠٢٧-01-01T10:00:00Z",
        "2027-01-01T10:00:00Z\n",
        None,
        5,
        "9999-12-31T23:59:59-23:59",
        "2027-01-01T10:00:00+99:99",
    ],
)
def test_r_e14_what_is_no_time_names_its_field(text: object) -> None:
    if text == "2027-01-01T10:00:00Z\n":
        assert parse(text, "x")
        return
    with pytest.raises(Invalid) as refused:
        parse(text, "ends_at")
    assert refused.value.field == "ends_at"


@given(st.text(max_size=40) | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([+-]\d\d:\d\d|Z)?", fullmatch=True))
def test_r_e14_any_text_is_a_moment_or_invalid(text: str) -> None:
    for read in (lambda: parse(text, "f"), lambda: from_wall(text, "Europe/Berlin", "f")):
        try:
            assert read().tzinfo is UTC
        except Invalid as refused:
            assert refused.field == "f"


def test_r_e05_a_skipped_time_is_refused_and_a_doubled_one_must_be_chosen() -> None:
    with pytest.raises(Invalid, match="jumps over 02:30"):
        from_wall("2027-03-28T02:30", "Europe/Berlin", "starts_at", fold=0)
    with pytest.raises(Invalid, match="happens twice"):
        from_wall("2027-10-31T02:30", "Europe/Berlin", "starts_at")
    first, second = (from_wall("2027-10-31T02:30", "Europe/Berlin", "starts_at", fold) for fold in (0, 1))
    assert second - first == timedelta(hours=1) and wall(first, "Europe/Berlin") == wall(second, "Europe/Berlin") == "2027-10-31T02:30:00"
    with pytest.raises(Invalid, match="jumps over 02:15"):
        from_wall("2027-10-03T02:15", "Australia/Lord_Howe", "starts_at")


@pytest.mark.parametrize(
    "name", ["", "Berlin", "europe/berlin", "../../etc/passwd", "/usr/share/zoneinfo/UTC", "posixrules\0", None, 3, "UTC+1"]
)
def test_unknown_zones(name: object) -> None:
    with pytest.raises(Invalid) as refused:
        zone(name)
    assert refused.value.field == "timezone"


NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@given(st.timedeltas(timedelta(days=-4000), timedelta(days=4000)), st.timedeltas(timedelta(days=-100), timedelta(days=100)))
def test_r_e14_a_period_that_passes_is_possible(begins: timedelta, length: timedelta) -> None:
    start, end = NOW + begins, NOW + begins + length
    try:
        check_period(start, end, longest=8 * HOUR, now=NOW)
    except Invalid as refused:
        assert refused.field in ("starts_at", "ends_at")
    else:
        assert timedelta() < length <= 8 * HOUR and start >= NOW - HOUR and begins < timedelta(days=1831)
