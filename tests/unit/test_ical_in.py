"""Reading strangers' calendars: what is understood, what is lacking, where it is broken, and that it ends."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import given_notices as sent
from windows.ical_in.child import understood
from windows.ical_in.lines import MOST_COMPONENTS, Unreadable, calendars
from windows.ical_in.notices import Notice, notices
from windows.ical_in.reading import read
from windows.ical_in.succession import is_older


def only(raw: bytes) -> Notice:
    (calendar,) = calendars(raw)
    (one,) = notices(calendar)
    return one


def test_r_e16_the_standards_own_example_is_read_whole() -> None:
    one = only(sent.note())
    assert (one.maintnote, one.missing, one.provider, one.account, one.references) == (
        True, [], "example.com", "137.035999173", ["WorkOrder-31415"]
    )  # fmt: skip
    assert (one.uid, one.sequence, one.status, one.impact, one.title) == ("42", 1, "confirmed", "outage", "Splice of cable 7")
    assert one.objects == {"C-1": "no_impact", "C-2": ""} and one.starts_at == sent.BEGINS.isoformat()
    assert one.raw.startswith("BEGIN:VEVENT") and one.raw.endswith("END:VEVENT") and one.line == 4


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (sent.note(sequence=None), {"sequence": -1}),
        (sent.note(status=None), {"status": ""}),
        (sent.note(status="NO-CHANGE"), {"status": ""}),
        (sent.note(status="RE-SCHEDULED"), {"status": "confirmed"}),
        (sent.note("X-MAINTNOTE-OBJECT-ID:", "X-MAINTNOTE-IMPACT:", status="CANCELLED"), {"status": "cancelled", "objects": {}}),
        (sent.note("X-MAINTNOTE-OBJECT-ID:", status="COMPLETED"), {"status": "completed"}),
        (sent.note("STATUS:CANCELLED"), {"status": "cancelled"}),
        (
            sent.note("DTSTART;TZID=W. Europe Standard Time:20270328T013000"),
            {"starts_at": "2027-03-28T00:30:00+00:00", "zone": "Europe/Berlin"},
        ),
    ],
)
def test_r_e16_liberal_where_the_standards_receivers_are(raw: bytes, said: dict[str, object]) -> None:
    one = only(raw.replace(b"DTEND:" + sent.at(sent.BEGINS + timedelta(hours=2)).encode(), b"DURATION:PT2H"))
    assert one.missing == [] and {name: getattr(one, name) for name in said} == said


@pytest.mark.parametrize(
    ("raw", "missing"),
    [
        (sent.note("X-MAINTNOTE-OBJECT-ID:"), "X-MAINTNOTE-OBJECT-ID"),
        (sent.note("X-MAINTNOTE-PROVIDER:"), "X-MAINTNOTE-PROVIDER"),
        (sent.note("X-MAINTNOTE-IMPACT:DOOM"), "X-MAINTNOTE-IMPACT: “DOOM” is none of"),
        (sent.note("X-MAINTNOTE-STATUS:SOON", status=None), "X-MAINTNOTE-STATUS: “SOON” is none of"),
        (sent.note("DTSTART:"), "DTSTART"),
        (sent.note("DTSTART:20271332T990000Z"), "DTSTART: there is no time"),
        (sent.note("DTSTART:00010101T000000Z"), "DTSTART: the year 1 is out of reach"),
        (sent.note("DTSTART;TZID=Moon/Crater:20270328T013000"), "DTSTART: the time zone “Moon/Crater” is neither known"),
        (sent.note("DTSTART:20270328T013000"), "DTSTART: the time names no zone"),
        (sent.note("DTEND:20000101T000000Z"), "DTEND: the end must come after"),
        (sent.note("DTEND:20990101T000000Z"), "DTEND: the end must come after"),
        (sent.note("SEQUENCE:many"), "SEQUENCE: “many” is no whole number"),
        (sent.note("UID:"), "UID"),
    ],
)
def test_r_e16_what_is_missing_is_said(raw: bytes, missing: str) -> None:
    assert any(said.startswith(missing) for said in only(raw).missing), only(raw).missing


def test_a_zone_that_only_the_file_defines() -> None:
    zone = [
        "BEGIN:VTIMEZONE", "TZID:Works", "BEGIN:STANDARD",
        "DTSTART:19700101T000000", "TZOFFSETFROM:+0545", "TZOFFSETTO:+0545", "END:STANDARD",
        "END:VTIMEZONE",
    ]  # fmt: skip
    event = ["BEGIN:VEVENT", "UID:1", "SUMMARY:x", "DTSTART;TZID=Works:20270601T120000", "DURATION:PT1H", "END:VEVENT"]
    one = only(sent.calendar(*zone, *event))
    assert (one.missing, one.starts_at, one.zone) == ([], "2027-06-01T06:15:00+00:00", "")
    recurs = only(sent.calendar(*zone, *event[:-1], "RRULE:FREQ=DAILY", "END:VEVENT"))
    assert recurs.missing == ["RRULE: a series needs a time zone of the IANA list"]


def test_plain_events_name_their_objects_and_last_a_day_where_they_are_days() -> None:
    one = only(sent.calendar("BEGIN:VEVENT", "UID:1", "SUMMARY:Rack\\, moved\\nnow", "DTSTART;VALUE=DATE:20270601", "LOCATION:DC 1",
                             "CATEGORIES:power,net\\,work", "STATUS:TENTATIVE", "END:VEVENT"))  # fmt: skip
    assert (one.title, one.status, list(one.objects)) == ("Rack, moved now", "tentative", ["DC 1", "power", "net,work"])
    assert (one.starts_at, one.ends_at) == ("2027-06-01T00:00:00+00:00", "2027-06-02T00:00:00+00:00") and not one.maintnote


@pytest.mark.parametrize("how", ["message", "mailbox", "attachment"])
def test_r_e16_a_calendar_comes_by_mail_in_base64(how: str) -> None:
    body = base64.encodebytes(sent.note()).decode()
    kind = "application/octet-stream" if how == "attachment" else "text/calendar; charset=utf-8"
    part = f"Content-Type: {kind}\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=note.ICS\n\n{body}"
    head = "Subject: works\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b"
    whole = f"{head}\n\n--b\nContent-Type: text/plain\n\nhi\n--b\n{part}\n--b--\n"
    raw = f"From noc Mon Jan  1 00:00:00 2027\n{whole}\nFrom noc Mon Jan  2 00:00:00 2027\n{whole}" if how == "mailbox" else whole
    found = understood(raw.encode())["notices"]
    assert [one["uid"] for one in found] == ["42"] * (2 if how == "mailbox" else 1)


@pytest.mark.parametrize(
    ("raw", "line", "says"),
    [
        (b"", 1, "no BEGIN:VCALENDAR"),
        (b"hello", 1, "a colon is expected"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\n", 3, "does not close"),
        (b"BEGIN:VCALENDAR\n\nVERSION:2.0\nSUMMARY\n", 4, "a colon is expected"),
        (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:a\n", 2, "ends inside"),
        (b"BEGIN:VCALENDAR\n" * 9, 9, "nested at most"),
        (b"BEGIN:VCALENDAR\n" + b"BEGIN:VEVENT\nEND:VEVENT\n" * MOST_COMPONENTS, 2 * MOST_COMPONENTS, "at most 5,000 components"),
        (b"VERSION:2.0\n", 1, "outside BEGIN:VCALENDAR"),
        (b"BEGIN:VTODO\nEND:VTODO\n", 1, "no BEGIN:VCALENDAR"),
        (b"\x1f\x8b\x08\x00gzip", 1, "begins with a property's name"),
    ],
)  # fmt: skip
def test_r_s13_what_is_broken_names_its_line(raw: bytes, line: int, says: str) -> None:
    with pytest.raises(Unreadable, match=says) as refused:
        calendars(raw)
    assert refused.value.line == line


PIECES = """BEGIN:VEVENT|END:VEVENT|BEGIN:VCALENDAR|END:VCALENDAR|BEGIN:VTIMEZONE|END:VTIMEZONE|BEGIN:STANDARD|END:STANDARD|UID:1|TZID:X
DTSTART:20270601T120000Z|DTSTART;TZID=X:20270601T120000|DTSTART:99999999T999999Z|DTEND;VALUE=DATE:20270602|DURATION:P999999999D
DURATION:-PT5M|RRULE:FREQ=DAILY|RDATE:x,y|EXDATE;TZID=Europe/Berlin:20270601T120000|RECURRENCE-ID:1|X-MAINTNOTE-STATUS:|SEQUENCE:-1
A;B="c;d":e|A;B=:c| folded|\tx|SUMMARY:\\|TZOFFSETTO:+9999|CATEGORIES:,,\\,""".replace("\n", "|").split("|")
LINES = st.lists(st.sampled_from(PIECES)) | st.text(max_size=80).map(lambda text: [text])


@settings(max_examples=300, deadline=None)
@given(LINES, st.booleans())
def test_r_s13_any_lines_are_read_or_refused(lines: list[str], inside: bool) -> None:
    text = "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR"] if inside else lines)
    try:
        understood(text.encode(errors="surrogatepass"))
    except Unreadable as refusal:
        assert refusal.detail


def test_r_s12_the_child_is_held_to_its_limits() -> None:
    assert read(sent.note())[0].uid == "42"
    with pytest.raises(Unreadable, match="longer than"):
        read(sent.note(), seconds=0.01)
    with pytest.raises(Unreadable, match="at most 1024 KiB"):
        read(b"x" * (1024 * 1024 + 1))


@pytest.mark.parametrize(
    ("new", "stamp", "known", "known_stamp", "older"),
    [(2, 1, 1, 2, False), (1, 2, 2, 1, True), (1, 1, 1, 1, False), (1, 1, 1, 2, True), (1, None, 1, 2, False), (-1, 9, 0, 1, True)],
)
def test_r_e16_which_of_two_notices_counts(new: int, stamp: int | None, known: int, known_stamp: int, older: bool) -> None:
    moments = [None if n is None else sent.BEGINS + timedelta(days=n) for n in (stamp, known_stamp)]
    assert is_older(new, moments[0], known, moments[1]) is older
