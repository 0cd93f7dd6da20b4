"""Playbooks: versions that never change, found by alerts, named by runbooks, read as safe HTML."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from portal.dashboards.on_call import on_call
from tests import given_alerts
from tests import given_windows as given
from tests.callers import browser, caller
from windows.access.roles import Role
from windows.alerts.commands.telling import tell_due
from windows.audit.clock import clock
from windows.audit.models import AuditEntry
from windows.delivery.models import Message
from windows.errors import Forbidden, Invalid
from windows.playbooks.commands.versions import keep_playbook
from windows.playbooks.models import PlaybookTrigger, PlaybookVersion
from windows.playbooks.queries import Guide, guides_for, guides_named
from windows.runbooks.commands.versions import upload_runbook
from windows.runbooks.queries import naming
from windows.texts.problems import SpecError

pytestmark = pytest.mark.django_db
TEXT = """---
playbook: orders-errors
title: Orders answer with errors
triggers:
  - alert: OrdersErrors
    service: orders
---
# First

Look at [the runs](/runs/). <img src=x onerror=alert(1)>
"""
RUNBOOK = """\
runbook: waits
title: It waits
playbooks: [orders-errors, later]
steps:
  - name: Wait
    wait: {duration: 1s}
"""


def olga() -> Any:
    return given.actor("olga", ("shop", Role.OWNER))


@pytest.fixture
def kept(db: None) -> PlaybookVersion:
    given.service("orders")
    return keep_playbook(olga(), "orders-errors", TEXT, team="shop")


def test_the_same_text_is_the_same_version_and_another_is_the_next(kept: PlaybookVersion) -> None:
    assert keep_playbook(olga(), "orders-errors", TEXT).pk == kept.pk
    other = keep_playbook(olga(), "orders-errors", TEXT.replace("OrdersErrors", "OrdersSlow").replace("title: Orders", "title: All orders"))
    assert other.number == 2 and caller(olga()).get("/playbooks").json()[0]["title"] == "All orders answer with errors"
    assert list(PlaybookTrigger.objects.values_list("alert", flat=True)) == ["OrdersSlow"], "the newest version opens it"
    assert AuditEntry.objects.filter(kind="playbook.version_added").count() == 2
    with pytest.raises(DatabaseError), transaction.atomic():
        PlaybookVersion.objects.filter(pk=kept.pk).update(source="x")
    with pytest.raises(DatabaseError), transaction.atomic():
        PlaybookVersion.objects.filter(pk=kept.pk).delete()


def test_who_may_keep_one_and_what_is_refused(kept: PlaybookVersion) -> None:
    with pytest.raises(Forbidden):
        keep_playbook(given.actor("eve", ("other", Role.OWNER)), "orders-errors", TEXT + "x")
    with pytest.raises(SpecError, match="calls itself"):
        keep_playbook(olga(), "other", TEXT, team="shop")
    with pytest.raises(Invalid, match="which team"):
        keep_playbook(olga(), "other", TEXT)
    with pytest.raises(Forbidden):
        keep_playbook(olga(), "other", TEXT, team="moon")


def test_alerts_find_it_by_name_and_service(kept: PlaybookVersion, django_assert_num_queries: Any) -> None:
    guide = Guide("orders-errors", "Orders answer with errors")
    pairs = [("OrdersErrors", "orders"), ("OrdersErrors", "baskets"), ("Other", "orders")]
    with django_assert_num_queries(1):
        assert guides_for(pairs) == {("OrdersErrors", "orders"): [guide]}
    with django_assert_num_queries(0):
        assert guides_for([]) == {} and guides_named(()) == []
    asked = caller(olga()).get("/playbooks-for-alert?alert=OrdersErrors&service=orders")
    assert asked.json() == [{"slug": guide.slug, "title": guide.title}]


def test_an_alert_carries_its_playbook_to_people_and_boards(kept: PlaybookVersion) -> None:
    given.person("nina", ("shop", Role.ON_CALL))
    given_alerts.heard(given_alerts.alert(alertname="OrdersErrors", service="orders"))
    tell_due()
    assert "/playbooks/orders-errors" in Message.objects.latest("pk").body
    client = browser(olga())
    for page in ("/alerts/", "/dashboards/on-call/"):
        assert "/playbooks/orders-errors" in client.get(page).content.decode(), page
    assert on_call(olga(), clock())["guides"]


def test_a_runbook_names_its_playbooks(kept: PlaybookVersion, django_assert_num_queries: Any) -> None:
    version = upload_runbook(olga(), "waits", RUNBOOK, team="shop")
    with django_assert_num_queries(1):
        assert [one.slug for one in naming("orders-errors")] == ["waits"]
    client = browser(olga())
    assert "/playbooks/orders-errors" in client.get("/runbooks/waits").content.decode()
    assert "/runbooks/waits" in client.get("/playbooks/orders-errors").content.decode()
    window = given.window(olga(), runbook_version_id=version.pk)
    assert "/playbooks/orders-errors" in client.get(f"/windows/{window.reference}/part/plan").content.decode()
    upload_runbook(olga(), "waits", RUNBOOK.replace("playbooks: [orders-errors, later]\n", ""))
    assert naming("orders-errors") == [], "only the version in force counts"


def test_it_is_read_as_safe_html(kept: PlaybookVersion) -> None:
    page = browser(olga()).get("/playbooks/orders-errors").content.decode()
    assert "<h2>First</h2>" in page and '<a href="/runs/">the runs</a>' in page
    assert "<img src=x" not in page and "&lt;img src=x" in page


def test_it_is_written_checked_and_compared_in_the_browser(kept: PlaybookVersion) -> None:
    client = browser(olga())
    assert client.get("/playbooks/new").status_code == 200
    wrong = client.post("/playbooks/new", {"text": TEXT.replace("title:", "titel:"), "team": "shop"})
    assert wrong.status_code == 422 and "titel" in wrong.content.decode()
    checked = client.post("/playbooks/new", {"text": TEXT.replace("orders-errors", "more"), "team": "shop", "act": "check"})
    assert "Nothing is kept yet" in checked.content.decode() and PlaybookVersion.objects.count() == 1
    made = client.post("/playbooks/orders-errors/upload", {"text": TEXT + "\nThen wait.\n"})
    assert made["Location"] == "/playbooks/orders-errors"
    assert "Then wait." in client.get("/playbooks/orders-errors/history").content.decode()
    assert "This is an earlier version" in client.get("/playbooks/orders-errors/versions/1").content.decode()
    listed = client.get("/playbooks/?q=OrdersErrors").content.decode()
    assert "Orders answer with errors" in listed and "Alert OrdersErrors of orders" in listed
    assert "No playbook fits that" in client.get("/playbooks/?q=moon").content.decode()
    assert client.get("/playbooks/moon").status_code == 404


def test_over_the_api(kept: PlaybookVersion) -> None:
    program = caller(olga())
    (row,) = program.get("/playbooks?team=shop").json()
    assert (row["slug"], row["versions"], row["triggers"][0]["alert"]) == ("orders-errors", 1, "OrdersErrors")
    made = program.post("/playbooks/orders-errors/versions", {"text": TEXT + "x"})
    assert (made.status_code, made.json()["number"]) == (201, 2)
    assert program.get("/playbooks/orders-errors/versions/1").json()["source"] == TEXT
    assert [one["number"] for one in program.get("/playbooks/orders-errors/versions").json()] == [2, 1]
    wrong = program.post("/playbooks/orders-errors/versions", {"text": "x"})
    assert wrong.status_code == 422
