"""Which windows an incident or a complaint belongs to, and complaints out of files; pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.given_mail import mail
from windows.errors import Invalid
from windows.incidents.linking import COMPLAINT_AFTER, INCIDENT_AFTER, Happened, Ran, links
from windows.incidents.rows_in import MOST, from_csv, from_mail

BEGAN = datetime(2026, 3, 1, 2, tzinfo=UTC)


def ran(reference: str = "MW-1", ended: int | None = 60, **facts: Any) -> Ran:
    at = None if ended is None else BEGAN + timedelta(minutes=ended)
    return Ran(reference, **({"started_at": BEGAN, "ended_at": at, "places": frozenset({("orders", "production")})} | facts))


def happened(minutes: float = 5, service: str = "orders", environment: str = "production", **facts: Any) -> Happened:
    return Happened(BEGAN + timedelta(minutes=minutes), service, environment, **facts)


@pytest.mark.parametrize(
    ("one", "by", "why"),
    [
        (happened(), "scope", "inside MW-1, which touches orders"),
        (happened(80), "scope", "soon after MW-1"),
        (happened(95), None, ""),
        (happened(-1), None, ""),
        (happened(environment=""), "scope", "does not say in which environment"),
        (happened(environment="staging"), None, ""),
        (happened(service=""), None, ""),
        (happened(service="mail"), None, ""),
        (happened(service="mail", needs=frozenset({"orders"})), "dependency", "mail needs it"),
        (happened(5000, service="", tag="MW-1"), "tag", "It names MW-1"),
        (happened(tag="MW-2"), "scope", "inside"),
    ],
)
def test_m09_an_incident_belongs_by_tag_time_and_scope_with_its_reason(one: Happened, by: str | None, why: str) -> None:
    found = links(one, [ran()], INCIDENT_AFTER)
    assert [link.by.value for link in found] == ([by] if by else [])
    assert not found or why in found[0].reason


def test_m10_complaints_come_in_for_a_day_and_the_strongest_link_stands_first() -> None:
    assert links(happened(60 * 20), [ran()], COMPLAINT_AFTER)
    several = [ran("MW-3"), ran("MW-2"), ran("MW-1", places=frozenset({("base", "production")}))]
    found = links(happened(needs=frozenset({"base"}), tag="MW-3"), several, INCIDENT_AFTER)
    assert [(link.reference, link.by.value) for link in found] == [("MW-3", "tag"), ("MW-2", "scope"), ("MW-1", "dependency")]


def test_a_running_window_has_no_end_yet() -> None:
    assert links(happened(60 * 24 * 3), [ran(ended=None)], INCIDENT_AFTER)


def test_complaints_out_of_a_table_each_with_its_line() -> None:
    rows = from_csv('\ufefftext,received_at,service\n"Slow, very",2026-03-01T02:00:00Z,orders\n\nShort\nDown,,\n')
    assert [(row.line, row.said.get("text"), bool(row.wrong)) for row in rows] == [
        (2, "Slow, very", False),
        (4, None, True),
        (5, "Down", False),
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "first line"), ("who\nx", "“text”"), ("text,text\na,b", "once"), ("text,password\na,b", "no column"), ('text\n"open', "no CSV"),
     ("text\n" + "a\n" * (MOST + 1), "At most")],
)  # fmt: skip
def test_what_is_no_table_is_refused(text: str, why: str) -> None:
    with pytest.raises(Invalid, match=why) as refused:
        from_csv(text)
    assert refused.value.field == "text"


def test_complaints_out_of_mail_know_their_window_their_sender_and_their_time() -> None:
    (row,) = from_mail(mail())
    assert row.said == {
        "text": "MW-1042: nothing works\nGrüße,\nEve", "who": "eve@example.com", "external_ref": "mail:<1@x>",
        "received_at": "2026-03-01T02:00:00+00:00", "window": "MW-1042",
    }  # fmt: skip
    box = b"From eve Sun Mar  1\n" + mail() + b"\nFrom eve Sun Mar  1\n" + mail(subject="", text=" ", date="nonsense")
    good, bad = from_mail(box)
    assert good.said["window"] == "MW-1042" and bad.wrong is not None and "no text" in bad.wrong.detail


@given(st.binary(max_size=300))
def test_no_file_whatever_it_holds_is_more_than_refused(raw: bytes) -> None:
    for row in from_mail(raw):
        assert row.wrong or row.said["text"]
    try:
        from_csv(raw.decode("utf-8", "replace"))
    except Invalid as refused:
        assert refused.field == "text"
