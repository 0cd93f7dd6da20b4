"""Calendars in: what arrives by upload, API and poll, what it changes, what is kept for a person, and what is refused."""

from __future__ import annotations

import io
import json
import resource
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.test import RequestFactory

from tests import given_notices as sent
from tests import given_windows as given
from tests.callers import browser, caller, token_of
from windows.access.roles import Role
from windows.actions.ports import PortError
from windows.audit.clock import clock
from windows.audit.models import AuditEntry
from windows.errors import Conflict, Forbidden, Invalid, NotFound
from windows.outbound import streams
from windows.scheduling.commands.calendars_in import conditional, polls
from windows.scheduling.commands.calendars_in.keeping import settle_notice
from windows.scheduling.commands.calendars_in.objects import map_object, unmap_object
from windows.scheduling.commands.calendars_in.polls import poll_due
from windows.scheduling.commands.calendars_in.sources import add_source, remove_source
from windows.scheduling.commands.calendars_in.uploads import bring_in
from windows.scheduling.models import CalendarSource, ExternalWindow, IncompleteNotice
from windows.scheduling.queries import external_windows
from windows.scheduling.queries.calendars_in import sources, unmapped

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def olga() -> Any:
    return given.actor("olga", ("shop", Role.OWNER))


def kinds() -> list[str]:
    return list(AuditEntry.objects.filter(kind__startswith="external_window.").order_by("id").values_list("kind", flat=True))


def test_r_e16_update_replay_older_and_cancelled(olga: Any) -> None:
    """Idempotent and monotone: the same again changes nothing, an older one never, a cancelled one stays."""
    assert bring_in(olga, sent.note()).announced == 1
    assert bring_in(olga, sent.note()).unchanged == 1
    assert bring_in(olga, sent.note(sequence=2, begins=sent.BEGINS + HOUR)).changed == 1
    assert bring_in(olga, sent.note(sequence=1)).older == 1
    assert bring_in(olga, sent.note(sequence=None)).older == 1
    row = ExternalWindow.objects.get()
    assert (row.starts_at, row.sequence, row.objects_named) == (sent.BEGINS + HOUR, 2, {"C-1": "no_impact", "C-2": ""})

    no_change = bring_in(olga, sent.note("SUMMARY:Splice of cable 8", sequence=3, status=None, begins=sent.BEGINS + HOUR))
    assert no_change.changed == 1 and ExternalWindow.objects.get().status == "confirmed"
    over = sent.note("X-MAINTNOTE-OBJECT-ID:", "X-MAINTNOTE-IMPACT:", "DTSTART:", "DTEND:", sequence=4, status="CANCELLED")
    assert bring_in(olga, over).cancelled == 1
    assert bring_in(olga, sent.note(sequence=3)).older == 1
    row.refresh_from_db()
    assert (row.status, row.starts_at, row.impact, len(row.objects_named)) == ("cancelled", sent.BEGINS + HOUR, "outage", 2)
    assert kinds() == [f"external_window.{what}" for what in ("announced", "changed", "changed", "cancelled")]
    assert AuditEntry.objects.filter(kind="external_window.cancelled").get().data["uid"] == "42"


def test_r_e16_incomplete_ones_wait_for_a_person_and_a_complete_one_settles_them(olga: Any) -> None:
    half = sent.note("X-MAINTNOTE-IMPACT:", "X-MAINTNOTE-OBJECT-ID:")
    assert bring_in(olga, half).incomplete == 1 and bring_in(olga, half).incomplete == 0 and not ExternalWindow.objects.exists()
    row = IncompleteNotice.objects.get()
    assert row.missing == ["X-MAINTNOTE-OBJECT-ID", "X-MAINTNOTE-IMPACT"] and row.provider == "example.com" and "UID:42" in row.raw
    bring_in(olga, sent.note(sequence=2))
    row.refresh_from_db()
    assert row.settled_at is not None and row.settled_by is None
    with pytest.raises(Conflict):
        settle_notice(olga, row.pk, "done")
    nobody_knows = sent.note("DTSTART:", "DTEND:", uid="77", status="CANCELLED")
    assert bring_in(olga, nobody_knows).incomplete == 1
    assert settle_notice(olga, IncompleteNotice.objects.get(uid="77").pk, "They meant another.").settled_by_id == olga.person_id


def test_r_e16_a_series_with_a_moved_and_a_dropped_instance(olga: Any) -> None:
    """Every occurrence within the horizon; one is moved by RECURRENCE-ID, one left out by EXDATE, one cancelled later."""
    rule = "RRULE:FREQ=DAILY;COUNT=4"
    moved = sent.event("s", f"RECURRENCE-ID:{sent.at(sent.BEGINS + 24 * HOUR)}", begins=sent.BEGINS + 30 * HOUR)
    first = sent.calendar(*sent.event("s", rule, f"EXDATE:{sent.at(sent.BEGINS + 48 * HOUR)}"), *moved)
    assert bring_in(olga, first, provider="Cloud").announced == 3
    assert [row.starts_at - sent.BEGINS for row in ExternalWindow.objects.order_by("starts_at")] == [0 * HOUR, 30 * HOUR, 72 * HOUR]
    assert kinds() == ["external_window.announced"] and AuditEntry.objects.get(kind=kinds()[0]).data["occurrences"] == 3

    shorter = sent.calendar(*sent.event("s", "RRULE:FREQ=DAILY;COUNT=3", "SEQUENCE:1"))
    taken = bring_in(olga, shorter, provider="cloud")
    standing = [row.starts_at - sent.BEGINS for row in ExternalWindow.objects.filter(status="confirmed").order_by("starts_at")]
    assert standing == [0 * HOUR, 24 * HOUR, 48 * HOUR] and (taken.announced, taken.cancelled) == (1, 1)


def test_a_series_that_is_called_off_by_its_name_alone_stands_nowhere(olga: Any) -> None:
    assert bring_in(olga, sent.calendar(*sent.event("s", "RRULE:FREQ=DAILY;COUNT=4")), provider="cloud").announced == 4
    off = sent.calendar("METHOD:CANCEL", "BEGIN:VEVENT", "UID:s", "SEQUENCE:1", "STATUS:CANCELLED", "END:VEVENT")
    assert bring_in(olga, off, provider="cloud").cancelled == 4
    assert set(ExternalWindow.objects.values_list("status", flat=True)) == {"cancelled"} and not IncompleteNotice.objects.exists()


def test_between_two_sequences_that_say_the_same_nothing_is_newer(olga: Any) -> None:
    for sequence, told in ((5, "announced"), (7, "unchanged")):
        assert getattr(bring_in(olga, sent.note(sequence=sequence)), told) == 1
    assert bring_in(olga, sent.note(sequence=6, begins=sent.BEGINS + HOUR)).older == 1
    assert ExternalWindow.objects.get().starts_at == sent.BEGINS


@pytest.mark.parametrize(("many", "rule"), [(100, "FREQ=DAILY"), (501, "FREQ=YEARLY")])
def test_r_s14_a_file_that_means_too_much_is_refused_as_a_whole(olga: Any, many: int, rule: str) -> None:
    lines = [line for number in range(many) for line in sent.event(str(number), f"RRULE:{rule}")]
    with pytest.raises(Invalid) as refused:
        bring_in(olga, sent.calendar(*lines), provider="cloud")
    assert refused.value.field == "file" and "at most" in refused.value.detail
    assert not ExternalWindow.objects.exists()


HOSTILE = [
    "FREQ=SECONDLY", "FREQ=MINUTELY;BYHOUR=3;BYMONTH=2;BYMONTHDAY=31", "FREQ=DAILY;INTERVAL=0", "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=HOURLY", "FREQ=DAILY;COUNT=99999999", "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10", "FREQ=NEVER", "FREQ=DAILY;UNTIL=x", "x",
]  # fmt: skip


def test_r_s14_hostile_rules_wait_for_a_person_and_cost_nothing(olga: Any) -> None:
    lines = [line for number, rule in enumerate(HOSTILE) for line in sent.event(str(number), f"RRULE:{rule}")]
    endless = sent.event("never", "RRULE:FREQ=DAILY;BYMONTHDAY=31;BYMONTH=4")
    began = clock()
    taken = bring_in(olga, sent.calendar(*lines, *endless), provider="cloud")
    assert clock() - began < timedelta(seconds=60)
    assert taken.incomplete == len(HOSTILE) and taken.announced == 0  # the 31st of April is no error: it never comes
    assert all("RRULE" in row.missing[0] for row in IncompleteNotice.objects.all())


def test_who_may_bring_what_in(olga: Any) -> None:
    ada, zoe = given.actor("ada", ("shop", Role.MEMBER)), given.actor("zoe")
    given.service("orders")
    given.service("bank", "finance")
    for who in (ada, zoe):
        with pytest.raises(Forbidden):
            bring_in(who, sent.note())
        with pytest.raises(Forbidden):
            add_source(who, "Circuits", "example.com")
    with pytest.raises(Forbidden):
        map_object(olga, "example.com", "C-1", "bank")
    one = map_object(olga, "Example.COM", "C-1", "orders", environment="production")
    with pytest.raises(Conflict):
        map_object(olga, "example.com", "C-1", "orders", environment="production")
    for said, field in ((("", "C-1", "orders"), "provider"), (("x", "", "orders"), "object"), (("x", "y", "none"), "service")):
        with pytest.raises(Invalid) as refused:
            map_object(olga, *said)
        assert refused.value.field == field
    bring_in(olga, sent.note())
    (window,) = external_windows(sent.BEGINS, sent.BEGINS + HOUR, ["orders"])
    assert window.services == ("orders",) and window.unmapped == ("C-2",) and unmapped(clock()) == []
    unmap_object(olga, one.pk)
    assert [(lost.object, lost.windows) for lost in unmapped(clock())] == [("C-1", 1), ("C-2", 1)]
    with pytest.raises(NotFound):
        unmap_object(olga, one.pk)


def test_r_s13_over_the_api_a_broken_file_is_422_with_its_line(olga: Any, client: Any) -> None:
    caller = browser(given.person("olga", ("shop", Role.OWNER)))

    def post(raw: bytes, kind: str = "text/calendar", query: str = "") -> Any:
        return caller.post(f"/api/v1/external-windows{query}", raw, content_type=kind)

    broken = post(b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY\r\n")
    assert (broken.status_code, json.loads(broken.content)["line"], json.loads(broken.content)["field"]) == (422, 3, "file")
    good = post(sent.note())
    assert (good.status_code, json.loads(good.content)["announced"]) == (200, 1)
    assert post(sent.note(), "application/pdf").status_code == 415
    assert post(sent.note(uid="a") + b"X" * 1024 * 1024).status_code == 413
    assert post(sent.note(), query="?speaker=x").status_code == 422
    unnamed = json.loads(post(sent.calendar(*sent.event("1"))).content)
    assert unnamed["incomplete"] == 1 and IncompleteNotice.objects.get().missing == ["the provider's name"]
    listed = json.loads(caller.get("/api/v1/external-windows").content)
    assert [one["reference"] for one in listed] == ["example.com WorkOrder-31415"] and "raw" not in listed[0]


class Site(BaseHTTPRequestHandler):
    """A calendar on the web: serves `answer`, remembers what it was asked with."""

    answer: tuple[int, dict[str, str], bytes] = (200, {}, b"")
    asked: list[dict[str, str]] = []

    def do_GET(self) -> None:
        self.asked.append({name.lower(): value for name, value in self.headers.items()})
        status, headers, body = self.answer
        if headers.get("ETag") and self.headers.get("If-None-Match") == headers["ETag"]:
            status, body = 304, b""
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    Site.asked, Site.answer = [], (200, {}, b"")
    with HTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/m.ics"
        server.shutdown()
        thread.join(60)


def poll_now() -> CalendarSource:
    CalendarSource.objects.filter(removed_at=None).exclude(url="").update(next_poll_at=clock())
    assert poll_due() == 1
    return CalendarSource.objects.get(removed_at=None)


@pytest.mark.django_db(transaction=True)
def test_a_calendar_is_polled_and_what_it_drops_is_called_off(site: str, settings: Any) -> None:
    olga = given.actor("olga", ("shop", Role.OWNER))
    settings.HTTP_ALLOWED_HOSTS = ["127.0.0.1"]
    Site.answer = (200, {"ETag": '"a"'}, sent.calendar(*sent.event("1"), *sent.event("2", begins=sent.BEGINS + HOUR)))
    add_source(olga, "Status page", "Cloud", site)
    source = poll_now()
    assert (source.error, source.failures, source.etag) == ("", 0, '"a"') and source.succeeded_at is not None
    assert ExternalWindow.objects.filter(source=source, provider="cloud").count() == 2
    assert poll_now().etag == '"a"' and Site.asked[-1]["if-none-match"] == '"a"'
    CalendarSource.objects.update(succeeded_at=clock() - timedelta(days=32))
    assert poll_now().etag == '"a"' and "if-none-match" not in Site.asked[-1], "once a month the horizon of its series moves on"

    Site.answer = (200, {"ETag": '"b"'}, sent.calendar(*sent.event("2", begins=sent.BEGINS + HOUR)))
    poll_now()
    assert dict(ExternalWindow.objects.values_list("uid", "status")) == {"1": "cancelled", "2": "confirmed"}
    assert kinds() == ["external_window.announced"] * 2 + ["external_window.cancelled"]

    Site.answer = (200, {}, b"<html>maintenance</html>")
    failed = poll_now()
    assert failed.failures == 1 and "a property's name" in failed.error and failed.next_poll_at is not None
    assert ExternalWindow.objects.filter(status="confirmed").count() == 1  # what was known stays
    Site.answer = (302, {"Location": "http://169.254.169.254/"}, b"")
    assert "redirects are not followed" in poll_now().error and polls.wait(2) == 2 * polls.wait(1) and polls.wait(99) == polls.RARELY
    listed = sources()
    assert listed[0]["standing"] == 1 and listed[0]["url"] == site.replace("/m.ics", "/…")
    remove_source(olga, failed.pk)
    assert poll_due() == 0 and not ExternalWindow.objects.filter(status="confirmed").exists()


@pytest.mark.django_db(transaction=True)
def test_r_e16_what_was_missing_once_and_comes_back_without_a_status_stands_as_it_stood(site: str, settings: Any) -> None:
    """A calendar that is empty once is a mishap of its server; a cancellation by the provider's own word stays one."""
    settings.HTTP_ALLOWED_HOSTS = ["127.0.0.1"]
    add_source(given.actor("olga", ("shop", Role.OWNER)), "Status page", "Example.com", site)
    whole, empty = sent.note(status="TENTATIVE"), sent.calendar()
    again, off = sent.note(status="NO-CHANGE"), sent.note(status="CANCELLED", sequence=2)
    statuses = []
    for n, body in enumerate((whole, empty, again, empty, again, off, empty, sent.note(status="NO-CHANGE", sequence=3))):
        Site.answer = (200, {"ETag": f'"{n}"'}, body)
        poll_now()
        statuses.append(ExternalWindow.objects.get().status)
    assert statuses == ["tentative", "cancelled", "tentative", "cancelled", "tentative", "cancelled", "cancelled", "cancelled"]


@pytest.mark.django_db(transaction=True)
def test_dead_calendars_do_not_hold_a_tick_for_ever(monkeypatch: Any) -> None:
    olga, now = given.actor("olga", ("shop", Role.OWNER)), [0.0]

    def hangs(*_: Any, **__: Any) -> Any:
        now[0] += conditional.PATIENCE
        raise PortError("It does not answer.")

    monkeypatch.setattr(conditional, "exchange", hangs)
    monkeypatch.setattr(polls, "time", SimpleNamespace(monotonic=lambda: now[0]))
    for n in range(5):
        add_source(olga, f"Calendar {n}", "cloud", f"https://calendar-{n}.example.org/m.ics")
    assert [poll_due(polls.LONGEST) for _ in range(4)] == [2, 2, 1, 0]  # the next tick goes on where this one left off
    assert not CalendarSource.objects.filter(failures=0).exists()


@pytest.mark.django_db(transaction=True)
def test_r_s08_a_polled_address_never_leads_inside(site: str, monkeypatch: Any) -> None:
    """By name, by number, by redirect or by a resolver that changes its mind: what is not public is not connected to."""
    olga = given.actor("olga", ("shop", Role.OWNER))
    port = site.rsplit(":", 1)[1].split("/", maxsplit=1)[0]
    for bad in (
        "ftp://example.org/x",
        "file:///etc/passwd",
        "http://u:p@example.org/",
        "http://",
        "gopher://x",
        "http://[::1",
        "javascript:x",
    ):
        with pytest.raises(Invalid) as refused:
            add_source(olga, "Bad", "cloud", bad)
        assert refused.value.field == "url"
    hosts = (
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "017700000001",
        "127.1",
        "[::ffff:127.0.0.1]",
        "localhost",
        "169.254.169.254",
        "[64:ff9b::7f00:1]",
    )
    for host in hosts:
        source = add_source(olga, host, "cloud", f"http://{host}:{port}/m.ics")
        assert poll_due() == 1
        source.refresh_from_db()
        assert "not public" in source.error or "metadata" in source.error or "cannot be looked up" in source.error, (host, source.error)
        remove_source(olga, source.pk)
    answers = iter(["93.184.216.34", "127.0.0.1"])

    def rebinding(host: str, number: int) -> list[str]:
        return [next(answers)]

    reached: list[str] = []
    monkeypatch.setattr(streams.GuardedBackend, "connect", lambda self, address, number: reached.append(address) or refuse())
    monkeypatch.setattr(conditional.exchange, "__kwdefaults__", {**conditional.exchange.__kwdefaults__, "resolver": rebinding})
    add_source(olga, "Rebinding", "cloud", f"http://evil.example:{port}/m.ics")
    for _ in range(2):
        poll_now()
    assert reached == ["93.184.216.34"] and Site.asked == []
    assert "127.0.0.1, which is not public" in CalendarSource.objects.get(name="Rebinding").error


def refuse() -> socket.socket:
    raise ConnectionRefusedError(111, "refused")


class Endless(io.RawIOBase):
    """A body that is made as it is read, and counts what was read of it."""

    def __init__(self, size: int) -> None:
        self.left, self.taken = size, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        number = min(len(buffer), self.left)
        buffer[:number] = b"X" * number
        self.left, self.taken = self.left - number, self.taken + number
        return number


@pytest.mark.parametrize("announced", [True, False], ids=["a length", "chunked"])
@pytest.mark.parametrize("headers", [{}, {"HTTP_IDEMPOTENCY_KEY": "once"}], ids=["plain", "idempotent"])
def test_r_s12_a_gigabyte_is_refused_after_its_first_mebibyte(olga: Any, announced: bool, headers: dict[str, str]) -> None:
    endless = Endless(1024**3)
    environ = RequestFactory(headers={"Authorization": f"Bearer {token_of(olga)}"}).post("/api/v1/external-windows").environ
    environ |= {"CONTENT_TYPE": "text/calendar", "wsgi.input": io.BufferedReader(endless, 64 * 1024), **headers}
    if announced:
        environ["CONTENT_LENGTH"] = str(1024**3)
    else:
        environ |= {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}
    assert caller(olga).post("/api/v1/external-windows", sent.note()).status_code == 200  # whatever is loaded once is loaded
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = get_wsgi_application().get_response(WSGIRequest(environ))  # type: ignore[attr-defined]
    assert answer.status_code == 413 if announced else answer.status_code in (400, 411, 413, 422), answer.content
    assert endless.taken <= 2 * 1024**2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before <= 20 * 1024
