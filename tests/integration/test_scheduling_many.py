"""Many windows from CSV, and the same again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests import given_windows as given
from tests.callers import Caller, browser, token_of
from windows.access.roles import Role
from windows.audit.clock import clock
from windows.audit.models import AuditEntry
from windows.catalogue.models import Deployment, Person, Region
from windows.errors import Forbidden
from windows.scheduling.commands.drafts import create_draft, edit_draft
from windows.scheduling.commands.editing import ScopeRow
from windows.scheduling.commands.many import copy_window
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db(transaction=True)
HEADS = "title,reason,team,owner,coordinator,starts_at,minutes,scope,external_ref"


@pytest.fixture
def ada() -> Any:
    return given.actor("ada", ("shop", Role.OWNER))


def row(n: int, **said: str) -> str:
    cells = {
        "title": f"Move {n}", "reason": "Why", "team": "shop", "owner": "ada@example.org", "coordinator": "ADA@example.org",
        "starts_at": given.soon(24 * n).isoformat(), "minutes": "60", "scope": "orders/production", "external_ref": f"row-{n}",
    }  # fmt: skip
    return ",".join((cells | said).values())


def test_each_row_is_filed_whole_or_not_at_all(ada: Any) -> None:
    given.service("orders")
    wrong = [
        ({"team": "bank"}, "row"), ({"owner": "nobody@example.org"}, "owner"), ({"scope": "orders/moon"}, "scope"),
        ({"minutes": "9000"}, "ends_at"), ({"starts_at": "2020-01-01T00:00:00Z"}, "starts_at"), ({"title": "=1+1" * 60}, "title"),
    ]  # fmt: skip
    given.team("bank")
    text = "\n".join([HEADS, row(1), *(row(n + 2, **said) for n, (said, _) in enumerate(wrong)), row(9)])
    program = Caller(token_of(ada))
    checked = program.send("POST", "/api/v1/windows-from-csv", {"text": text, "validate_only": True}).json()
    assert not Window.objects.exists() and not AuditEntry.objects.filter(kind="window.created").exists()
    assert [(one["line"], one["field"]) for one in checked if one["wrong"]] == [(n + 3, field) for n, (_, field) in enumerate(wrong)]
    filed = program.send("POST", "/api/v1/windows-from-csv", {"text": text}).json()
    assert [one["reference"] for one in filed if one["reference"]] == [w.reference for w in Window.objects.order_by("id")]
    assert [one | {"reference": ""} for one in filed] == checked and Window.objects.count() == 2
    again = program.send("POST", "/api/v1/windows-from-csv", {"text": text}).json()
    assert Window.objects.count() == 2 and again[0]["field"] == "external_ref"


def test_a_file_in_the_browser_is_checked_reported_and_filed(ada: Any) -> None:
    given.service("orders")
    page, text = browser(Person.objects.get(pk=ada.person_id)), "\n".join([HEADS, row(1), row(2, owner="=cmd")])
    checked = page.post("/windows/from-csv", {"act": "check", "text": text}).content.decode()
    assert "1 good, 1 wrong" in checked and not Window.objects.exists()
    report = page.post("/windows/from-csv", {"act": "report", "text": text})
    assert report["Content-Type"].startswith("text/csv") and b"Nobody has the address" in report.content
    upload = SimpleUploadedFile("w.csv", ("\ufeff" + text).encode(), "text/csv")
    assert "1 filed, 1 refused" in page.post("/windows/from-csv", {"act": "file", "file": upload}).content.decode()
    assert Window.objects.get().title == "Move 1"
    assert page.post("/windows/from-csv", {"act": "file", "file": SimpleUploadedFile("w.csv", b"\xff\xfe")}).status_code == 422
    assert page.post("/windows/from-csv", {"act": "file", "file": SimpleUploadedFile("w.csv", b"x" * 600_000)}).status_code == 422


def test_the_same_again_is_a_draft_whole_weeks_later_at_the_same_local_time(ada: Any) -> None:
    window = given.window(ada, timezone="Europe/Berlin", external_ref="once", parameters={"batch": 5}, hours=2)
    begun = given.soon(-24 * 200)
    Window.objects.filter(pk=window.pk).update(starts_at=begun, ends_at=begun + timedelta(hours=2), status="completed")
    window.refresh_from_db()
    again = copy_window(ada, window.pk)
    berlin = ZoneInfo("Europe/Berlin")
    assert again.status == "draft" and again.external_ref is None and again.parameters == {"batch": 5}
    one, other = window.starts_at.astimezone(berlin), again.starts_at.astimezone(berlin)
    assert (one.weekday(), one.time().replace(microsecond=0)) == (
        other.weekday(),
        other.time(),
    ) and clock() < again.starts_at < clock() + timedelta(days=8)
    assert again.ends_at - again.starts_at == timedelta(hours=2)
    assert [s.service_id for s in again.scopes.all()] == [s.service_id for s in window.scopes.all()]
    with pytest.raises(Forbidden):
        copy_window(given.actor("eve", ("find", Role.OWNER)), window.pk)
    page = browser(Person.objects.get(pk=ada.person_id))
    assert page.post(f"/windows/{window.reference}/copy", {}).status_code == 302 and Window.objects.count() == 3


def test_the_same_again_means_the_places_of_that_day(ada: Any) -> None:
    """What somebody wrote as “every region” is kept so; a region that comes later is one of them."""
    service = given.service("orders")
    said = (ScopeRow("orders", "production", "*", ("L3", "L5")),)
    window = create_draft(ada, given.draft_of(ada, scope=said))
    before = window.scopes.count()
    assert window.scope_said == [{"service": "orders", "environment": "production", "region": "*", "layers": ["L3", "L5"]}]
    old = Deployment.objects.filter(service=service).first()
    assert old is not None
    Deployment.objects.create(service=service, environment=old.environment, region=Region.objects.create(slug="new", name="New"))
    again = copy_window(ada, window.pk)
    assert again.scopes.count() == before + 2 and window.scopes.count() == before and again.scope_said == window.scope_said
    concrete = (ScopeRow("orders", "production", old.region.slug, ("L3", "L5")),)
    edited = edit_draft(ada, again.pk, {"scope": concrete}, again.version)
    assert edited.scope_said[0]["region"] == old.region.slug
    Window.objects.filter(pk=window.pk).update(scope_said=[])  # filed before this was kept: as its rows stand
    assert copy_window(ada, window.pk).scopes.count() == before


def test_f03_alerts_that_a_row_expects_are_kept_by_the_window_and_by_the_same_again(ada: Any) -> None:
    given.service("orders")
    said = '"OrdersSlow orders/production 0-30 the index is rebuilt\nOrdersLate orders/production 5-20 its queue drains"'
    program = Caller(token_of(ada))
    text = "\n".join([f"{HEADS},expected_alerts", f"{row(1)},{said}", f"{row(2)},.* orders/production 0-30 all of it"])
    first, second = program.send("POST", "/api/v1/windows-from-csv", {"text": text}).json()
    window = Window.objects.get()
    assert first["reference"] == window.reference and [one["alert"] for one in window.expected_alerts] == ["OrdersSlow", "OrdersLate"]
    assert second["field"] == "expected_alerts" and "patterns would expect everything" in second["wrong"]
    assert copy_window(ada, window.pk).expected_alerts == window.expected_alerts
