"""Runbooks in the browser: the library, versions and what changed, where one is used, a text checked and kept with errors beside it."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import given_windows as given
from tests.callers import browser
from windows.access.roles import Role
from windows.audit.models import AuditEntry
from windows.runbooks.commands import upload_runbook
from windows.runbooks.models import Runbook, RunbookVersion
from windows.runbooks.ready_made import templates

pytestmark = pytest.mark.django_db
TEXT = """runbook: pause
title: Pause
layers: [L3]
rollback_reserve: 1m
steps:
  - name: Wait a little
    wait: {duration: 10s}
"""


@pytest.fixture
def ada():
    given.service("orders")
    return given.actor("ada", ("shop", Role.OWNER))


@pytest.fixture
def page(ada):
    return browser(ada)


def text(response) -> str:
    return response.content.decode()


def test_a_text_is_checked_kept_and_read_in_sentences(page) -> None:
    checked = page.post("/runbooks/new", {"text": TEXT, "team": "shop", "act": "check"})
    assert checked.status_code == 200 and "The text is in order" in text(checked) and "Wait 10 s" in text(checked)
    assert not Runbook.objects.exists()
    assert page.post("/runbooks/new", {"text": TEXT, "team": "shop"})["Location"] == "/runbooks/pause"
    shown = text(page.get("/runbooks/pause"))
    assert "Wait 10 s" in shown and "Version 1, the newest" in shown and "No window uses it yet" in shown
    assert AuditEntry.objects.filter(kind="runbook.version_added").count() == 1


def test_what_is_wrong_stands_beside_its_line(page) -> None:
    wrong = TEXT.replace("duration", "durration").replace("rollback_reserve: 1m", "rollback_reserve: soon")
    answer = page.post("/runbooks/new", {"text": wrong.replace("\n", "\r\n"), "team": "shop"})
    shown = text(answer)
    assert answer.status_code == 422 and "durration: 10s" in shown, "what was typed is still there"
    assert "Line 4, column" in shown and "Line 7, column" in shown and "2 things to mend" in shown
    beside = re.search(r'<tr id="line-7" class="gone">(.*?)</tr>', shown, re.DOTALL)
    assert beside and "durration" in beside[1] and "Column" in beside[1]
    assert not Runbook.objects.exists()


@pytest.mark.parametrize(
    ("file", "status", "said"),
    [
        (TEXT.encode(), 302, ""),
        (b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode(), 302, ""),
        (b"\xff\xfe\x00", 422, "not UTF-8"),
        (b"#" * (257 * 1024), 422, "256 KiB"),
        (b"- &a [*a]", 422, "Line 1"),
    ],
)
def test_a_file_is_taken_in_place_of_the_text(page, file: bytes, status: int, said: str) -> None:
    answer = page.post("/runbooks/new", {"team": "shop", "text": "", "file": SimpleUploadedFile("x.yaml", file)})
    assert answer.status_code == status and said in text(answer)
    if status == 302:
        assert RunbookVersion.objects.get().source == TEXT


def test_a_new_version_shows_what_changed_and_the_old_one_stays(ada, page) -> None:
    upload_runbook(ada, "pause", TEXT, team="shop")
    assert TEXT.strip() in text(page.get("/runbooks/pause/upload"))
    assert page.post("/runbooks/pause/upload", {"text": TEXT.replace("10s", "20s")}).status_code == 302
    shown = text(page.get("/runbooks/pause/compare"))
    assert "<del>    wait: {duration: 10s}</del>" in shown and "<ins>    wait: {duration: 20s}</ins>" in shown
    assert "1 line added, 1 taken out" in shown
    old = text(page.get("/runbooks/pause/versions/1"))
    assert "Wait 10 s" in old and "This is an earlier version" in old
    assert "letter by letter" in text(page.get("/runbooks/pause/compare?from=2&to=2"))
    for path in ("/runbooks/pause/versions/9", "/runbooks/pause/compare?from=9", "/runbooks/none", "/runbooks/none/compare"):
        assert page.get(path).status_code == 404, path
    assert page.get("/runbooks/pause/compare?from=x").status_code == 422


def test_who_may_not_write_is_told(ada, page) -> None:
    upload_runbook(ada, "pause", TEXT, team="shop")
    eve = browser(given.actor("eve", ("find", Role.OWNER)))
    assert "New version" not in text(eve.get("/runbooks/pause"))
    for answer in (eve.get("/runbooks/pause/upload"), eve.post("/runbooks/pause/upload", {"text": TEXT.replace("10s", "20s")})):
        assert answer.status_code == 403 and "Allowed:" in text(answer)
    assert eve.post("/runbooks/new", {"text": TEXT.replace("pause", "mine"), "team": "shop"}).status_code == 403
    assert RunbookVersion.objects.count() == 1


def test_an_old_text_that_todays_rules_refuse_is_still_shown(page) -> None:
    book = Runbook.objects.create(slug="old", title="Old", team="shop")
    RunbookVersion.objects.create(runbook=book, number=1, digest="1" * 64, source="what: ever", created_by="ada")
    shown = text(page.get("/runbooks/old"))
    assert "Today’s rules refuse this text" in shown and "what: ever" in shown


def test_where_it_is_used_and_a_constant_number_of_queries(ada, page) -> None:
    version = upload_runbook(ada, "pause", TEXT, team="shop")
    window = given.window(ada, runbook_version_id=version.pk)
    assert window.reference in text(page.get("/runbooks/pause"))
    counted: dict[str, list[int]] = {"/runbooks/": [], "/runbooks/pause": [], "/runbooks/pause/compare": []}
    for n in (1, 6):
        for k in range(n):
            newer = upload_runbook(ada, "pause", TEXT.replace("10s", f"{n}{k}s"), team="shop")
            given.window(ada, starts_at=given.soon(24 * (n * 10 + k)), runbook_version_id=newer.pk)
            upload_runbook(ada, f"b{n}{k}", TEXT.replace("pause", f"b{n}{k}"), team="shop")
        for path, costs in counted.items():
            with CaptureQueriesContext(connection) as seen:
                assert page.get(path).status_code == 200
            costs.append(len(seen))
    for path, (before, after) in counted.items():
        assert before == after <= 13, (path, counted)


def test_a_template_is_where_a_runbook_begins(page) -> None:
    """Each is in the library, and in order as it stands."""
    library = text(page.get("/runbooks/"))
    assert [one.description.partition(".")[0] for one in templates()] == [f"U{number}" for number in range(1, 11)]
    for one in templates():
        assert f"/runbooks/new?template={one.slug}" in library
        assert f"runbook: {one.slug}" in text(page.get(f"/runbooks/new?template={one.slug}"))
        assert page.post("/runbooks/new", {"text": one.text, "team": "shop"})["Location"] == f"/runbooks/{one.slug}"
    assert "runbook: short-name" in text(page.get("/runbooks/new?template=none"))
