"""The weekly review by mail: for who wants it, once a week, on Monday by their own clock, and only what they may see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests import given_windows as given
from tests.callers import browser, caller
from windows.access.roles import Role
from windows.audit.models import AuditEntry
from windows.catalogue.models import Person
from windows.delivery.models import Message
from windows.reviews.commands import digests
from windows.reviews.commands.digests import send_digests
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db
SUNDAY = datetime(2030, 3, 3, 22, tzinfo=UTC)  # Monday, 03:30, in Kolkata


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Any:
    def set_clock(now: datetime) -> None:
        monkeypatch.setattr(digests, "clock", lambda: now)

    return set_clock


def wanting(name: str, zone: str, *held: Any) -> Person:
    person = given.person(name, *held)
    Person.objects.filter(pk=person.pk).update(timezone=zone, wants_digest=True, digest_week="2030-W09")
    return person


def test_each_hears_once_on_monday_by_their_own_clock(at: Any) -> None:
    given.service("orders")
    for name, zone in (("asha", "Asia/Kolkata"), ("bill", "America/New_York")):
        wanting(name, zone, ("shop", Role.OWNER))
    given.person("carl", ("shop", Role.OWNER))  # did not ask
    at(SUNDAY)
    assert send_digests() == 0
    at(SUNDAY + timedelta(hours=5))  # 08:30 in Kolkata
    assert (send_digests(), send_digests()) == (1, 0)
    at(SUNDAY + timedelta(hours=16))  # 09:00 in New York
    assert send_digests() == 1
    assert list(Message.objects.order_by("pk").values_list("recipient", flat=True)) == ["asha@example.org", "bill@example.org"]
    said = Message.objects.latest("pk")
    assert said.title == "Maintenance in week 2030-W09" and "/reviews/weekly/?week=2030-W09" in said.body
    assert AuditEntry.objects.filter(kind="digest.sent").count() == 2
    at(SUNDAY + timedelta(days=8))
    assert send_digests() == 2, "and the week after again"


def test_it_says_only_what_its_reader_may_see_and_in_their_zone(at: Any) -> None:
    olga = given.actor("olga", ("shop", Role.OWNER))
    window = given.window(olga, title="Rebuild it", starts_at=datetime(2030, 3, 5, 22, tzinfo=UTC))
    Window.objects.filter(pk=window.pk).update(status="approved")
    wanting("olga", "Asia/Kolkata", ("shop", Role.OWNER))
    wanting("eve", "UTC", ("other", Role.OWNER))
    at(SUNDAY + timedelta(days=1))
    assert send_digests() == 2
    mails = {row.recipient: row.body for row in Message.objects.all()}
    assert "Rebuild it, Wed 06 Mar 03:30 IST" in mails["olga@example.org"] and "Rebuild it" in mails["eve@example.org"]
    Window.objects.filter(pk=window.pk).update(confidential=True)
    Person.objects.update(digest_week="2030-W09")
    Message.objects.all().delete()
    assert send_digests() == 2
    mails = {row.recipient: row.body for row in Message.objects.all()}
    assert "Rebuild it" in mails["olga@example.org"] and "Rebuild it" not in mails["eve@example.org"]


def test_who_asks_for_it_hears_first_on_the_next_monday(at: Any) -> None:
    ada = given.actor("ada", ("shop", Role.OWNER))
    client = browser(ada)
    assert "Mondays at 8" in client.get("/settings/").content.decode()
    assert client.post("/settings/", {"name": "Ada", "timezone": "UTC", "wants_digest": "on"}).status_code == 302
    at(SUNDAY + timedelta(days=3))
    assert send_digests() == 0
    at(SUNDAY + timedelta(days=8))
    assert send_digests() == 1
    assert client.post("/settings/", {"name": "Ada", "timezone": "UTC"}).status_code == 302
    at(SUNDAY + timedelta(days=15))
    assert send_digests() == 0, "and no more when it is not wanted"
    assert caller(ada).get("/me").json()["wants_digest"] is False


def test_who_is_disabled_hears_nothing(at: Any) -> None:
    person = wanting("asha", "UTC", ("shop", Role.OWNER))
    Person.objects.filter(pk=person.pk).update(is_active=False)
    at(SUNDAY + timedelta(days=1))
    assert send_digests() == 0
