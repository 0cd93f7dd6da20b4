"""A provider's webhook: its secret, what it may say, what is refused, and that it is heard once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as portal
from django.db import connection
from django.test import Client

from tests import given_notices as sent
from tests import given_windows as given
from tests.callers import caller
from tests.integration.test_ways_out import Reader
from windows.access.roles import Role
from windows.audit.clock import clock
from windows.audit.models import AuditEntry
from windows.delivery.channels import webhook
from windows.errors import Conflict, Forbidden
from windows.ical_in.lines import LARGEST
from windows.scheduling.commands.calendars_in import webhooks
from windows.scheduling.commands.calendars_in.sources import add_source, remove_source
from windows.scheduling.commands.calendars_in.webhooks import end_webhook_secret, make_webhook_secret
from windows.scheduling.models import CalendarSource, ExternalWindow, HeardWebhook, IncompleteNotice, WebhookSecret

pytestmark = pytest.mark.django_db
BEGINS, ENDS = sent.BEGINS, sent.BEGINS + timedelta(hours=2)
DATA = {
    "uid": "h-7",
    "title": "Hosts restart",
    "starts_at": BEGINS.isoformat(),
    "ends_at": ENDS.isoformat(),
    "status": "confirmed",
    "objects": ["db-1"],
}


def event(**data: Any) -> bytes:
    return json.dumps({"specversion": "1.0", "type": "maintenance", "id": "e1", "time": clock().isoformat(), "data": DATA | data}).encode()


class Provider:
    """Signs as our own channel of outgoing webhooks does."""

    def __init__(self, source: CalendarSource, secret: str) -> None:
        self.path, self.secret, self.client = f"/api/v1/calendars-in/{source.pk}/webhook", secret, Client(raise_request_exception=False)

    def send(self, name: str, body: bytes, *, at: datetime | None = None, secret: str = "", **instead: str) -> Any:
        headers = webhook.headers(name, int((at or clock()).timestamp()), body, secret or self.secret)
        return self.client.generic("POST", self.path, body, "application/cloudevents+json", headers=headers | instead)

    def says(self, name: str, body: bytes, **how: Any) -> dict[str, int]:
        response = self.send(name, body, **how)
        assert response.status_code == 200, response.content
        return {kind: many for kind, many in json.loads(response.content).items() if many}


@pytest.fixture
def olga() -> Any:
    given.service("orders")
    return given.actor("olga", ("shop", Role.OWNER))


@pytest.fixture
def source(olga: Any) -> CalendarSource:
    return add_source(olga, "Cloud", "Cloud.example")


@pytest.fixture
def cloud(olga: Any, source: CalendarSource) -> Iterator[Provider]:
    yield Provider(source, make_webhook_secret(olga, source.pk)[1])


def test_r_s22_what_is_signed_is_taken_and_everything_else_answers_401_and_changes_nothing(cloud: Provider, olga: Any) -> None:
    body, now = event(), clock()
    other = add_source(olga, "Other", "other.example")
    stranger = make_webhook_secret(olga, other.pk)[1]
    good = webhook.headers("m", int(now.timestamp()), body, cloud.secret)
    refused = {
        "no headers": cloud.client.post(cloud.path, body, "application/json"),
        "another body": cloud.client.generic("POST", cloud.path, event(title="x"), "application/json", headers=good),
        "another id": cloud.send("m", body, **{"webhook-id": "n"}),
        "another time": cloud.send("m", body, **{"webhook-timestamp": str(int(now.timestamp()) + 200)}),
        "another's secret": cloud.send("m", body, secret=stranger),
        "old": cloud.send("m", body, at=now - timedelta(minutes=6)),
        "of tomorrow": cloud.send("m", body, at=now + timedelta(minutes=6)),
        "no signature": cloud.send("m", body, **{"webhook-signature": "v1,"}),
        "no such calendar": cloud.client.generic("POST", "/api/v1/calendars-in/999999/webhook", body, "application/json", headers=good),
        "a token instead": caller(olga).post(cloud.path.removeprefix("/api/v1"), DATA),
    }
    assert {why: answer.status_code for why, answer in refused.items()} == dict.fromkeys(refused, 401)
    assert not ExternalWindow.objects.exists() and not HeardWebhook.objects.exists()
    assert not AuditEntry.objects.filter(kind__startswith="webhook.").exists()
    assert cloud.says("m", body) == {"announced": 1}
    row = ExternalWindow.objects.get()
    assert (row.provider, row.via, row.starts_at, row.status, row.objects_named) == (
        "cloud.example",
        "webhook",
        BEGINS,
        "confirmed",
        {"db-1": ""},
    )
    (heard,) = AuditEntry.objects.filter(kind="webhook.heard")
    assert heard.data == {"name": "Cloud", "id": "m", "notices": 1} and cloud.secret not in str(heard.data)


def test_r_s22_the_very_same_again_is_a_replay_and_a_new_try_of_it_changes_nothing(cloud: Provider) -> None:
    now, body = clock(), event()
    assert cloud.says("m", body, at=now) == {"announced": 1}
    cancelled = event(status="cancelled")
    assert cloud.says("n", cancelled) == {"cancelled": 1}
    assert cloud.send("m", body, at=now).status_code == 401, "whoever listened in has the very same"
    assert cloud.says("m", body, at=now + timedelta(seconds=1)) == {}, "the sender did not hear our answer and tries again"
    assert cloud.send("m", body, at=now + timedelta(seconds=1)).status_code == 401
    assert ExternalWindow.objects.get().status == "cancelled"
    HeardWebhook.objects.update(heard_at=now - timedelta(days=4))
    assert cloud.says("o", event(uid="h-8")) == {"announced": 1}
    assert [row.webhook_id for row in HeardWebhook.objects.all()] == ["o"], "ids are forgotten long after their try is good for nothing"


def test_r_s22_a_secret_is_changed_without_a_gap(cloud: Provider, olga: Any, source: CalendarSource) -> None:
    row, new = make_webhook_secret(olga, source.pk)
    assert cloud.says("1", event()) and cloud.says("2", event(title="b"), secret=new)
    end_webhook_secret(olga, source.pk, WebhookSecret.objects.exclude(pk=row.pk).get().pk)
    assert cloud.send("3", event(title="c")).status_code == 401
    assert cloud.says("3", event(title="c"), secret=new) == {"changed": 1}
    make_webhook_secret(olga, source.pk), make_webhook_secret(olga, source.pk)
    with pytest.raises(Conflict, match="3 secrets"):
        make_webhook_secret(olga, source.pk)
    remove_source(olga, source.pk)
    assert cloud.send("4", event(title="d"), secret=new).status_code == 401


def test_r_s22_the_secret_is_kept_in_no_form_and_outlives_a_change_of_the_portals_own(cloud: Provider, settings: Any) -> None:
    raw = cloud.secret.removeprefix("whsec_")
    assert len(base64.b64decode(raw)) == 32
    with connection.cursor() as cursor:
        cursor.execute("select row_to_json(s)::text from scheduling_webhooksecret s")
        (stored,) = cursor.fetchone()
    assert raw not in stored and raw not in str(list(AuditEntry.objects.values()))
    key = base64.b64decode(raw)
    assert key != hmac.digest(portal.SECRET_KEY.encode(), b"", hashlib.sha256)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another " * 8
    assert cloud.says("m", event()) == {"announced": 1}


def test_what_cannot_be_read_names_what_is_wrong_and_may_be_tried_again(cloud: Provider, monkeypatch: Any) -> None:
    for body, status in ((b"{", 422), (b'{"data": 1}', 422), (b"BEGIN:NOTHING", 422)):
        answer = cloud.send("m", body)
        assert answer.status_code == status and json.loads(answer.content)["field"] == "file"
    monkeypatch.setattr(webhooks, "LARGEST", 100)
    assert cloud.send("m", b"x" * 101).status_code == 413
    monkeypatch.undo()
    assert cloud.send("m", b"x" * (LARGEST + 1)).status_code == 413
    assert not HeardWebhook.objects.exists(), "what was not taken is not remembered"
    assert cloud.says("m", event(objects=[], starts_at="soon")) == {"incomplete": 1}
    lacking = IncompleteNotice.objects.get()
    assert lacking.missing == ["X-MAINTNOTE-OBJECT-ID", "DTSTART: “soon” is no time"] and lacking.via == "webhook"
    assert cloud.says("n", event()) == {"announced": 1}
    lacking.refresh_from_db()
    assert lacking.settled_at is not None


def test_r_e16_a_webhook_keeps_the_rules_of_sequences_and_speaks_for_nobody_else(cloud: Provider, olga: Any) -> None:
    assert cloud.says("1", event(sequence=5)) == {"announced": 1}
    assert cloud.says("2", event(sequence=4, title="older")) == {"older": 1}
    assert cloud.says("3", sent.note("X-MAINTNOTE-PROVIDER:bank.example")) == {"announced": 1}
    assert set(ExternalWindow.objects.values_list("provider", flat=True)) == {"cloud.example"}


def test_a_calendar_that_is_read_from_its_address_has_no_webhook_and_who_may_not_makes_no_secret(olga: Any) -> None:
    polled = add_source(olga, "Polled", "x.example", "https://x.example/a.ics")
    with pytest.raises(Conflict, match="read from its address"):
        make_webhook_secret(olga, polled.pk)
    with pytest.raises(Forbidden):
        make_webhook_secret(given.actor("mia", ("shop", Role.MEMBER)), polled.pk)
    assert not WebhookSecret.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_r_s22_of_two_of_the_same_at_once_one_is_taken(cloud: Provider) -> None:
    body, at, barrier = event(), clock(), threading.Barrier(2)

    def hear(_: int) -> int:
        barrier.wait()
        try:
            return int(Provider.send(cloud, "m", body, at=at).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(hear, range(2))) == [200, 401]
    assert AuditEntry.objects.filter(kind="external_window.announced").count() == 1


def test_the_page_makes_a_secret_once_says_what_to_send_and_ends_it(olga: Any, source: CalendarSource) -> None:
    reader, page = Reader(olga), f"/settings/calendars-in/{source.pk}/webhook"
    assert page in reader.read("/settings/calendars-in/") and "filled by files" in reader.read("/settings/calendars-in/")
    assert "nothing is heard" in reader.read(page)
    shown = reader.send(page, 200)
    (secret,) = re.findall(r"whsec_[A-Za-z0-9+/=]+", shown.content.decode())
    assert shown["Cache-Control"] == "no-store" and "It is shown this once" in shown.content.decode()
    assert Provider(source, secret).says("msg_7", event()) == {"announced": 1}
    text = reader.read(page)
    assert secret not in text and "msg_7" in text and f"{portal.PORTAL_URL}/api/v1/calendars-in/{source.pk}/webhook" in text
    assert "told by webhook" in reader.read("/settings/calendars-in/")
    assert "cloud.example" in reader.read(f"/calendar/?on={BEGINS:%Y-%m-%d}")
    reader.send(f"{page}/{WebhookSecret.objects.get().pk}/end")
    assert Provider(source, secret).send("msg_8", event()).status_code == 401
    assert (
        reader.client.get(f"{page}/999/end").status_code == 404
        and reader.client.get("/settings/calendars-in/999/webhook").status_code == 404
    )
