"""The head of a window's page: asked for again while the page is open, so that it never goes on saying what is over."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import given_runs as runs
from tests import given_windows as given
from tests.callers import browser
from windows.access.roles import Role
from windows.approvals.commands import request_window
from windows.approvals.models import Policy
from windows.catalogue.models import Person
from windows.execution.models import Run
from windows.scheduling.commands.editing import ScopeRow
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db
CHANGED = "It has changed since this page was drawn"


@pytest.fixture
def ada() -> Any:
    return given.actor("ada", ("shop", Role.OWNER))


@pytest.fixture
def client(ada) -> Any:
    return browser(Person.objects.get(pk=ada.person_id))


@pytest.fixture
def approved(ada) -> Window:
    Policy.objects.create(name="Routine", position=0, requires=[])
    window = given.window(ada, change_type="standard")
    request_window(ada, window.pk, reason="it is needed")
    return window


def drawn(client: Any, window: Window) -> str:
    """The address that the page of a window asks for its head at."""
    text = client.get(f"/windows/{window.reference}").content.decode()
    found = re.search(r'id="window-head" hx-get="([^"]+)" hx-trigger="every 10s"[^>]* data-etag', text)
    assert found and CHANGED not in text
    return found[1].replace("&amp;", "&")


def test_what_is_unchanged_is_answered_without_a_body(client, approved) -> None:
    address = drawn(client, approved)
    first = client.get(address)
    assert "Its time has not come yet" in first.content.decode() and CHANGED not in first.content.decode()
    again = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("change", ["state", "version", "run"])
def test_a_page_is_told_that_it_is_an_old_one(client, approved, change: str) -> None:
    run = runs.run_of(runs.step(status="started"), window=approved) if change == "run" else None
    address = drawn(client, approved)
    etag = client.get(address)["ETag"]
    match change:
        case "state":
            Window.objects.filter(pk=approved.pk).update(status="running")
        case "version":
            Window.objects.filter(pk=approved.pk).update(version=99)
        case "run":
            Run.objects.filter(pk=run.pk).update(status="held")
    text = client.get(address, headers={"If-None-Match": etag}).content.decode()
    assert CHANGED in text and '<a id="load-again" href="">Load it again</a>' in text
    assert CHANGED not in client.get(drawn(client, approved)).content.decode()


def test_a_run_that_began_is_the_next_action_without_loading_the_page_again(client, approved) -> None:
    address = drawn(client, approved)
    run = runs.run_of(runs.step(status="started"), window=approved)
    Window.objects.filter(pk=approved.pk).update(status="running")
    text = client.get(address).content.decode()
    assert f'href="/runs/{run.pk}"' in text and "Its time has not come yet" not in text and "Running" in text
    assert "<html" not in text and 'id="part"' not in text


def test_a_confidential_window_has_no_head_for_others(ada) -> None:
    window = given.window(ada, confidential=True)
    eve = browser(given.person("eve", ("other", Role.MEMBER)))
    assert eve.get(f"/windows/{window.reference}/head").status_code == 404


def test_queries_do_not_follow_scopes_or_runs(ada, client) -> None:
    for slug in ("orders", "s1", "s2"):
        given.service(slug)
    small = given.window(ada)
    big = given.window(ada, starts_at=given.soon(72), scope=tuple(ScopeRow(slug, "production") for slug in ("orders", "s1", "s2")))
    for number in range(1, 4):
        made = runs.run_of(*[runs.step(status="succeeded")] * number, window=big, number=number)
        Run.objects.filter(pk=made.pk).update(status="succeeded", wake_at=None)
    Window.objects.filter(pk__in=[small.pk, big.pk]).update(status="draft")
    counts = []
    for window in (small, big):
        address = drawn(client, window)
        with CaptureQueriesContext(connection) as seen:
            client.get(address)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 16, (counts, [one["sql"][:150] for one in seen])
