"""The public status page: what reaches it, what never does, and that it is there while all else is down."""

from __future__ import annotations

import json
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.test import Client
from icalendar import Calendar

from portal.status.rendering import render
from portal.tasks import notify
from tests import given_windows as given
from tests.callers import browser, caller
from tests.flag_servers import Wire
from tests.flag_servers import flag_server as start_flag_server
from tests.given_runs import people, run_of, step
from tests.given_starts import approved
from tests.servers import Server
from windows.access.roles import Role
from windows.announcements.commands.announcing import announce, say, withdraw
from windows.announcements.commands.components import publish_service
from windows.announcements.commands.following import follow
from windows.announcements.models import Announcement, Edition
from windows.audit.clock import clock
from windows.audit.models import AuditEntry
from windows.errors import Conflict, Forbidden, Invalid
from windows.execution.models import Run
from windows.scheduling.models import Window

TITLE, TEXT = "Ordering is read-only", "You can look at your orders and place none."


def announced(window: Window) -> Window:
    olga = given.actor("olga", ("shop", Role.OWNER))
    slug = window.scopes.get().service.slug
    publish_service(olga, slug, name="Ordering" if slug == "orders" else f"Ordering in {slug}", description="Carts and orders")
    announce(olga, window.reference, title=TITLE, text=TEXT)
    return window


def copy(path: str) -> Any:
    return Edition.objects.get().copies[path][1]


def summary() -> Any:
    render()
    return json.loads(copy("api/v2/summary.json"))


@pytest.mark.django_db(transaction=True)
def test_an_announcement_follows_its_window_and_says_each_thing_once() -> None:
    window = announced(approved())
    assert (follow(), follow()) == (1, 0)
    told = summary()
    assert [(one["name"], one["status"]) for one in told["scheduled_maintenances"]] == [(TITLE, "scheduled")]
    assert [(one["name"], one["status"]) for one in told["components"]] == [("Ordering", "operational")]
    run = run_of(step(), window=window)
    assert (follow(), follow()) == (1, 0)
    assert summary()["components"][0]["status"] == "under_maintenance"
    say(given.actor("olga"), window.reference, "It takes longer than we thought.")
    Run.objects.filter(pk=run.pk).update(status="validating")
    assert follow() == 1 and summary()["scheduled_maintenances"][0]["status"] == "verifying"
    Run.objects.filter(pk=run.pk).update(status="rolled_back", ended_at=clock(), wake_at=None)
    Window.objects.filter(pk=window.pk).update(status="rolled_back", ended_at=clock())
    assert (follow(), follow()) == (1, 0)
    said = [(one.status, one.body) for one in Announcement.objects.get().updates.order_by("pk")]
    assert [status for status, _ in said] == ["scheduled", "in_progress", "in_progress", "verifying", "completed"]
    assert said[0][1] == TEXT and "longer" in said[2][1] and "taken back" in said[4][1]
    assert summary()["scheduled_maintenances"] == [] and "taken back" in copy("") and "taken back" in copy("history.atom")
    assert AuditEntry.objects.filter(kind="announcement.updated", window=window.reference).count() == 5


@pytest.mark.django_db(transaction=True)
def test_what_is_called_off_after_it_was_told_is_said_to_be() -> None:
    window, unknown = announced(approved()), announced(approved("search"))
    follow()
    Window.objects.filter(pk__in=[window.pk, unknown.pk]).update(status="cancelled")
    assert (
        follow() == 2
        and "will not take place" in (render() and copy(""))
        and ">called off<" in copy("")
        and "(called off)" in copy("history.atom")
    )
    events = list(Calendar.from_ical(copy("maintenance.ics")).walk("VEVENT"))
    assert [str(one["status"]) for one in events] == ["CANCELLED"] * 2


@pytest.mark.django_db(transaction=True)
def test_following_locks_nothing_that_has_not_changed(django_assert_num_queries: Any) -> None:
    for slug in ("", "search", "mail"):
        announced(approved(slug))
    follow()
    with django_assert_num_queries(2) as asked:
        assert follow() == 0
    assert not any("FOR UPDATE" in one["sql"] for one in asked.captured_queries)


@pytest.mark.django_db(transaction=True)
def test_the_portals_copy_says_how_old_it_is_once_nobody_renders_it(client: Client, django_assert_num_queries: Any) -> None:
    announced(approved())
    follow()
    render()
    with django_assert_num_queries(2):  # the time, and this part alone
        fresh = client.get("/status/")
    assert fresh.status_code == 200 and "newer facts cannot be had" not in fresh.content.decode() and "Age" not in fresh
    Edition.objects.update(rendered_at=clock() - timedelta(minutes=7))
    old = client.get("/status/", headers={"If-None-Match": fresh["ETag"]})
    assert old.status_code == 200 and "7 minutes ago: newer facts cannot be had" in old.content.decode()
    assert 420 <= int(old["Age"]) < 440
    assert [client.get(f"/status/{path}").status_code for path in ("nothing", "%00")] == [404, 404]


@pytest.mark.django_db(transaction=True)
def test_a_move_is_told_once_it_is_approved() -> None:
    window = announced(approved())
    follow()

    def told() -> tuple[Any, int]:
        render()
        (event,) = Calendar.from_ical(copy("maintenance.ics")).walk("VEVENT")
        return event.decoded("dtstart"), int(event["sequence"])

    first, began = told(), window.starts_at
    later = {"starts_at": began + timedelta(days=3), "ends_at": window.ends_at + timedelta(days=3)}
    Window.objects.filter(pk=window.pk).update(status="requested", **later)
    assert follow() == 0 and told() == first, "nobody has approved it"
    Window.objects.filter(pk=window.pk).update(status="approved")
    assert (follow(), follow()) == (1, 0)
    assert told() == (later["starts_at"].replace(microsecond=0), first[1] + 1) and "The times have changed" in copy("")
    Window.objects.filter(pk=window.pk).update(status="cancelled", starts_at=began, ends_at=window.ends_at)
    assert "delayed, not begun yet" not in copy("")
    Announcement.objects.update(starts_at=clock() - timedelta(minutes=1))
    render()
    assert "delayed, not begun yet" in copy("")
    Announcement.objects.update(starts_at=later["starts_at"])
    assert follow() == 1 and told()[0] == later["starts_at"].replace(microsecond=0)


@pytest.mark.django_db(transaction=True)
def test_r_g09_nothing_but_what_was_written_for_the_public_reaches_it(django_assert_num_queries: Any) -> None:
    secret = "hush-hush"
    window = people()
    Window.objects.filter(pk=window.pk).update(
        title=secret, reason=secret, expected_impact=secret, parameters={"password": secret}, external_ref=secret, expected_alerts=[secret]
    )
    announced(approved("plain"))
    hidden = announced(approved("hidden"))
    service = hidden.scopes.get().service
    type(service).objects.filter(pk=service.pk).update(name=secret)
    follow()
    Window.objects.filter(pk=hidden.pk).update(confidential=True, title=secret)
    withdrawn = announced(approved("gone"))
    follow()
    withdraw(given.actor("olga"), withdrawn.reference, f"{secret} leaked")
    with django_assert_num_queries(7):  # the clock, components, those ahead with what was said, those past, their components; one write
        render()
    everything = json.dumps(Edition.objects.get().copies)
    people_and_references = [
        given.person("olga").name,
        given.person("olga").email,
        window.reference,
        hidden.reference,
        "/runs/",
        "windows/MW-",
    ]
    assert [word for word in (secret, *people_and_references) if word in everything] == []
    assert everything.count(TITLE) > 1  # the plain one is there: the search would have found something


@pytest.mark.django_db(transaction=True)
def test_who_may_announce_what() -> None:
    window = approved()
    olga, mona = given.actor("olga", ("shop", Role.OWNER)), given.actor("mona", ("shop", Role.MEMBER))
    with pytest.raises(Conflict, match="public name"):
        announce(olga, window.reference, title=TITLE, text=TEXT)
    with pytest.raises(Forbidden):
        publish_service(mona, "orders", name="Ordering")
    publish_service(olga, "orders", name="Ordering")
    with pytest.raises(Forbidden):
        announce(mona, window.reference, title=TITLE, text=TEXT)
    for said in ({"title": "", "text": TEXT}, {"title": TITLE, "text": "\x07"}, {"title": "two\nlines", "text": TEXT}):
        with pytest.raises(Invalid):
            announce(olga, window.reference, **said)
    announce(olga, window.reference, title=TITLE, text=TEXT)
    with pytest.raises(Conflict, match="not on the public page yet"):
        say(olga, window.reference, "More")
    Window.objects.filter(pk=window.pk).update(confidential=True)
    with pytest.raises(Conflict, match="confidential"):
        announce(olga, window.reference, title=TITLE, text=TEXT)


@pytest.mark.django_db(transaction=True)
def test_it_is_written_by_api_and_in_the_browser() -> None:
    window = approved()
    olga = given.actor("olga", ("shop", Role.OWNER))
    program, person = caller(olga), browser(olga)
    assert program.send("PUT", "/status/components/orders", {"name": "Ordering"}).status_code == 201
    assert program.get("/status/components").json() == [{"service": "orders", "name": "Ordering", "description": "", "position": 100}]
    assert "Ordering" in person.get("/settings/status/").content.decode()
    sent = person.post(f"/windows/{window.reference}/announce", {"title": TITLE, "text": ""})
    assert sent.status_code == 422 and TITLE in sent.content.decode()
    assert person.post(f"/windows/{window.reference}/announce", {"title": TITLE, "text": TEXT}).status_code == 302
    notify()
    told = program.get(f"/windows/{window.reference}/announcement").json()
    assert (told["title"], told["status"], told["updates"][0]["body"]) == (TITLE, "scheduled", TEXT)
    page = person.get(f"/windows/{window.reference}").content.decode()
    assert TITLE in page and "Say more" in page
    public = Client()
    first = public.get("/status/")
    assert first.status_code == 200 and TITLE in first.content.decode() and first["Access-Control-Allow-Origin"] == "*"
    assert public.get("/status/", headers={"If-None-Match": first["ETag"]}).status_code == 304
    assert public.get("/status/api/v2/status.json").json()["status"]["indicator"] == "none"
    assert public.get("/status/nothing").status_code == 404
    assert program.send("DELETE", f"/windows/{window.reference}/announcement", {"reason": "not yet"}).status_code == 204
    render()
    assert TITLE not in public.get("/status/").content.decode()


def test_r_g08_the_page_is_served_with_its_age_while_database_and_portal_are_down(
    flag_server: Server, database_wire: Wire, tmp_path: Path, eventually: Any
) -> None:
    announced(approved())
    follow()
    render()
    with httpx.Client(base_url=flag_server.url, timeout=30) as http:
        page = eventually(lambda: (got := http.get("/status/")).status_code == 200 and got)
        assert TITLE in page.text and page.headers["content-type"].startswith("text/html") and "style-src 'self'" in page.headers[
            "content-security-policy"
        ]  # fmt: skip
        assert http.get("/status/", headers={"If-None-Match": page.headers["etag"]}).status_code == 304
        assert http.get("/api/v2/summary.json").json()["scheduled_maintenances"][0]["name"] == TITLE  # as a status host has it
        assert http.get("/status/status.css").headers["content-type"].startswith("text/css")
        assert http.get("/status/secret").status_code == 404
        Edition.objects.update(rendered_at=clock() - timedelta(minutes=7))  # nobody renders any more
        old = eventually(lambda: (got := http.get("/status/")) and "7 minutes ago" in got.text and got)
        assert TITLE in old.text and int(old.headers["roadworks-snapshot-age"]) >= 400 and "etag" not in old.headers
        database_wire.cut()
        assert [http.get("/status/").status_code for _ in range(20)] == [200] * 20
    flag_server.stop()
    kept = tmp_path / "flags.status"
    os.utime(kept, (time.time() - 3 * 3600,) * 2)
    later = start_flag_server(database_wire.dsn, tmp_path, knows_something=False)
    try:
        old = httpx.get(f"{later.url}/status/", timeout=30)
        assert old.status_code == 200 and TITLE in old.text and "3 hours ago" in old.text
    finally:
        later.stop()
