"""Saved views of the calendar: one's own, by a name, one of them what “Calendar” opens."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from tests import given_windows as given
from windows.access.roles import ENGINE, Role
from windows.audit.models import AuditEntry
from windows.catalogue.models import Person
from windows.errors import Forbidden, Invalid, NotFound
from windows.scheduling.commands.saved_views import MOST_VIEWS, change_view, delete_view, save_view
from windows.scheduling.models import SavedView

pytestmark = pytest.mark.django_db
QUERY = "by=team&zoom=month&environment=production&state=approved&state=running"


@pytest.fixture
def ada() -> Any:
    given.service("orders")
    return given.actor("ada", ("shop", Role.OWNER))


def browser(name: str) -> Client:
    client = Client()
    client.force_login(Person.objects.get(email=f"{name}@example.org"))
    return client


def test_a_view_is_kept_opened_renamed_made_the_usual_one_and_deleted(ada: Any) -> None:
    client = browser("ada")
    shown = client.get(f"/calendar/?{QUERY}&on=2030-01-04").content.decode()
    kept = re.search(r'form="keep" name="query" value="([^"]*)"', shown)
    assert kept and kept[1].replace("&amp;", "&") == QUERY, "what is seen is kept, the day is not"
    answer = client.post("/calendar/views/", {"name": "Night <shift>", "query": QUERY + "&on=2030-01-04&after=orders"})
    view = SavedView.objects.get()
    assert answer["Location"] == f"/calendar/?{QUERY}" and view.query == QUERY and not view.is_default
    chips = re.search(r'aria-label="Saved views">(.*?)</nav>', client.get("/calendar/panel?" + QUERY).content.decode())
    assert chips and 'aria-current="true">Night &lt;shift&gt;</a>' in chips[1]
    assert client.get("/calendar/").status_code == 200
    assert client.post(f"/calendar/views/{view.pk}", {"name": "Nights", "default": "on"})["Location"] == "/calendar/views/"
    assert client.get("/calendar/")["Location"] == f"/calendar/?{QUERY}"
    assert 'href="/calendar/?view=lanes"' in client.get("/calendar/views/").content.decode()
    assert client.get("/calendar/?view=lanes").status_code == 200, "the whole calendar has an address of its own"
    client.post("/calendar/views/", {"name": "Weeks", "query": "view=lanes", "default": "on"})
    assert client.get("/calendar/")["Location"] == "/calendar/?view=lanes", "one at a time is the usual one"
    assert b"Nights" in client.get(f"/calendar/views/{view.pk}/delete").content
    client.post(f"/calendar/views/{view.pk}/delete")
    assert list(SavedView.objects.values_list("name", flat=True)) == ["Weeks"]
    told = AuditEntry.objects.filter(kind__startswith="saved_view.").order_by("id")
    assert [one.kind.split(".")[1] for one in told] == ["created", "changed", "created", "deleted"]
    assert told[1].data == {"changed": {"name": ["Night <shift>", "Nights"], "default": [False, True]}}


def test_a_view_is_nobody_elses(ada: Any) -> None:
    view = save_view(ada, "Mine", QUERY, default=True)
    eve = given.actor("eve", ("shop", Role.OWNER))
    other = browser("eve")
    assert "Mine" not in other.get("/calendar/?view=lanes").content.decode() + other.get("/calendar/views/").content.decode()
    assert other.get("/calendar/").status_code == 200
    for path in (f"/calendar/views/{view.pk}", f"/calendar/views/{view.pk}/delete"):
        assert other.get(path).status_code == other.post(path, {"name": "x"}).status_code == 404
    with pytest.raises(NotFound):
        change_view(eve, view.pk, "Hers", default=False)
    with pytest.raises(NotFound):
        delete_view(eve, view.pk)
    with pytest.raises(Forbidden):
        save_view(ENGINE, "Ours", QUERY)
    assert save_view(eve, "Mine", QUERY).person_id == eve.person_id, "a name is taken for one person only"


def test_what_cannot_be_kept_is_refused_beside_its_field(ada: Any) -> None:
    client = browser("ada")
    save_view(ada, "Mine", QUERY, default=True)
    for name, status, words in (("", 422, "must not be empty"), ("Mine", 409, "named “Mine” already"), ("x" * 61, 422, "At most 60")):
        answer = client.post("/calendar/views/", {"name": name, "query": "zoom=day"})
        text = answer.content.decode()
        assert answer.status_code == status and words in text and 'value="zoom=day"' in text, "what was to be kept is still there"
    second = save_view(ada, "Other", "zoom=day")
    assert client.post(f"/calendar/views/{second.pk}", {"name": "Mine"}).status_code == 409
    for query in ("", "on=2030-01-01", "javascript=1", "zoom=" + "x" * 1000):
        with pytest.raises(Invalid):
            save_view(ada, "Odd", query)
    for n in range(MOST_VIEWS - 2):
        save_view(ada, f"View {n}", "zoom=day")
    with pytest.raises(Invalid, match="delete one first"):
        save_view(ada, "One more", "zoom=day")
    with pytest.raises(IntegrityError), transaction.atomic():
        SavedView.objects.filter(pk=second.pk).update(is_default=True)
