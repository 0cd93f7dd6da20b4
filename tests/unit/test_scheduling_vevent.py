"""The bytes of one event and of its time zone, read back by strangers: a strict line reader, icalendar, dateutil's own VTIMEZONE."""

import io
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from dateutil.tz import tzical
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from windows.scheduling.times import from_wall
from windows.scheduling.vevent import EventFacts, block, timezone_block

T = datetime(2027, 3, 1, 22, tzinfo=UTC)


def facts(**said: object) -> EventFacts:
    given_facts: dict[str, object] = {
        "home": "https://roadworks.example", "reference": "MW-1042", "uid": "0b8f2d0e-7f8f-4d8e-8d0e-0123456789ab", "title": "Migrate",
        "reason": "Orders need a currency.", "impact": "", "mode": "read_only", "status": "approved", "change_type": "normal",
        "starts_at": T, "ends_at": T + timedelta(hours=1), "timezone": "Europe/Berlin", "sequence": 3, "created_at": T, "updated_at": T,
        "services": ("orders",), "places": ("production/r1",), "layers": ("L5",), "team": "Shop", "coordinator": "Ada",
        "coordinator_email": "ada@example.org", "confidential": False,
    }  # fmt: skip
    return EventFacts(**(given_facts | said))  # type: ignore[arg-type]


def content_lines(data: bytes) -> list[str]:
    """RFC 5545 §3.1, strictly: CRLF everywhere, at most 75 octets a line, folds between characters, no control characters."""
    assert data.endswith(b"\r\n") and not re.search(rb"(?<!\r)\n|\r(?!\n)", data)
    for line in data[:-2].split(b"\r\n"):
        assert 0 < len(line) <= 75
        line.decode()  # a fold inside a character would not decode
        assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", line)
    return data.decode().replace("\r\n ", "").split("\r\n")[:-1]


def names(data: bytes) -> list[str]:
    return [re.split("[;:]", line)[0] for line in content_lines(data)]


EXPECTED = ["BEGIN", "SUMMARY", "DTSTART", "DTEND", "DTSTAMP", "UID", "SEQUENCE", "CATEGORIES", "CLASS", "CREATED", "DESCRIPTION",
            "LAST-MODIFIED", "ORGANIZER", "STATUS", "TRANSP", "URL", "END"]  # fmt: skip


def test_r_e15_an_event_has_each_property_once() -> None:
    data = block(facts())
    assert sorted(names(data)) == sorted(EXPECTED)
    told = dict(re.split("[;:]", line, maxsplit=1) for line in content_lines(data))
    assert told["UID"] == "0b8f2d0e-7f8f-4d8e-8d0e-0123456789ab@roadworks.example"
    assert told["DTSTART"] == "TZID=Europe/Berlin:20270301T230000" and told["DTEND"] == "TZID=Europe/Berlin:20270302T000000"
    assert (told["SEQUENCE"], told["STATUS"], told["URL"]) == ("3", "CONFIRMED", "https://roadworks.example/windows/MW-1042")
    assert told["DESCRIPTION"].startswith("Data can be read\\, not changed.")


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("requested", "TENTATIVE"),
        ("approved", "CONFIRMED"),
        ("running", "CONFIRMED"),
        ("completed", "CONFIRMED"),
        ("rolled_back", "CONFIRMED"),
        ("cancelled", "CANCELLED"),
        ("rejected", "CANCELLED"),
        ("expired", "CANCELLED"),
        ("draft", "CANCELLED"),
    ],
)
def test_states_as_status(status: str, told: str) -> None:
    assert f"STATUS:{told}" in content_lines(block(facts(status=status)))
    kept = content_lines(block(facts(status=status), keep_cancelled=True))
    assert ("SUMMARY:CANCELLED MW-1042: Migrate" in kept) is (told == "CANCELLED") and "STATUS:CANCELLED" not in kept


NASTY = st.text(st.characters(exclude_categories=()), max_size=300)


@given(text=NASTY)
def test_r_s11_no_text_adds_a_property(text: str) -> None:
    data = block(facts(title=text, reason=text, impact=text, coordinator=text, team=text, services=(text,)))
    assert sorted(names(data)) == sorted(EXPECTED)
    Calendar.from_ical(b"BEGIN:VCALENDAR\r\n" + data + b"END:VCALENDAR\r\n")


@pytest.mark.parametrize(
    "text", ["a\r\nATTENDEE:mailto:eve@x", "a\nb", 'Ada "the" Coder', "Ada; Lovelace, Countess: x", "x\0y", "é" * 80, "🚧" * 60]
)
def test_r_s11_hostile_names_stay_names(text: str) -> None:
    data = block(facts(title=text, coordinator=text, coordinator_email=f"{text}@example.org", timezone="UTC"))
    assert sorted(names(data)) == sorted(EXPECTED)


def read_back(event: EventFacts) -> tuple[datetime, datetime]:
    """Begin and end as a stranger understands them: local times by dateutil from our own VTIMEZONE, not by any zone database."""
    told = dict(re.split("[;:]", line, maxsplit=1) for line in content_lines(block(event)))
    zone_block = timezone_block(event.timezone, 2026, 2028)

    def moment(value: str) -> datetime:
        if value.endswith("Z"):
            return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        name, local = value.removeprefix("TZID=").split(":")
        rules = tzical(io.StringIO(("BEGIN:VCALENDAR\r\n" + zone_block.decode() + "END:VCALENDAR\r\n").replace("\r\n", "\n"))).get(name)
        return datetime.strptime(local, "%Y%m%dT%H%M%S").replace(tzinfo=rules).astimezone(UTC)

    return moment(told["DTSTART"]), moment(told["DTEND"])


ACROSS = {
    "Berlin into summer": ("Europe/Berlin", "2027-03-28T01:30", "2027-03-28T03:30", 0, 1),
    "Berlin into winter": ("Europe/Berlin", "2027-10-31T01:30", "2027-10-31T03:30", 0, 3),
    "Berlin from the second half past two": ("Europe/Berlin", "2027-10-31T02:30", "2027-10-31T04:00", 1, 1.5),
    "Berlin from the first half past two": ("Europe/Berlin", "2027-10-31T02:30", "2027-10-31T04:00", 0, 2.5),
    "New York into summer": ("America/New_York", "2027-03-14T01:00", "2027-03-14T04:00", 0, 2),
    "Lord Howe into summer, half an hour": ("Australia/Lord_Howe", "2027-10-03T01:30", "2027-10-03T03:00", 0, 1),
    "Lord Howe into winter, half an hour": ("Australia/Lord_Howe", "2027-04-04T01:00", "2027-04-04T03:00", 0, 2.5),
    "Kolkata, never": ("Asia/Kolkata", "2027-03-28T01:30", "2027-03-28T03:30", 0, 2),
    "Chatham, three quarters": ("Pacific/Chatham", "2027-04-04T02:00", "2027-04-04T05:00", 0, 4),
    "UTC": ("UTC", "2027-03-28T01:30", "2027-03-28T03:30", 0, 2),
}


@pytest.mark.parametrize("case", ACROSS)
def test_r_e05_durations_are_true_across_clock_changes(case: str) -> None:
    zone, begins, ends, fold, hours = ACROSS[case]
    start, end = from_wall(begins, zone, "starts_at", fold), from_wall(ends, zone, "ends_at", 0)
    assert end - start == timedelta(hours=hours)
    assert read_back(facts(starts_at=start, ends_at=end, timezone=zone)) == (start, end)


@given(
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Chatham", "Africa/Casablanca", "Europe/Dublin"]),
    st.datetimes(datetime(2027, 1, 1), datetime(2028, 1, 1)),  # noqa: DTZ001
)
def test_r_e05_any_moment_of_a_year_is_read_back(zone: str, naive: datetime) -> None:
    start = naive.replace(microsecond=0, tzinfo=UTC)
    assert read_back(facts(starts_at=start, ends_at=start + timedelta(hours=2), timezone=zone)) == (start, start + timedelta(hours=2))


def test_the_zone_s_own_database_agrees_at_every_change() -> None:
    lines = content_lines(timezone_block("Europe/Berlin", 2027, 2027))
    assert [line for line in lines if line.startswith("DTSTART")] == [
        "DTSTART:20270101T010000",
        "DTSTART:20270328T020000",
        "DTSTART:20271031T030000",
    ]
    assert datetime(2027, 3, 28, 1, tzinfo=UTC).astimezone(ZoneInfo("Europe/Berlin")).hour == 3


def test_r_s11_without_assertions_nothing_gets_through_either() -> None:
    """icalendar relies on an assertion for some properties; under `python -O` there are none."""
    hostile = "a\\r\\nATTENDEE:mailto:eve@example.org\\x00\\x0b"
    said = "title=t, reason=t, impact=t, coordinator=t, coordinator_email=t, team=t, services=(t,)"
    act = f"t = '{hostile}'; sys.stdout.buffer.write(block(facts({said})))"
    script = f"import sys; from tests.unit.test_scheduling_vevent import block, facts; {act}"
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-O", "-c", script], cwd=root, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    assert sorted(names(done.stdout)) == sorted(EXPECTED)
