"""Incidents and complaints: reported by page, API, e-mail and CSV; linked by themselves and by hand; confidential windows stay unnamed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests import given_windows as given
from tests.callers import browser, caller
from tests.given_alerts import open_window
from tests.given_mail import mail
from windows.access.roles import Role
from windows.audit.clock import clock
from windows.audit.models import AuditEntry
from windows.incidents.models import Complaint, Incident, IncidentLink

pytestmark = pytest.mark.django_db
DOWN = {"title": "Orders fail", "severity": "critical", "service": "orders", "environment": "production"}


@pytest.fixture
def olga() -> Any:
    return given.person("olga", ("shop", Role.OWNER))


def test_m09_an_incident_reported_while_a_window_runs_is_linked_and_shown_on_both_pages(olga: Any) -> None:
    run = open_window()
    program = caller(olga)
    answer = program.post("/incidents", DOWN)
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert [(one["window"], one["by"]) for one in told["links"]] == [(run.window.reference, "scope")]
    reader = browser(given.person("vic", ("post", Role.VIEWER)))
    assert "Orders fail" in reader.get(f"/windows/{run.window.reference}/part/alerts").content.decode()
    assert run.window.reference in reader.get(f"/incidents/{told['id']}").content.decode()
    assert program.get(f"/incidents?window={run.window.reference}").json()["items"][0]["reference"] == told["reference"]
    ended = program.post(f"/incidents/{told['id']}/end", {"resolution": "rolled back"})
    assert ended.json()["ended_at"] and program.post(f"/incidents/{told['id']}/end", {"resolution": "again"}).status_code == 409


def test_a_service_that_needs_what_a_window_touches_is_linked_by_dependency(olga: Any) -> None:
    open_window()
    given.service("bank")
    given.needs("bank", "orders")
    told = caller(olga).post("/incidents", DOWN | {"service": "bank"}).json()
    assert [one["by"] for one in told["links"]] == ["dependency"]


def test_what_neither_time_nor_scope_tells_a_person_links_and_unlinks_with_a_reason(olga: Any) -> None:
    run = open_window()
    program = caller(olga)
    told = program.post("/incidents", {"title": "Odd", "started_at": (clock() - timedelta(days=1)).isoformat()}).json()
    assert told["links"] == []
    asked = {"window": run.window.reference, "reason": "the migration left a bad index"}
    assert program.post(f"/incidents/{told['id']}/link", asked).json()["links"][0]["reason"] == asked["reason"]
    assert program.post(f"/incidents/{told['id']}/link", asked).status_code == 409
    assert program.post(f"/incidents/{told['id']}/unlink", asked).json()["links"] == []
    assert set(AuditEntry.objects.filter(window=run.window.reference).values_list("kind", flat=True)) >= {
        "incident.linked",
        "incident.unlinked",
    }


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": " "}, "title"), ({"severity": "bad"}, "severity"), ({"service": "nobodys"}, "service"),
        ({"environment": "x"}, "environment"),
        ({"window": "1042"}, "window"), ({"started_at": "2999-01-01T00:00:00Z"}, "started_at"),
        ({"ended_at": "2020-01-01T00:00:00Z"}, "ended_at"),
        ({"affected_users": -1}, "affected_users"),
    ],
)  # fmt: skip
def test_a_report_that_cannot_be_is_refused_by_its_field(olga: Any, wrong: dict[str, Any], field: str) -> None:
    given.service("orders")
    answer = caller(olga).post("/incidents", DOWN | wrong)
    assert answer.status_code in (400, 422) and field in answer.content.decode() and not Incident.objects.exists()


def test_the_same_incident_of_another_system_is_taken_once(olga: Any) -> None:
    given.service("orders")
    program = caller(olga)
    assert program.post("/incidents", DOWN | {"external_ref": "PD-1"}).status_code == 201
    again = program.post("/incidents", DOWN | {"external_ref": "PD-1"})
    assert again.status_code == 409 and Incident.objects.count() == 1


def test_a_confidential_window_is_not_named_to_strangers_neither_in_links_nor_in_the_trail(olga: Any) -> None:
    run = open_window(confidential=True)
    told = caller(olga).post("/incidents", DOWN).json()
    assert told["links"], "its own people see it"
    stranger = given.person("vic", ("post", Role.VIEWER))
    assert caller(stranger).get(f"/incidents/{told['id']}").json()["links"] == []
    assert run.window.reference not in browser(stranger).get("/incidents/").content.decode()
    assert caller(stranger).get(f"/incidents?window={run.window.reference}").json()["items"] == []
    assert run.window.reference not in str(AuditEntry.objects.get(kind="incident.reported").data)


def test_a_viewer_reports_nothing_and_does_not_read_who_complained(olga: Any) -> None:
    given.service("orders")
    assert caller(olga).post("/complaints", {"text": "Slow", "who": "eve@example.com", "service": "orders"}).status_code == 201
    viewer = caller(given.person("vic", ("shop", Role.VIEWER)))
    assert viewer.post("/incidents", DOWN).status_code == 403
    assert viewer.get("/complaints").json()["items"][0]["who"] == ""
    assert "eve@example.com" not in browser(given.person("vic")).get("/complaints/").content.decode()
    assert caller(olga).get("/complaints").json()["items"][0]["who"] == "eve@example.com"


def test_m10_complaints_by_api_csv_and_mail_meet_in_one_list_with_their_windows(olga: Any) -> None:
    run = open_window()
    program, reference = caller(olga), run.window.reference
    program.post("/complaints", {"text": "Slow", "service": "orders", "environment": "production"})
    table = f"text,service,window,received_at\nDown,orders,,\nLater,,{reference},\nOdd,nobodys,,\nSoon,,,2999-01-01T00:00:00Z"
    taken = program.post("/complaints-from-csv", {"text": table}).json()
    assert [(one["line"], bool(one["reference"]), one["field"]) for one in taken] == [
        (2, True, ""), (3, True, ""), (4, False, "service"), (5, False, "received_at")
    ]  # fmt: skip
    raw = mail(subject=f"{reference} broke my basket", date="").decode()
    assert program.post("/complaints-from-mail", {"raw": raw}).json()[0]["reference"]
    assert program.post("/complaints-from-mail", {"raw": raw}).json()[0]["wrong"].startswith("This is known already, as CP-")
    assert Complaint.objects.count() == 4
    assert {row.via for row in Complaint.objects.filter(links__window=run.window_id)} == {"api", "csv", "email"}
    assert program.get(f"/complaints?window={reference}").json()["items"][0]["via"] == "email"


def test_files_are_taken_in_on_the_page_and_told_row_by_row(olga: Any) -> None:
    open_window()
    page = browser(olga)
    sent = page.post("/complaints/", {"file": SimpleUploadedFile("said.eml", mail())})
    assert "1 of 1 taken in" in sent.content.decode()
    sent = page.post("/complaints/", {"file": SimpleUploadedFile("said.csv", b"text,service\nDown,orders\nOdd,nobodys\n")})
    assert "1 of 2 taken in" in sent.content.decode() and "nobodys" in sent.content.decode()
    assert page.post("/complaints/", {"text": "who\nx"}).status_code == 422


def test_the_page_reports_ends_and_links(olga: Any) -> None:
    run = open_window()
    page = browser(olga)
    wrong = page.post("/incidents/new", DOWN | {"title": ""})
    assert wrong.status_code == 422 and "must not be empty" in wrong.content.decode()
    assert page.post("/incidents/new", DOWN | {"affected_users": "12000"}).status_code == 302
    row = Incident.objects.get()
    assert row.affected_users == 12_000
    assert "12,000" in page.get(f"/incidents/{row.pk}").content.decode()
    assert page.post(f"/incidents/{row.pk}/end", {"reason": "it works again"}).status_code == 302
    IncidentLink.objects.all().delete()
    assert page.post(f"/incidents/{row.pk}/link", {"window": run.window.reference, "reason": "it was that"}).status_code == 302
    assert "it was that" in page.get(f"/incidents/{row.pk}").content.decode()


def test_the_lists_cost_the_same_whatever_they_hold(olga: Any, django_assert_max_num_queries: Any) -> None:
    open_window()
    program, page = caller(olga), browser(olga)
    for n in range(12):
        program.post("/incidents", DOWN | {"title": f"Incident {n}"})
    program.post("/complaints-from-csv", {"text": "text,service\n" + "Down,orders\n" * 12})
    for path in ("/incidents/", "/complaints/"):
        page.get(path)
        with django_assert_max_num_queries(14):
            assert page.get(path).status_code == 200
