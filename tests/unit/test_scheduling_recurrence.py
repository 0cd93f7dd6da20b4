"""Recurrence: RFC 5545's own examples, an independent engine over drawn rules, clocks that jump, and rules made to hang us."""

# ruff: noqa: DTZ001  # wall-clock times have no zone

import time
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from windows.errors import Invalid
from windows.scheduling.recurrence import localised, occurrences, parse_rule, read

NEW_YORK = "America/New_York"
STARTS = datetime(1997, 9, 2, 9)
# RFC 5545 §3.8.5.3: (rule, DTSTART, how many are listed or None, the first as the RFC lists them)
RFC = [
    ("FREQ=DAILY;COUNT=10", STARTS, 10, "09-02 09-03 09-04"),
    ("FREQ=DAILY;UNTIL=19971224T000000Z", STARTS, 113, "09-02 09-03"),
    ("FREQ=DAILY;INTERVAL=2", STARTS, None, "09-02 09-04 09-06"),
    ("FREQ=DAILY;INTERVAL=10;COUNT=5", STARTS, 5, "09-02 09-12 09-22 10-02 10-12"),
    ("FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA", datetime(1998, 1, 1, 9), 93, "01-01 01-02"),
    ("FREQ=WEEKLY;COUNT=10", STARTS, 10, "09-02 09-09 09-16"),
    ("FREQ=WEEKLY;INTERVAL=2;WKST=SU", STARTS, None, "09-02 09-16 09-30 10-14"),
    ("FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH", STARTS, 10, "09-02 09-04 09-09"),
    ("FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR", datetime(1997, 9, 1, 9), 25, "09-01 09-03 09-05 09-15"),
    ("FREQ=MONTHLY;COUNT=10;BYDAY=1FR", datetime(1997, 9, 5, 9), 10, "09-05 10-03 11-07 12-05 01-02"),
    ("FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU", datetime(1997, 9, 7, 9), 10, "09-07 09-28 11-02 11-30"),
    ("FREQ=MONTHLY;COUNT=6;BYDAY=-2MO", datetime(1997, 9, 22, 9), 6, "09-22 10-20 11-17 12-22"),
    ("FREQ=MONTHLY;BYMONTHDAY=-3", datetime(1997, 9, 28, 9), None, "09-28 10-29 11-28 12-29 01-29 02-26"),
    ("FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15", STARTS, 10, "09-02 09-15 10-02 10-15"),
    ("FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1", datetime(1997, 9, 30, 9), 10, "09-30 10-01 10-31 11-01"),
    (
        "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
        datetime(1997, 9, 10, 9),
        10,
        "09-10 09-11 09-12 09-13 09-14 09-15 03-10",
    ),
    ("FREQ=YEARLY;COUNT=10;BYMONTH=6,7", datetime(1997, 6, 10, 9), 10, "06-10 07-10 06-10 07-10"),
    ("FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200", datetime(1997, 1, 1, 9), 10, "01-01 04-10 07-19 01-01 04-09"),
    ("FREQ=YEARLY;BYDAY=20MO", datetime(1997, 5, 19, 9), None, "05-19 05-18 05-17"),
    ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", datetime(1997, 5, 12, 9), None, "05-12 05-11 05-17"),
    ("FREQ=YEARLY;BYMONTH=3;BYDAY=TH", datetime(1997, 3, 13, 9), None, "03-13 03-20 03-27 03-05"),
    ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", STARTS, None, "02-13 03-13 11-13 08-13 10-13"),
    ("FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13", datetime(1997, 9, 13, 9), None, "09-13 10-11 11-08 12-13"),
    ("FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", datetime(1996, 11, 5, 9), None, "11-05 11-07 11-02"),
    ("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", datetime(1997, 9, 4, 9), 3, "09-04 10-07 11-06"),
    ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", datetime(1997, 9, 29, 9), None, "09-29 10-30 11-27 12-30 01-29"),
    ("FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z", STARTS, 3, "09-02 09-02 09-02"),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", datetime(1997, 8, 5, 9), 4, "08-05 08-10 08-19 08-24"),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", datetime(1997, 8, 5, 9), 4, "08-05 08-17 08-19 08-31"),
    ("FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", datetime(2007, 1, 15, 9), 5, "01-15 01-30 02-15 03-15 03-30"),
]
HOSTILE = [  # RELIABILITY §2.3 and their like: each is refused at once, or ends by itself
    "FREQ=SECONDLY",
    "FREQ=MINUTELY;BYHOUR=3;BYMONTH=2;BYMONTHDAY=31",
    "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=DAILY;INTERVAL=0",
    "FREQ=DAILY;BYMONTHDAY=31;BYMONTH=4",
    "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30;COUNT=1000",
    "FREQ=HOURLY",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=YEARLY;BYYEARDAY=" + ",".join(map(str, range(1, 110))) + ";BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11",
    "FREQ=DAILY;COUNT=1000000000",
    "FREQ=DAILY;INTERVAL=99999999999999999999",
    "FREQ=YEARLY;BYHOUR=" + ",".join(map(str, range(24))) + ";BYMINUTE=" + ",".join(map(str, range(60))),
    "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO;BYMONTH=6;COUNT=1000",
]


@pytest.mark.parametrize(("rule", "starts", "number", "first"), RFC, ids=[row[0] for row in RFC])
def test_r_e04_the_examples_of_rfc_5545(rule, starts, number, first):
    found = occurrences(
        read(starts, NEW_YORK, rule), starts.replace(tzinfo=UTC) - timedelta(days=1), datetime(2010, 1, 1, tzinfo=UTC), limit=5000
    )
    assert [f"{one.wall:%m-%d}" for one in found][: len(first.split())] == first.split()
    assert number is None or len(found) == number


# Where a rule has no occurrence at all, dateutil looks for one until the year 9999: such rules are not drawn.
INTERVALS = {"YEARLY": [1, 2, 3, 4], "MONTHLY": [1, 5, 7], "WEEKLY": [1, 2, 3, 4], "DAILY": [1, 2, 3, 5], "HOURLY": [1, 5, 7]}
MONTH_DAYS = ["28,31", "-1", "29,30,1", "13,-13", "1,15"]


@st.composite
def rules(draw):
    """Rules on which RFC 5545 leaves nothing open, and dateutil has no known quirk."""

    def some(low, high, most=3):
        return st.lists(st.integers(low, high), min_size=1, max_size=most, unique=True).map(lambda found: ",".join(map(str, found)))

    freq = draw(st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"]))
    parts = [f"FREQ={freq}", f"INTERVAL={draw(st.sampled_from(INTERVALS[freq]))}", f"WKST={draw(st.sampled_from(['MO', 'SU', 'WE']))}"]
    if draw(st.booleans()):
        parts.append(f"BYMONTH={draw(some(1, 12, 8))}")
    weekdays = st.lists(st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), min_size=1, max_size=4, unique=True)
    nth = st.lists(st.sampled_from(["1MO", "2TU", "-1FR", "5SU", "-5SA", "3WE"]), min_size=1, max_size=3, unique=True)
    match freq:
        case "YEARLY":
            kind = draw(st.sampled_from(["", "week", "yearday", "days", "nth", "monthday"]))
        case "MONTHLY":
            kind = draw(st.sampled_from(["", "days", "nth", "monthday", "position"]))
        case "WEEKLY":
            kind = draw(st.sampled_from(["", "days"]))
        case _:
            kind = draw(st.sampled_from(["", "days", "monthday"]))
    parts += {
        "": [],
        "week": [f"BYWEEKNO={draw(some(1, 52))}", f"BYDAY={','.join(draw(weekdays))}"],
        "yearday": [f"BYYEARDAY={draw(some(1, 366))}"],
        "days": [f"BYDAY={','.join(draw(weekdays))}"],
        "nth": [f"BYDAY={','.join(draw(nth))}"],
        "monthday": [f"BYMONTHDAY={draw(st.sampled_from(MONTH_DAYS))}"],
        "position": [f"BYDAY={','.join(draw(weekdays))}", f"BYSETPOS={draw(st.sampled_from(['1', '-1', '2,-2', '5']))}"],
    }[kind]
    if draw(st.booleans()):
        parts.append(f"BYHOUR={draw(some(0, 23))}")
    if draw(st.booleans()):
        parts.append(f"BYMINUTE={draw(some(0, 59, 2))}")
    if draw(st.booleans()):
        parts.append(f"COUNT={draw(st.integers(1, 40))}")
    return ";".join(parts)


MOMENTS = st.datetimes(datetime(2023, 12, 25), datetime(2032, 3, 2)).map(lambda at: at.replace(second=0, microsecond=0))


@given(rules(), MOMENTS, st.integers(0, 400))
@settings(max_examples=200, deadline=None)
def test_r_e04_an_independent_engine_tells_the_same_occurrences(rule, starts, after):
    """Leap days and year ends are among what is drawn. dateutil is asked in wall-clock time, as we are without jumps."""
    if "BYMONTH=" in rule and "BYDAY" not in rule and "BYMONTHDAY" not in rule:
        starts = starts.replace(day=min(starts.day, 28))
    since, until = starts + timedelta(days=after), starts + timedelta(days=after + 420)
    theirs = list(takewhile(lambda at: at < until, rrulestr(rule, dtstart=starts).xafter(since, inc=True, count=500)))
    ours = occurrences(read(starts, "UTC", rule), since.replace(tzinfo=UTC), until.replace(tzinfo=UTC), limit=500_000, most_work=10**7)
    assert [one.wall for one in ours][:500] == theirs


@given(st.sampled_from([row[0] for row in RFC]), MOMENTS, st.integers(1, 1000))
@settings(max_examples=100, deadline=None)
def test_a_later_look_tells_the_end_of_an_earlier_one(rule, starts, days):
    """Skipping ahead loses nothing: the moments of a period do not depend on where one begins to ask."""
    of, end = read(starts, "Europe/Berlin", rule), starts.replace(tzinfo=UTC) + timedelta(days=1200)
    later = starts.replace(tzinfo=UTC) + timedelta(days=days)
    whole = occurrences(of, starts.replace(tzinfo=UTC) - timedelta(days=2), end, limit=10_000)
    assert [one for one in whole if one.at >= later] == occurrences(of, later, end, limit=10_000)


JUMPS = [  # zone, wall-clock start, the moments of three days
    ("Europe/Berlin", datetime(2027, 3, 27, 2, 30), ["2027-03-27T01:30", "2027-03-28T01:30", "2027-03-29T00:30"]),  # gap: 03:30 summer time
    ("Europe/Berlin", datetime(2027, 10, 30, 2, 30), ["2027-10-30T00:30", "2027-10-31T00:30", "2027-11-01T01:30"]),  # fold: the first
    ("America/New_York", datetime(2027, 3, 13, 2, 15), ["2027-03-13T07:15", "2027-03-14T07:15", "2027-03-15T06:15"]),
    ("Australia/Lord_Howe", datetime(2027, 10, 2, 2, 15), ["2027-10-01T15:45", "2027-10-02T15:45", "2027-10-03T15:15"]),  # half an hour
    ("Australia/Lord_Howe", datetime(2027, 4, 3, 1, 45), ["2027-04-02T14:45", "2027-04-03T14:45", "2027-04-04T15:15"]),
    ("Asia/Kolkata", datetime(2027, 3, 27, 22, 0), ["2027-03-27T16:30", "2027-03-28T16:30", "2027-03-29T16:30"]),
]


@pytest.mark.parametrize(("zone", "starts", "moments"), JUMPS)
def test_r_e05_a_series_keeps_its_wall_clock_time_over_every_jump(zone, starts, moments):
    found = occurrences(read(starts, zone, "FREQ=DAILY;COUNT=3"), datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))
    assert [f"{one.at:%Y-%m-%dT%H:%M}" for one in found] == moments
    assert {one.wall.time() for one in found} == {starts.time()}  # its name stays what the rule says


def test_r_e05_two_times_that_become_one_moment_are_one_occurrence():
    found = occurrences(
        read(datetime(2027, 3, 28, 1, 30), "Europe/Berlin", "FREQ=HOURLY;COUNT=3"),
        datetime(2027, 3, 27, tzinfo=UTC),
        datetime(2027, 3, 29, tzinfo=UTC),
    )
    assert [(f"{one.at:%H:%M}", f"{one.wall:%H:%M}") for one in found] == [("00:30", "01:30"), ("01:30", "02:30")]


@pytest.mark.parametrize(
    ("rule", "starts", "walls"),
    [
        ("FREQ=YEARLY", datetime(2028, 2, 29, 22), ["2028-02-29", "2032-02-29", "2036-02-29"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", datetime(2028, 1, 31, 22), ["2028-01-31", "2028-02-29", "2028-03-31"]),
        ("FREQ=MONTHLY", datetime(2028, 1, 31, 22), ["2028-01-31", "2028-03-31", "2028-05-31"]),
        ("FREQ=YEARLY;BYYEARDAY=366", datetime(2028, 12, 31, 22), ["2028-12-31", "2032-12-31", "2036-12-31"]),
        ("FREQ=DAILY", datetime(2027, 12, 30, 23, 45), ["2027-12-30", "2027-12-31", "2028-01-01"]),
        ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO", datetime(2024, 12, 30, 22), ["2024-12-30", "2025-12-29", "2027-01-04"]),
    ],
)
def test_r_e06_leap_days_and_year_ends(rule, starts, walls):
    found = occurrences(read(starts, "UTC", rule), starts.replace(tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC), limit=100_000)
    assert [f"{one.wall:%Y-%m-%d}" for one in found[:3]] == walls


@pytest.mark.parametrize("rule", HOSTILE)
def test_r_s14_a_hostile_rule_is_refused_or_ends(rule):
    """Refused with the limit it passes; or it ends within the limit of steps. The bound has tenfold slack."""
    began = time.process_time()
    for years in (2, 40):
        starts = datetime(2027, 1, 1, 3)
        try:
            found = occurrences(read(starts, "UTC", rule), starts.replace(tzinfo=UTC), starts.replace(year=2027 + years, tzinfo=UTC))
        except Invalid as refused:
            assert refused.field == "rrule"
            assert any(word in refused.detail for word in ("limit is", "is a whole number from", "At most", "at most"))
        else:
            assert found == []
    assert time.process_time() - began < 6


@given(st.text(max_size=40) | st.from_regex(r"(FREQ=(DAILY|YEARLY);)?(BY[A-Z]{3,6}=[-+0-9A-Z,]{0,6};){0,3}", fullmatch=True))
@settings(max_examples=60, deadline=None)
def test_r_s14_any_text_is_a_rule_or_refused(text):
    try:
        rule = parse_rule(text)
    except Invalid as refused:
        assert refused.field == "rrule" and refused.detail
    else:
        assert parse_rule(rule.text) == rule


WRONG = [
    ("", "no part of a rule"),
    ("FREQ=WEEKLY;FREQ=DAILY", "stands twice"),
    ("INTERVAL=2", "Say how often"),
    ("FREQ=FORTNIGHTLY", "is none of"),
    ("FREQ=WEEKLY;BYDAY=2TU", "goes with FREQ=MONTHLY"),
    ("FREQ=WEEKLY;BYDAY=XX", "no weekday"),
    ("FREQ=MONTHLY;BYDAY=0TU", "no weekday"),
    ("FREQ=WEEKLY;BYMONTHDAY=3", "does not go with"),
    ("FREQ=MONTHLY;BYWEEKNO=3", "FREQ=YEARLY only"),
    ("FREQ=DAILY;BYYEARDAY=3", "does not go with"),
    ("FREQ=DAILY;COUNT=3;UNTIL=20270101", "not both"),
    ("FREQ=DAILY;UNTIL=2027-01-01", "Write UNTIL"),
    ("FREQ=DAILY;UNTIL=20270230", "Write UNTIL"),
    ("FREQ=DAILY;BYSETPOS=1", "BYSETPOS picks"),
    ("FREQ=DAILY;WKST=XX", "WKST is one of"),
    ("FREQ=DAILY;BYMONTH=13", "BYMONTH=13 is out of bounds"),
    ("FREQ=MONTHLY;BYMONTHDAY=0", "or -1 to -31"),
    ("FREQ=DAILY;INTERVAL=0", "INTERVAL is a whole number from 1 to 1000"),
    ("FREQ=DAILY;X-RULE=1", "has no part “X-RULE”"),
]


@pytest.mark.parametrize(("rule", "says"), WRONG)
def test_a_refusal_says_which_part_and_what_would_be_right(rule, says):
    with pytest.raises(Invalid) as refused:
        parse_rule(rule)
    assert says in refused.value.detail


def test_dates_are_added_and_left_out():
    of = read(
        datetime(2027, 1, 4, 22),
        "Europe/Berlin",
        "FREQ=WEEKLY;COUNT=3",
        added=[datetime(2027, 1, 7, 22), datetime(2027, 1, 11, 22)],
        left_out=[datetime(2027, 1, 18, 22)],
    )
    found = occurrences(of, datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))
    assert [one.wall.date() for one in found] == [date(2027, 1, 4), date(2027, 1, 7), date(2027, 1, 11)]
    assert localised(datetime(2027, 1, 7, 22), "Europe/Berlin") == found[1].at == datetime(2027, 1, 7, 21, tzinfo=UTC)


def test_until_is_included_as_a_moment_a_local_time_or_a_whole_day():
    for until, number in (("20270118T210000Z", 3), ("20270118T205959Z", 2), ("20270118T220000", 3), ("20270118", 3), ("20270117", 2)):
        of = read(datetime(2027, 1, 4, 22), "Europe/Berlin", f"FREQ=WEEKLY;UNTIL={until}")
        assert len(occurrences(of, datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))) == number, until
