"""The trail in the browser: filtered, paged by key, as CSV no spreadsheet runs, with where the chain stands; nothing for the wrong eyes."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests import given_windows as given
from tests.callers import browser
from windows.access.roles import SETUP, Role
from windows.audit.clock import clock
from windows.audit.commands import record, seal
from windows.audit.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    given.service("orders")
    return given.actor("ada", ("shop", Role.OWNER))


@pytest.fixture
def page(ada):
    return browser(ada)


def told(kind: str, subject: str = "service:orders", **more) -> AuditEntry:
    with transaction.atomic():
        return record(kind, more.pop("actor", SETUP), subject, **more)


def text(response) -> str:
    return response.content.decode()


def kinds_on(response) -> list[str]:
    return re.findall(r'<th scope="row">([^<]+)</th>', text(response))


def test_the_trail_is_narrowed_by_kind_person_window_and_day(ada, page) -> None:
    window = given.window(ada)
    told("service.edited", data={"reason": "because it grew"})
    told("flag.set", "flag:orders/production/*/*/*", actor=ada)
    assert kinds_on(page.get("/audit/")) == ["Flag set", "Service edited", "Window created"]
    assert kinds_on(page.get("/audit/", {"kind": "flag."})) == ["Flag set"]
    assert kinds_on(page.get("/audit/", {"who": "ada"})) == ["Flag set", "Window created"]
    assert kinds_on(page.get("/audit/", {"window": str(window.pk)})) == ["Window created"]
    assert kinds_on(page.get("/audit/", {"subject": "service:orders"})) == ["Service edited"]
    today = f"{clock():%Y-%m-%d}"
    assert len(kinds_on(page.get("/audit/", {"since": today, "until": today}))) == 3
    assert "Nothing of that stands in the trail" in text(page.get("/audit/", {"until": f"{clock() - timedelta(days=2):%Y-%m-%d}"}))
    wrong = page.get("/audit/", {"since": "yesterday", "who": "ada"})
    assert wrong.status_code == 422 and "Write a day as" in text(wrong) and 'value="ada"' in text(wrong)
    shown = text(page.get("/audit/"))
    assert f'href="/windows/{window.reference}"' in shown and 'href="/flags/orders/production"' in shown and "because it grew" in shown


def test_r_l02_the_unsealed_tail_is_shown_as_such_and_the_chain_is_checked(ada) -> None:
    told("service.edited")
    sam = browser(given.actor("sam", ("infra", Role.SRE)))
    before = text(sam.get("/audit/"))
    assert "to be sealed" in before and "1 newer entry waits for the sealer" in before
    seal()
    after = text(sam.get("/audit/"))
    assert "to be sealed" not in after and "Sealed up to position 1" in after
    assert "The trail is whole" in text(sam.post("/audit/verify"))
    with connection.cursor() as cursor:
        cursor.execute("alter table audit_auditentry disable trigger user")
        cursor.execute("update audit_auditentry set actor = 'nobody'")
        cursor.execute("alter table audit_auditentry enable trigger user")
    assert "The trail is broken at position 1" in text(sam.post("/audit/verify"))
    assert browser(ada).get("/audit/verify").status_code == 403
    assert "Check the chain" not in text(browser(ada).get("/audit/"))


def test_r_s01_a_confidential_window_stands_neither_on_the_page_nor_in_the_file(ada) -> None:
    window = given.window(ada, title="Hidden work", confidential=True)
    eve = browser(given.actor("eve", ("find", Role.OWNER)))
    for path in ("/audit/", f"/audit/?window={window.reference}", "/audit/entries.csv"):
        assert f"{window.reference}<" not in text(eve.get(path)) and "Hidden work" not in text(eve.get(path)), path
        assert "window.created" not in text(eve.get(path))
    assert window.reference in text(browser(ada).get("/audit/entries.csv"))
    assert browser(given.person("zoe")).get("/audit/").status_code == 403, "as the role table says"


def test_r_s28_the_file_runs_no_formula(page) -> None:
    told("service.edited", "=cmd|' /C calc'!A0", data={"reason": '=HYPERLINK("http://evil.example")'})
    answer = page.get("/audit/entries.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8" and "attachment" in answer["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(text(answer))))
    assert rows[0]["subject"] == "'=cmd|' /C calc'!A0" and rows[0]["kind"] == "service.edited"
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]


def test_pages_go_on_by_key_and_cost_the_same(page, monkeypatch) -> None:
    monkeypatch.setattr("portal.pages.audit.PAGE", 3)
    counted = []
    for n in (4, 8):
        for k in range(n):
            told("service.edited", f"service:s{n}{k}")
        with CaptureQueriesContext(connection) as seen:
            page.get("/audit/")
        counted.append(len(seen))
    assert counted[0] == counted[1] <= 14, counted
    found, path = [], "/audit/?kind=service."
    while path:
        shown = text(page.get(path))
        found += re.findall(r'href="/services/(s\d+)"', shown)
        onward = re.search(r'href="(\?[^"]+)">Earlier', shown)
        path = "/audit/" + onward[1].replace("&amp;", "&") if onward else ""
    assert found == [f"s{n}{k}" for n in (8, 4) for k in reversed(range(n))]


def test_names_that_are_none_break_nothing(page) -> None:
    for subject in ("flag:orders", "flag:a/b", "runbook:", "team:x/y", "service:", "node:orders/n1", "\u202eodd<script>"):
        told("flag.set", subject)
    shown = page.get("/audit/")
    assert shown.status_code == 200 and "<script>alert" not in text(shown) and "odd&lt;script&gt;" in text(shown)
