"""Who is on call, out of a real server's calendar: used by pages and alerts, shown on the board, and never guessed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from tests import given_windows as given
from tests.callers import browser
from tests.given_alerts import alert, heard, open_window
from tests.given_notices import at, calendar
from windows.access.roles import Role
from windows.alerts.commands.telling import tell_due
from windows.audit.clock import clock
from windows.audit.models import AuditEntry
from windows.catalogue.models import OnCallSchedule, OnCallShift, Service
from windows.catalogue.queries import on_call_of
from windows.delivery.models import Message
from windows.scheduling.commands.on_call import poll_on_call

pytestmark = pytest.mark.django_db(transaction=True)


class Rota:
    """A calendar server; `text` is what it answers, None a 500."""

    text: bytes | None = None
    url = ""


@pytest.fixture
def rota(settings: Any) -> Iterator[Rota]:
    settings.HTTP_ALLOWED_HOSTS = ["127.0.0.1"]
    here = Rota()

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if here.text is not None else 500)
            self.end_headers()
            self.wfile.write(here.text or b"")

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    here.url = f"http://127.0.0.1:{server.server_address[1]}/rota.ics?key=secret"
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def shift(uid: str, title: str, *lines: str, hours: float = -1, length: int = 8) -> list[str]:
    begins = clock() + timedelta(hours=hours)
    times = [f"DTSTART:{at(begins)}", f"DTEND:{at(begins + timedelta(hours=length))}"]
    return ["BEGIN:VEVENT", f"UID:{uid}", f"SUMMARY:{title}", f"DTSTAMP:{at(begins)}", *times, *lines, "END:VEVENT"]


def given_rota(rota: Rota, *shifts: list[str]) -> None:
    given.person("otto", ("shop", Role.ON_CALL))
    given.person("nina", ("shop", Role.MEMBER))
    given.service("orders")
    Service.objects.update(on_call_schedule_url=rota.url)
    rota.text = calendar(*(line for one in shifts for line in one))
    assert poll_on_call() == 1


def on_call() -> list[str]:
    return [person.name for person in on_call_of(["shop"])]


def test_who_the_calendar_names_now_is_on_call_and_nobody_else(rota: Rota) -> None:
    given_rota(rota, shift("1", "On call: Nina"), shift("2", "Otto", hours=8), shift("3", "Otto", hours=-9))
    assert on_call() == ["Nina"]
    assert poll_on_call() == 0, "it is asked again in a quarter of an hour"
    entry = AuditEntry.objects.get(kind="on_call.schedule_read")
    assert entry.data == {"services": ["orders"], "shifts": 3, "unknown": []} and "secret" not in str(entry.data)


def test_an_attendees_address_says_it_best_and_words_that_mean_nobody_are_kept(rota: Rota) -> None:
    given_rota(rota, shift("1", "Primary", "ATTENDEE;CN=Nina:mailto:nina@example.org", "ORGANIZER:mailto:otto@example.org"))
    assert on_call() == ["Nina"]
    rota.text = calendar(*shift("1", "Somebody from the agency"))
    OnCallSchedule.objects.update(next_poll_at=clock())
    poll_on_call()
    assert on_call() == ["Otto"], "where the calendar says nobody we know, the role says it"
    assert OnCallShift.objects.get().who == "Somebody from the agency"


def test_a_shift_that_recurs_is_told_ahead(rota: Rota) -> None:
    given_rota(rota, shift("1", "Nina", "RRULE:FREQ=WEEKLY;COUNT=10"))
    assert OnCallShift.objects.count() == 10 and on_call() == ["Nina"]


def test_alerts_and_runs_page_whoever_is_on_call_by_the_calendar(rota: Rota) -> None:
    open_window()
    given_rota(rota, shift("1", "Nina"))
    heard(alert())
    tell_due()
    assert set(Message.objects.values_list("recipient", flat=True)) == {"carl@example.org", "nina@example.org"}


def test_a_calendar_that_is_away_or_broken_keeps_what_was_known_and_says_why_without_its_secret(rota: Rota) -> None:
    given_rota(rota, shift("1", "Nina"))
    for answer, why in ((None, "It answers 500"), (b"no calendar", "")):
        rota.text = answer
        OnCallSchedule.objects.update(next_poll_at=clock())
        poll_on_call()
        row = OnCallSchedule.objects.get()
        assert on_call() == ["Nina"] and row.error and why in row.error and "secret" not in row.error
    Service.objects.update(on_call_schedule_url="")
    poll_on_call()
    assert not OnCallShift.objects.exists()


def test_r_s08_a_schedule_at_an_inner_address_is_not_asked(rota: Rota, settings: Any) -> None:
    settings.HTTP_ALLOWED_HOSTS = []
    given.service("orders")
    Service.objects.update(on_call_schedule_url=rota.url)
    poll_on_call()
    assert "not public" in OnCallSchedule.objects.get().error


def test_x19_the_page_shows_who_is_on_call_until_when_and_what_each_person_was_paged_for(rota: Rota) -> None:
    open_window()
    given_rota(rota, shift("1", "Nina"), shift("2", "Somebody", hours=8))
    heard(alert())
    tell_due()
    text = browser(given.person("vic", ("shop", Role.VIEWER))).get("/on-call/").content.decode()
    assert "Nina" in text and "by its calendar" in text and "nina@example.org" not in text
    assert "1 page" in text
