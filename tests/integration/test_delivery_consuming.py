"""A queue that nobody consumes is said: on the board, in the strip of every page, and by readyz."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client

from portal.dashboards.automation import automation
from portal.dashboards.queues import QUEUES
from tests import given_windows as given
from tests.given_runs import run_of, step
from tests.measured import until
from windows.audit.clock import clock
from windows.delivery.consuming import GONE, Saying, consume, deserted, unconsumed
from windows.delivery.models import Consumed


def away(queue: str) -> None:
    """Its workers have said nothing for longer than they may."""
    Consumed.objects.filter(queue=queue).update(seen_at=F("seen_at") - GONE - timedelta(seconds=1))


@pytest.mark.django_db
def test_what_nobody_consumes_is_said_everywhere(client: Client) -> None:
    consume(["execute", "sweep"])
    assert unconsumed(QUEUES) == ["measure", "notify", "outside"]
    assert deserted()[1] == [], "what was never there has not gone"
    consume(QUEUES)
    consume(["execute"])
    assert unconsumed(QUEUES) == [] and Consumed.objects.count() == len(QUEUES)
    run_of(step())
    client.force_login(given.person("olga"))
    assert client.get("/readyz").content == b"ready\n"
    assert "nobody takes" not in client.get("/strip").content.decode()
    away("measure")
    ready = client.get("/readyz")
    assert (ready.status_code, ready.content) == (200, b"ready\nnobody consumes: measure\n"), "pages work without workers"
    assert "nobody takes what is due: measure" in client.get("/strip").content.decode()
    [sign] = [sign for sign in automation(clock()) if sign.name == "Queues"]
    assert (sign.verdict, sign.said) == ("fail", "nobody consumes: measure")


@pytest.mark.django_db(transaction=True)
def test_a_worker_says_what_it_consumes_until_it_ends() -> None:
    saying = Saying(["execute", "sweep"])
    saying.start()
    until(lambda: unconsumed(["execute", "sweep"]) == [])
    saying.end()
    saying.thread.join(60)
    assert not saying.thread.is_alive()
