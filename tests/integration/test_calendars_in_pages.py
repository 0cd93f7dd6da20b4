"""Other people's calendars in the browser: watched, brought in, led to our services, completed by a person; and moving out of a freeze."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests import given_notices as sent
from tests import given_windows as given
from tests.integration.test_ways_out import Reader, freeze_of
from windows.access.roles import Role
from windows.approvals.commands import request_window
from windows.audit.models import AuditEntry
from windows.scheduling.commands.freezes import create_freeze
from windows.scheduling.models import CalendarSource, ExternalWindow, IncompleteNotice, ProviderObject, Window

pytestmark = pytest.mark.django_db
PAGE = "/settings/calendars-in/"


@pytest.fixture
def ada() -> Any:
    given.service("orders")
    return given.actor("ada", ("shop", Role.OWNER))


def test_a_calendar_is_watched_its_state_shown_and_it_is_let_go(ada: Any) -> None:
    reader = Reader(ada)
    assert "No calendar of a provider is watched" in reader.read(PAGE)
    said = {"name": "Circuits", "provider": "Example.com", "url": "https://user@calendar.example/secret.ics"}
    assert 'id="url-error"' in reader.send(f"{PAGE}new", 422, **said).content.decode()
    reader.send(f"{PAGE}new", **said | {"url": "https://calendar.example/secret.ics"})
    text = reader.read(PAGE)
    assert "Waits for its first answer" in text and "https://calendar.example/…" in text and "secret" not in text
    row = CalendarSource.objects.get()
    CalendarSource.objects.update(error="It answers 500 where 200 is expected.", failures=3, polled_at=row.created_at)
    text = reader.read(PAGE)
    assert "It answers 500" in text and "3 times in a row" in text and "again" in text
    eve = Reader(given.actor("eve", ("shop", Role.MEMBER)))
    assert "Stop watching" not in eve.read(PAGE) and eve.client.get(f"{PAGE}new").status_code == 403
    reader.send(f"{PAGE}{row.pk}/remove")
    assert "No calendar of a provider is watched" in reader.read(PAGE)


def test_a_file_is_brought_in_and_what_leads_nowhere_is_led(ada: Any) -> None:
    reader = Reader(ada)
    file = SimpleUploadedFile("note.ics", sent.note())
    shown = reader.send(f"{PAGE}file", 200, file=file).content.decode()
    assert "<dt>Announced</dt><dd>1</dd>" in shown
    assert 'id="file-error"' in reader.send(f"{PAGE}file", 422, text="BEGIN:NOTHING").content.decode()
    assert "Choose a file" in reader.send(f"{PAGE}file", 422).content.decode()
    text = reader.read(PAGE)
    assert "Leads nowhere" in text and f"{PAGE}objects/new?provider=example.com&amp;object=C-1" in text
    assert 'value="C-1"' in reader.read(f"{PAGE}objects/new?provider=example.com&object=C-1")
    said = {"provider": "example.com", "object": "C-1", "service": "orders", "environment": "", "region": ""}
    assert 'id="service-error"' in reader.send(f"{PAGE}objects/new", 422, **said | {"service": ""}).content.decode()
    reader.send(f"{PAGE}objects/new", **said)
    window = given.window(ada, starts_at=sent.BEGINS)
    assert "example.com: Splice of cable 7 reaches orders in production/r1" in reader.read(f"/windows/{window.reference}")
    for face in ("lanes", "month", "agenda"):
        assert "example.com" in reader.read(f"/calendar/?view={face}&on={sent.BEGINS:%Y-%m-%d}"), face
    reader.send(f"{PAGE}objects/{ProviderObject.objects.get().pk}/remove")
    assert not ProviderObject.objects.exists()


def test_a_notice_that_lacks_something_says_what_and_is_completed_by_a_person(ada: Any) -> None:
    reader = Reader(ada)
    reader.send(f"{PAGE}file", 200, text=sent.note("DTEND:", "X-MAINTNOTE-IMPACT:").decode())
    row = IncompleteNotice.objects.get()
    text = reader.read(PAGE)
    assert "Missing: X-MAINTNOTE-IMPACT; DTEND" in text and f"{PAGE}notices/{row.pk}" in text
    form = reader.read(f"{PAGE}notices/{row.pk}")
    assert f'value="{sent.BEGINS:%Y-%m-%dT%H:%M}"' in form
    assert 'value="Splice of cable 7"' in form and "C-1" in form and "BEGIN:VEVENT" in form, "what it says stands in the form"
    ends = sent.BEGINS + timedelta(hours=4)
    said = {"provider": "example.com", "title": "Splice of cable 7", "timezone": "UTC", "status": "confirmed", "impact": "outage"}
    said |= {"starts_at": f"{sent.BEGINS:%Y-%m-%dT%H:%M}", "objects": "C-1\nC-9"}
    assert 'id="ends_at-error"' in reader.send(f"{PAGE}notices/{row.pk}", 422, **said, ends_at="").content.decode()
    wrong = reader.send(f"{PAGE}notices/{row.pk}", 422, **said | {"impact": "awful"}, ends_at=f"{ends:%Y-%m-%dT%H:%M}")
    assert 'id="impact-error"' in wrong.content.decode() and not ExternalWindow.objects.exists()
    reader.send(f"{PAGE}notices/{row.pk}", **said, ends_at=f"{ends:%Y-%m-%dT%H:%M}")
    made = ExternalWindow.objects.get()
    assert (made.ends_at, made.impact, sorted(made.objects_named), made.references) == (ends, "outage", ["C-1", "C-9"], ["WorkOrder-31415"])
    assert AuditEntry.objects.get(kind="notice.completed").actor == "Ada"
    assert "Settled" in reader.read(f"{PAGE}notices/{row.pk}") and "Complete it" not in reader.read(PAGE)
    again = reader.send(f"{PAGE}notices/{row.pk}", 409, **said, ends_at=f"{ends:%Y-%m-%dT%H:%M}")
    assert "settled already" in again.content.decode()


def test_a_notice_is_set_aside_with_a_reason(ada: Any) -> None:
    reader = Reader(ada)
    reader.send(f"{PAGE}file", 200, text=sent.note("DTSTART:").decode())
    row = IncompleteNotice.objects.get()
    reader.send(f"{PAGE}notices/{row.pk}/set-aside", 422, reason="")
    reader.send(f"{PAGE}notices/{row.pk}/set-aside", reason="It was an advertisement.")
    row.refresh_from_db()
    assert row.settled_by_id == ada.person_id and not ExternalWindow.objects.exists()


def test_windows_are_moved_out_of_a_freeze_together_and_what_cannot_says_why(ada: Any) -> None:
    mia = given.actor("mia", ("post", Role.OWNER))
    mine, second = given.window(ada), given.window(ada, starts_at=given.soon(26))
    given.service("mail", "post")
    theirs = given.window(mia, "mail", team="post")
    for actor, window in ((ada, mine), (ada, second), (mia, theirs)):
        request_window(actor, window.pk)
    sam = given.actor("sam", ("shop", Role.SRE))
    freeze = create_freeze(sam, freeze_of(mine, title="Peak", ends_at=second.ends_at + timedelta(hours=2)))
    reader = Reader(ada)
    assert f"/settings/freezes/{freeze.pk}/moves" in reader.read(f"/settings/freezes/{freeze.pk}")
    page = f"/settings/freezes/{freeze.pk}/moves"
    text = reader.read(page)
    assert text.count('name="move"') == 2 and theirs.reference in text and "you may not" in text
    boxes = [part.split('"')[0] for part in text.split('name="move" value="')[1:]]
    assert "Name one to" in reader.send(page, 422).content.decode()
    assert "Tick the windows" in reader.send(page, 422, move="nonsense").content.decode()
    Window.objects.filter(pk=second.pk).update(version=second.version + 5)
    shown = " ".join(reader.send(page, 200, move=boxes, reason="The freeze.").content.decode().split())
    assert "What became of them" in shown and "It stays:" in shown
    mine.refresh_from_db()
    second.refresh_from_db()
    assert mine.starts_at >= freeze.ends_at and second.starts_at < freeze.ends_at
