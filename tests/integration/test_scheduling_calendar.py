"""The calendar and its feeds: what is shown to whom, what changes when a window does, how strangers read it."""

import re
import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from icalendar import Calendar

from tests import given_windows as given
from windows.access.roles import Role
from windows.approvals.commands import amend_window, decide, request_window
from windows.catalogue.models import Person
from windows.errors import Invalid, NotFound
from windows.lifecycle.states import WindowStatus
from windows.scheduling import ical
from windows.scheduling.commands.drafts import cancel_window
from windows.scheduling.commands.editing import ScopeRow
from windows.scheduling.commands.feeds import feed_by_token, issue_feed, revoke_feed
from windows.scheduling.commands.transitions import move
from windows.scheduling.models import Feed, Window
from windows.scheduling.queries import CalendarFilter, calendar, feed_version
from windows.scheduling.queries.feeds import PLAIN, FeedVariant

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def ada() -> Any:
    return given.actor("ada", ("shop", Role.MEMBER))


@pytest.fixture
def olga() -> Any:
    return given.actor("olga", ("shop", Role.OWNER))


def everything(**more: Any) -> CalendarFilter:
    now = datetime.now(UTC)
    return CalendarFilter(since=now - DAY, until=now + 30 * DAY, **more)


def publish(window: Window, actor: Any) -> Window:
    with transaction.atomic():
        return move(window.pk, WindowStatus.REQUESTED, actor, "window.requested", expected=WindowStatus.DRAFT)


def test_one_query_whatever_is_shown(ada: Any, django_assert_num_queries: Any) -> None:
    given.service("orders", regions=("r1", "r2"))
    for hours in (1, 5, 9):
        given.window(ada, starts_at=given.soon(hours))
    with django_assert_num_queries(1):
        entries = calendar(everything(), ada)
    assert [len(entry.places) for entry in entries] == [2, 2, 2] and entries == sorted(entries, key=lambda e: e.cursor)
    assert (entries[0].services, entries[0].team_name, entries[0].coordinator) == (("orders",), "Shop", "Ada")


def test_filters_and_pages(ada: Any) -> None:
    first = given.window(ada, title="Rename 50% of_all columns")
    given.window(ada, "search", starts_at=first.starts_at)
    publish(first, ada)
    for wanted, count in (
        ({}, 2),
        ({"team": "shop"}, 2),
        ({"team": "data"}, 0),
        ({"service": "search"}, 1),
        ({"environment": "staging"}, 0),
        ({"status": ("requested", "approved")}, 1),
        ({"text": "50% of_all"}, 1),
        ({"text": "50_ of"}, 0),
        ({"text": first.reference.lower()}, 1),
        ({"text": "search"}, 1),
        ({"text": "\0"}, 2),
    ):
        assert len(calendar(everything(**wanted), ada)) == count, wanted
    (one,) = calendar(everything(limit=1), ada)
    (two,) = calendar(everything(limit=1, after=one.cursor), ada)
    assert {one.id, two.id} == set(Window.objects.values_list("id", flat=True))
    assert calendar(everything(after=two.cursor), ada) == []
    edge = first.ends_at
    assert calendar(CalendarFilter(since=edge, until=edge + DAY), ada) == []


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"until": datetime(2020, 1, 1, tzinfo=UTC)}, "until"),
        ({"until": datetime.now(UTC) + 900 * DAY}, "until"),
        ({"limit": 0}, "limit"),
        ({"limit": 10**6}, "limit"),
        ({"status": ("x",)}, "status"),
    ],
)
def test_a_filter_that_cannot_be_is_named(ada: Any, wanted: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        calendar(CalendarFilter(**({"since": datetime.now(UTC), "until": datetime.now(UTC) + DAY} | wanted)), ada)
    assert refused.value.field == field


def test_confidential_windows_show_to_their_own(ada: Any) -> None:
    given.service("bank", "finance")
    window = given.window(ada, confidential=True, scope=(ScopeRow("orders", "production"), ScopeRow("bank", "production")))
    for actor, seen in ((given.actor("eve", ("other", Role.OWNER)), 0), (given.actor("fin", ("finance", Role.VIEWER)), 1), (ada, 1),
                        (given.actor("root", administrator=True), 1), (given.actor("sam", ("platform", Role.SRE)), 1)):  # fmt: skip
        assert len(calendar(everything(), actor)) == seen
        feed = Feed(pk=1, kind="all")
        publish(window, ada) if Window.objects.get().status == "draft" else None
        assert ical.feed(feed, actor, datetime.now(UTC)).count(b"BEGIN:VEVENT") == seen


def test_the_calendar_reads_by_index(ada: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        begins = datetime.now(UTC)
        cursor.execute(
            "explain select id from scheduling_window where tstzrange(starts_at, ends_at) && tstzrange(%s, %s)", [begins, begins + DAY]
        )
        assert "window_period" in "\n".join(row[0] for row in cursor.fetchall())


def body(feed: Feed, viewer: Any, variant: FeedVariant = PLAIN) -> bytes:
    return ical.feed(feed, viewer, datetime.now(UTC), variant)


def told(data: bytes) -> dict[str, Any]:
    (event,) = Calendar.from_ical(data).walk("VEVENT")
    return {name: str(event[name]) for name in ("UID", "SEQUENCE", "STATUS", "SUMMARY")} | {
        "modified": event["LAST-MODIFIED"].dt, "begins": event["DTSTART"].dt, "ends": event["DTEND"].dt
    }  # fmt: skip


def test_n14_calendar_truth(ada: Any, olga: Any, monkeypatch: Any) -> None:
    """Moved: same UID, SEQUENCE + 1, later LAST-MODIFIED, another ETag. Cancelled: stays 30 days. Revoked: gone."""
    window = given.window(ada, timezone="Europe/Berlin")
    feed, raw = issue_feed(olga, "service", "orders")
    assert b"VEVENT" not in body(feed, olga)  # a draft is nobody's business
    request_window(ada, window.pk)
    approved = decide(olga, window.pk, "approved")
    Window.objects.update(updated_at=approved.updated_at - timedelta(seconds=5))  # as if some time had gone by
    before, etag = told(body(feed, olga)), feed_version(feed, olga, datetime.now(UTC)).etag
    assert before["STATUS"] == "CONFIRMED" and etag == feed_version(feed, olga, datetime.now(UTC)).etag

    time.sleep(1.1)  # LAST-MODIFIED has whole seconds
    later = window.starts_at + timedelta(hours=1)
    amend_window(ada, window.pk, {"starts_at": later, "ends_at": later + timedelta(hours=1)}, approved.version)
    moved = told(body(feed, olga))
    assert moved["UID"] == before["UID"] and int(moved["SEQUENCE"]) == int(before["SEQUENCE"]) + 1 and moved["STATUS"] == "TENTATIVE"
    assert moved["modified"] > before["modified"] and moved["begins"] == later
    newer = feed_version(feed, olga, datetime.now(UTC)).etag
    assert newer != etag and re.fullmatch('"[0-9a-f]{32}"', newer)

    cancelled = cancel_window(ada, window.pk, "Not needed.")
    assert told(body(feed, olga))["STATUS"] == "CANCELLED"
    kept = told(body(feed, olga, FeedVariant(keep_cancelled=True)))
    assert kept["STATUS"] == "CONFIRMED" and kept["SUMMARY"].startswith("CANCELLED MW-")
    now = datetime.now(UTC)
    assert feed_version(feed, olga, now, FeedVariant(keep_cancelled=True)).etag != feed_version(feed, olga, now).etag
    for days, there in ((29, True), (31, False)):
        at = cancelled.updated_at + days * DAY
        assert (b"BEGIN:VEVENT" in ical.feed(feed, olga, at)) is there

    assert feed_by_token(raw)[0].pk == feed.pk
    revoke_feed(olga, feed.pk)
    with pytest.raises(NotFound):
        feed_by_token(raw)


def test_an_etag_is_asked_with_one_query_and_no_block(ada: Any, django_assert_num_queries: Any) -> None:
    publish(given.window(ada), ada)
    feed, _ = issue_feed(ada, "all")
    with django_assert_num_queries(1) as asked:
        feed_version(feed, ada, datetime.now(UTC))
    assert "vevent" not in asked.captured_queries[0]["sql"]
    with django_assert_num_queries(2):  # the blocks, and the zones they speak of
        body(feed, ada)


def test_a_secret_address_is_kept_as_a_hash_and_reads_with_todays_rights(ada: Any, olga: Any) -> None:
    feed, raw = issue_feed(ada, "all")
    assert len(raw) >= 43 and raw not in str(Feed.objects.values().get())
    _, viewer = feed_by_token(raw)
    assert viewer.scopes == frozenset({"read"}) and Feed.objects.get().last_used_at is not None
    with pytest.raises(NotFound):
        revoke_feed(olga, feed.pk)
    Person.objects.filter(pk=ada.person_id).update(is_active=False)
    for token in (raw, "", "x", "\ud800", raw + "x"):
        with pytest.raises(NotFound):
            feed_by_token(token)


@pytest.mark.parametrize(
    ("kind", "target", "field"),
    [("q", "", "kind"), ("team", "", "target"), ("team", "nobody", "target"), ("service", "a\0", "target")],
)
def test_a_feed_that_cannot_be_is_named(ada: Any, kind: str, target: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        issue_feed(ada, kind, target)
    assert refused.value.field == field


def test_kinds_of_feeds(ada: Any, olga: Any) -> None:
    given.service("bank", "finance")
    publish(given.window(ada), ada)
    publish(given.window(ada, "bank", coordinator_id=olga.person_id, owner_id=olga.person_id), ada)
    for kind, target, count in (("all", "", 2), ("team", "shop", 2), ("team", "finance", 1), ("service", "bank", 1), ("person", "", 1)):
        feed, _ = issue_feed(ada, kind, target)
        assert body(feed, ada).count(b"BEGIN:VEVENT") == count, (kind, target)


def test_r_e15_the_header_is_what_clients_ask_for(ada: Any) -> None:
    publish(given.window(ada, timezone="Europe/Berlin"), ada)
    publish(given.window(ada, "search", timezone="Asia/Kolkata"), ada)
    data = body(issue_feed(ada, "team", "shop")[0], ada)
    lines = data.decode().split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR" and lines[-2:] == ["END:VCALENDAR", ""] and max(map(len, data.split(b"\r\n"))) <= 75
    for line in ("VERSION:2.0", "CALSCALE:GREGORIAN", "X-WR-CALNAME:Roadworks: team shop", "NAME:Roadworks: team shop",
                 "REFRESH-INTERVAL;VALUE=DURATION:PT1H", "X-PUBLISHED-TTL:PT1H"):  # fmt: skip
        assert lines.count(line) == 1, line
    assert not [line for line in lines if line.startswith("METHOD")]
    assert [line for line in lines if line.startswith("TZID:")] == ["TZID:Asia/Kolkata", "TZID:Europe/Berlin"]
    assert data.count(b"BEGIN:VTIMEZONE") == 2 and data.index(b"BEGIN:VEVENT") > data.rindex(b"END:VTIMEZONE")


def test_r_s11_hostile_text_in_every_field_breaks_no_feed(ada: Any) -> None:
    hostile = 'x\nATTENDEE:mailto:eve@example.org\nBEGIN:VALARM "q" ; , \\ \\n é🚧' * 20
    Person.objects.filter(pk=ada.person_id).update(name='Ada"\nX-EVIL:1')
    window = given.window(ada, title='; , \\ " : é🚧' * 10, reason=hostile, expected_impact=hostile)
    publish(window, ada)
    data = body(issue_feed(ada, "all")[0], ada)
    unfolded = data.decode().replace("\r\n ", "")
    assert not re.search(r"(?m)^(ATTENDEE|BEGIN:VALARM|X-EVIL)", unfolded)
    (event,) = Calendar.from_ical(data).walk("VEVENT")
    assert str(event["SUMMARY"]) == f"{window.reference}: {window.title}"


@pytest.mark.skipif(shutil.which("khal") is None, reason="needs the Debian package khal")
def test_r_e15_khal_reads_the_same_hours(ada: Any, tmp_path: Path) -> None:
    begins = datetime.now(UTC).replace(hour=22, minute=30, second=0, microsecond=0) + 3 * DAY
    shown = {}
    for number, zone in enumerate(("Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "UTC")):
        window = publish(given.window(ada, f"svc-{number}", starts_at=begins, hours=1.5, timezone=zone, title=f"Größe 🚧 {zone}"), ada)
        shown[window.reference] = zone
    (tmp_path / "feed.ics").write_bytes(body(issue_feed(ada, "all")[0], ada))
    (tmp_path / "khal.conf").write_text(
        f"[calendars]\n[[all]]\npath = {tmp_path}/store\n[sqlite]\npath = {tmp_path}/khal.db\n"
        "[locale]\nlocal_timezone = UTC\ndefault_timezone = UTC\ntimeformat = %H:%M\ndateformat = %Y-%m-%d\n"
        "longdateformat = %Y-%m-%d\ndatetimeformat = %Y-%m-%d %H:%M\nlongdatetimeformat = %Y-%m-%d %H:%M\n"
    )
    (tmp_path / "store").mkdir()
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}

    def khal(*words: str) -> str:
        done = subprocess.run(["khal", "-c", str(tmp_path / "khal.conf"), *words], env=environ, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    khal("import", "--batch", "-a", "all", str(tmp_path / "feed.ics"))
    listed = khal("list", "--format", "{start-time}-{end-time} {title}", "--day-format", "", f"{begins:%Y-%m-%d}", "1d")
    for reference, zone in shown.items():
        assert f"22:30-00:00 {reference}: Größe 🚧 {zone}" in listed, listed
