"""How programs may have a feed: compressed, with alarms, as MAINTNOTE, of a queue, of a series; and one window as a file."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from icalendar import Calendar

from tests import given_windows as given
from tests.callers import browser
from windows.access.roles import Role
from windows.approvals.commands import decide, request_window
from windows.ical_in.lines import calendars
from windows.ical_in.notices import notices
from windows.scheduling import ical
from windows.scheduling.commands.drafts import cancel_window
from windows.scheduling.commands.feeds import issue_feed
from windows.scheduling.commands.series import Pattern, create_series
from windows.scheduling.models import Window
from windows.scheduling.queries.feeds import feed_version
from windows.scheduling.views import squeezed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def olga() -> Any:
    return given.actor("olga", ("shop", Role.OWNER))


@pytest.fixture
def ada() -> Any:
    return given.actor("ada", ("shop", Role.OWNER))


def reading(actor: Any, kind: str = "all") -> tuple[Client, str]:
    return Client(raise_request_exception=False), f"/feeds/{issue_feed(actor, kind)[1]}.ics"


def test_p_b_a_feed_is_compressed_once_and_asked_by_its_own_etag(ada: Any, monkeypatch: Any, django_assert_max_num_queries: Any) -> None:
    request_window(ada, given.window(ada).pk)
    client, path = reading(ada)
    plain, small = client.get(path), client.get(path, headers={"Accept-Encoding": "br, gzip"})
    assert small["Content-Encoding"] == "gzip" and gzip.decompress(small.content) == plain.content and "Accept-Encoding" in plain["Vary"]
    assert small["ETag"] != plain["ETag"] and "Content-Encoding" not in client.get(path, headers={"Accept-Encoding": "gzip;q=0, br"})
    for etag in (small["ETag"], plain["ETag"]):
        assert client.get(path, headers={"If-None-Match": etag, "Accept-Encoding": "gzip"}).status_code == 304
    monkeypatch.setattr(ical, "feed", lambda *_: pytest.fail("written again though nothing changed"))
    with django_assert_max_num_queries(10):
        assert client.get(path, headers={"Accept-Encoding": "gzip"}).content == small.content
        assert client.get(path).content == plain.content
    monkeypatch.setattr(squeezed, "LARGEST", 10)
    assert squeezed.squeezed("x", lambda: b"y" * 100, small=True) and list(squeezed._kept) == ["x-gzip"]


def test_alarms_are_optional_and_never_of_what_was_called_off(ada: Any) -> None:
    request_window(ada, given.window(ada).pk)
    off = given.window(ada, "search", starts_at=given.soon(48))
    request_window(ada, off.pk)
    cancel_window(ada, off.pk, "Not needed.")
    client, path = reading(ada)
    assert b"VALARM" not in client.get(path).content
    loud = client.get(f"{path}?alarm=30")
    (alarm,) = Calendar.from_ical(loud.content).walk("VALARM")
    assert alarm["TRIGGER"].dt.total_seconds() == -1800 and loud["ETag"] != client.get(path)["ETag"]
    for bad in ("-1", "x", "99999", "10081", "\u0661"):
        assert client.get(f"{path}?alarm={bad}").status_code == 422


def test_maintnote_for_one_account_is_read_back_by_our_own_reader(ada: Any, olga: Any) -> None:
    window = given.window(ada, mode="read_only")
    request_window(ada, window.pk)
    client, path = reading(ada)

    def note() -> Any:
        (calendar,) = calendars(client.get(f"{path}?account=acme;%20inc").content)
        (one,) = notices(calendar)
        return one

    asked = note()
    assert (asked.maintnote, asked.missing, asked.provider, asked.account) == (True, [], "127.0.0.1", "acme; inc")
    assert (asked.references, asked.objects, asked.impact, asked.status) == ([window.reference], {"orders": ""}, "degraded", "tentative")
    decide(olga, window.pk, "approved")
    granted = note()
    assert (granted.status, granted.uid) == ("confirmed", asked.uid) and granted.sequence > asked.sequence
    cancel_window(ada, window.pk, "Not needed.")
    assert note().status == "cancelled"
    assert client.get(f"{path}?account=a%0d%0aX:y").status_code == 422


def test_n14_one_window_as_a_file_says_who_publishes_it(ada: Any) -> None:
    window = given.window(ada, confidential=True)
    page = browser(ada).get(f"/windows/{window.reference}/event.ics")
    assert page["Content-Type"] == "text/calendar; charset=utf-8; method=PUBLISH" and page["Content-Disposition"].startswith("attachment")
    calendar = Calendar.from_ical(page.content)
    (event,) = calendar.walk("VEVENT")
    assert str(calendar["METHOD"]) == "PUBLISH" and str(event["ORGANIZER"]) == "mailto:ada@example.org"
    assert b"X-MAINTNOTE-ACCOUNT:acme" in browser(ada).get(f"/windows/{window.reference}/event.ics?account=acme").content
    stranger = browser(given.person("zoe"))
    assert stranger.get(f"/windows/{window.reference}/event.ics").status_code == 404


def test_the_feed_of_a_queue_has_what_waits_for_my_teams(ada: Any, olga: Any) -> None:
    window = given.window(ada)
    client, path = reading(ada, "queue")
    other, elsewhere = reading(given.actor("zoe", ("find", Role.OWNER)), "queue")
    assert b"VEVENT" not in client.get(path).content
    request_window(ada, window.pk)
    assert b"VEVENT" in client.get(path).content and b"VEVENT" not in other.get(elsewhere).content
    decide(olga, window.pk, "approved")
    assert b"VEVENT" not in client.get(path).content


def test_n14_a_series_is_one_event_with_exceptions(ada: Any) -> None:
    """The rule ends with the last published occurrence; drafts are exceptions; each published one has its own event and state."""
    first = given.window(ada, timezone="Europe/Berlin")
    series = create_series(ada, first.pk, Pattern(rrule="FREQ=DAILY;COUNT=5"), first.version)
    made = list(Window.objects.filter(series=series).order_by("starts_at"))
    for one in (made[0], made[2], made[3]):
        request_window(ada, one.pk)
    feed, _ = issue_feed(ada, "all")
    events = Calendar.from_ical(ical.feed(feed, ada, datetime.now(UTC))).walk("VEVENT")
    assert len({str(event["UID"]) for event in events}) == 1 and len(events) == 4
    (master,) = [event for event in events if "RRULE" in event]
    assert master["RRULE"]["FREQ"] == ["DAILY"] and "COUNT" not in master["RRULE"] and master["RRULE"]["UNTIL"] == [made[3].starts_at]
    assert [moment.dt for moment in master["EXDATE"].dts] == [made[1].starts_at]
    assert {event["RECURRENCE-ID"].dt for event in events if "RECURRENCE-ID" in event} == {made[n].starts_at for n in (0, 2, 3)}
    before = feed_version(feed, ada, datetime.now(UTC)).etag
    request_window(ada, made[1].pk)
    assert feed_version(feed, ada, datetime.now(UTC)).etag != before
    assert b"EXDATE" not in ical.feed(feed, ada, datetime.now(UTC))
