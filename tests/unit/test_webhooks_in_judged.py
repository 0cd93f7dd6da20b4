"""Webhooks of providers: which signatures are believed, and what JSON means as a notice."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from windows.ical_in.events import calendar_in, without_what_json_need_not_say
from windows.ical_in.lines import Unreadable, calendars
from windows.ical_in.notices import Notice, notices
from windows.ical_in.signed import Unsigned, proved

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEY, OTHER = b"k" * 32, b"o" * 32
BODY = b'{"data": {}}'
# The vector of Standard Webhooks' own libraries.
PUBLISHED = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}


def signed(name: str = "msg_1", at: datetime = NOW, key: bytes = KEY, body: bytes = BODY) -> dict[str, str]:
    seconds = str(int(at.timestamp()))
    made = base64.b64encode(hmac.digest(key, f"{name}.{seconds}.".encode() + body, hashlib.sha256)).decode()
    return {"webhook-id": name, "webhook-timestamp": seconds, "webhook-signature": f"v1,{made}"}


def test_r_s22_the_published_vector_is_believed() -> None:
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    found = proved(PUBLISHED, b'{"test": 2432232314}', [key], datetime(2021, 2, 25, 15, 2, tzinfo=UTC))
    assert found.id == PUBLISHED["webhook-id"] and found.at == datetime(2021, 2, 25, 15, 2, 10, tzinfo=UTC)


def test_r_s22_the_old_key_and_the_new_one_are_both_believed_while_one_takes_the_others_place() -> None:
    assert proved(signed(key=OTHER), BODY, [KEY, OTHER], NOW).id == "msg_1"
    several = signed()
    several["webhook-signature"] = f"v1a,AAAA v1,not-base64! v1,{base64.b64encode(b'x' * 32).decode()} {several['webhook-signature']}"
    assert proved(several, BODY, [KEY], NOW).id == "msg_1"
    for seconds in (-299, 299):
        assert proved(signed(at=NOW + timedelta(seconds=seconds)), BODY, [KEY], NOW)


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({}, "Send webhook-id"),
        (signed() | {"webhook-id": ""}, "Send webhook-id"),
        (signed() | {"webhook-id": "x" * 256}, "Send webhook-id"),
        (signed() | {"webhook-timestamp": "٣"}, "Send webhook-id"),
        (signed() | {"webhook-timestamp": "9" * 12}, "Send webhook-id"),
        (signed() | {"webhook-signature": ""}, "does not fit"),
        (signed() | {"webhook-signature": "v1,"}, "does not fit"),
        (signed() | {"webhook-id": "msg_2"}, "does not fit"),
        (signed(key=OTHER), "does not fit"),
        (signed(body=b"{}"), "does not fit"),
        ({**signed(), "webhook-timestamp": str(int(NOW.timestamp()) + 1)}, "does not fit"),
        (signed(at=NOW - timedelta(seconds=301)), "five minutes"),
        (signed(at=NOW + timedelta(seconds=301)), "five minutes"),
    ],
)
def test_r_s22_what_proves_nothing_is_refused(headers: dict[str, str], why: str) -> None:
    with pytest.raises(Unsigned, match=why):
        proved(headers, BODY, [KEY], NOW)


def test_r_s22_where_no_secret_is_in_force_nothing_is_believed() -> None:
    with pytest.raises(Unsigned, match="does not fit"):
        proved(signed(key=b""), BODY, [], NOW)


EVENT: dict[str, Any] = {
    "uid": "EC2-7", "title": "Host; of \"db-1\", restarts",
    "starts_at": "2026-12-01T03:00:00+01:00", "ends_at": "2026-12-01T04:00:00+01:00",
    "status": "in_process", "impact": "reduced_redundancy", "objects": ["i-1", "i-2"], "sequence": 3, "link": "https://cloud.example/7",
}  # fmt: skip


def meant(data: Any, **around: Any) -> Notice:
    raw, was_json = calendar_in(json.dumps({"specversion": "1.0", "time": "2026-11-24T12:00:00Z", "data": data} | around).encode())
    (one,) = notices(next(iter(calendars(raw))))
    return without_what_json_need_not_say(one) if was_json else one


def test_json_is_read_as_the_notice_it_means() -> None:
    one = meant(EVENT)
    assert (one.missing, one.uid, one.sequence, one.title) == ([], "EC2-7", 3, EVENT["title"])
    assert (one.status, one.impact, list(one.objects), one.link) == ("in_process", "reduced_redundancy", ["i-1", "i-2"], EVENT["link"])
    assert (one.starts_at, one.ends_at) == ("2026-12-01T02:00:00+00:00", "2026-12-01T03:00:00+00:00")
    assert one.stamped_at == "2026-11-24T12:00:00+00:00" and one.references == ["EC2-7"]


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"uid": None}, "UID"),
        ({"objects": []}, "X-MAINTNOTE-OBJECT-ID"),
        ({"starts_at": "2026-12-01T03:00:00"}, "DTSTART: “2026-12-01T03:00:00” is no time"),
        ({"ends_at": 7}, "DTEND: “7” is no time"),
        ({"sequence": "many"}, "SEQUENCE"),
        ({"impact": "doom"}, "X-MAINTNOTE-IMPACT: “DOOM” is none of"),
        ({"status": ["x"], "title": {}}, "SUMMARY"),
    ],
)
def test_what_json_lacks_is_said(change: dict[str, Any], missing: str) -> None:
    assert any(one.startswith(missing) for one in meant(EVENT | change).missing), meant(EVENT | change).missing


def test_r_s11_json_makes_no_property_of_its_own() -> None:
    one = meant(
        EVENT | {"title": "x\r\nSTATUS:CANCELLED\nEND:VEVENT\x00\u2028SEQUENCE:99", "uid": "a\nb", "link": "https://x\r\nRRULE:FREQ=DAILY"}
    )
    assert (one.status, one.sequence, one.rrule, one.uid) == ("in_process", 3, "", "a b") and one.missing == []


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{}",
        b'{"data": 7}',
        b'{"data": null}',
        b"\xff{",
        b'{"data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"data": "nothing"}',
        b"",
    ],
)
def test_what_is_neither_json_nor_a_calendar_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        raw, _ = calendar_in(body)
        list(calendars(raw))


def test_a_calendar_may_stand_in_an_event_or_alone() -> None:
    text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    assert calendar_in(json.dumps({"data": text, "datacontenttype": "text/calendar"}).encode()) == (text.encode(), False)
    assert calendar_in(text.encode()) == (text.encode(), False)
