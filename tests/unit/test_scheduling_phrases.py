"""Rules from a plain form, and as sentences."""

# ruff: noqa: DTZ001  # wall-clock times have no zone

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from windows.errors import Invalid
from windows.scheduling.recurrence import after, before, occurrences, parse_rule, read
from windows.scheduling.recurrence.phrases import HOW, built, spoken

TUESDAY = datetime(2027, 3, 9, 22)
SAID = [
    (("daily", {}), "FREQ=DAILY", "every day"),
    (
        ("weekly", {"interval": "2", "weekdays": ["TH", "TU"]}),
        "FREQ=WEEKLY;BYDAY=TU,TH;INTERVAL=2",
        "every 2 weeks on Tuesday and Thursday",
    ),
    (("weekly", {}), "FREQ=WEEKLY;BYDAY=TU", "every week on Tuesday"),
    (("monthly_day", {"count": "3"}), "FREQ=MONTHLY;COUNT=3", "every month, 3 times"),
    (("monthly_weekday", {}), "FREQ=MONTHLY;BYDAY=2TU", "every month on the second Tuesday"),
    (
        ("monthly_last", {"until": "2027-12-31"}),
        "FREQ=MONTHLY;BYDAY=-1TU;UNTIL=20271231",
        "every month on the last Tuesday, until 31 December 2027",
    ),
    (("yearly", {}), "FREQ=YEARLY", "every year"),
    (("own", {"own": "FREQ=YEARLY;BYWEEKNO=3"}), "FREQ=YEARLY;BYWEEKNO=3", "by the rule FREQ=YEARLY;BYWEEKNO=3"),
    (("own", {"own": "FREQ=MONTHLY;BYMONTHDAY=-1,1;BYHOUR=3;BYMONTH=6"}), None, "every month on the last day and day 1 in June at 03:00"),
]


@pytest.mark.parametrize(("given", "rule", "words"), SAID)
def test_what_a_form_says_is_a_rule_and_a_sentence(given, rule, words):
    how, more = given
    found = built(how, TUESDAY, **more)
    assert rule in (None, found)
    assert spoken(found) == words


@given(
    st.sampled_from(HOW[:-1]), st.datetimes(datetime(2024, 1, 1), datetime(2031, 1, 1)).map(lambda at: at.replace(second=0, microsecond=0))
)
def test_a_form_always_names_the_time_it_begins_at(how, starts):
    assume(how != "monthly_last" or (starts + timedelta(days=7)).month != starts.month)
    of = read(starts, "UTC", built(how, starts, count="1"))
    assert [one.wall for one in occurrences(of, starts.replace(tzinfo=UTC), starts.replace(year=starts.year + 1, day=1, tzinfo=UTC))] == [
        starts
    ]


@pytest.mark.parametrize(("how", "more", "field"), [("hourly", {}, "how"), ("daily", {"until": "soon"}, "until")])
def test_what_a_form_cannot_say(how, more, field):
    with pytest.raises(Invalid) as refused:
        built(how, TUESDAY, **more)
    assert refused.value.field == field


DRAWN = ["FREQ=WEEKLY", "FREQ=DAILY;INTERVAL=3;COUNT=40", "FREQ=WEEKLY;BYDAY=TU,TH;COUNT=25", "FREQ=MONTHLY;UNTIL=20280401T220000Z"]


@given(st.sampled_from(DRAWN), st.integers(0, 8), st.integers(-3, 3))
def test_the_two_parts_of_a_split_are_the_whole(rule, place, hours):
    """Nothing is lost and nothing told twice; the later part moved by hours is the same days at another hour."""
    until = datetime(2028, 6, 1, tzinfo=UTC)
    of = read(TUESDAY, "Europe/Berlin", rule, left_out=[TUESDAY.replace(day=16)])
    whole = occurrences(of, datetime(2027, 1, 1, tzinfo=UTC), until)
    at = whole[place].wall
    to = at.replace(hour=at.hour + hours) if at.hour + hours < 24 else at
    earlier, (later, becomes) = before(of, at), after(of, at, to, until)
    told = [*occurrences(earlier, datetime(2027, 1, 1, tzinfo=UTC), until), *occurrences(later, datetime(2027, 1, 1, tzinfo=UTC), until)]
    assert [one.wall for one in told] == [one.wall for one in whole[:place]] + [one.wall.replace(hour=to.hour) for one in whole[place:]]
    assert becomes[at] == to and parse_rule(later.rule.text) == later.rule
