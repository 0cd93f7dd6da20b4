"""Postmortems and follow-ups: drafted from stored rows, written by people, told once when late, and silent about confidential windows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from slo.objectives.models import Objective
from tests import given_windows as given
from tests.callers import browser, caller
from tests.integration.test_dashboards import approved
from tests.integration.test_reviews_counted import ended
from windows.access.roles import Role
from windows.audit.clock import clock
from windows.audit.models import AuditEntry
from windows.catalogue.models import Membership
from windows.delivery.models import Message
from windows.errors import Conflict, Forbidden, Invalid, NotFound
from windows.execution.models import CheckResult, GateReading, Run
from windows.incidents.models import Incident, IncidentLink
from windows.reviews.commands.follow_ups import end_follow_up, note_follow_up, tell_overdue
from windows.reviews.commands.postmortems import draft_postmortem
from windows.reviews.models import FollowUp
from windows.reviews.states import FollowUpStatus
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Any:
    return given.actor("ada", ("shop", Role.OWNER))


def ran(actor: Any, **said: Any) -> Run:
    """A window of an hour that has run and ended."""
    run = ended(given.window(actor, **said))
    Window.objects.filter(pk=run.window_id).update(started_at=run.started_at, ended_at=run.ended_at, status="completed")
    return run


def tomorrow() -> Any:
    return clock().date() + timedelta(days=1)


def test_a_postmortem_is_drafted_written_and_published_over_the_api(ada: Any) -> None:
    run, program = ran(ada), caller(ada)
    CheckResult.objects.create(run=run, name="backup", verdict="fail", reason="it is nine days old")
    GateReading.objects.create(run=run, gate="errors", verdict="inconclusive", is_error=True)
    incident = Incident.objects.create(title="Orders fail", severity="major", started_at=run.started_at, via="api", reported_by="x")
    IncidentLink.objects.create(incident=incident, window=run.window, by="scope", reason="r", made_by="x")
    here = f"/windows/{run.window.reference}/postmortem"
    assert program.get(here).status_code == 404
    made = program.post(here, {})
    assert made.status_code == 201, made.content
    said = "\n".join(one["text"] for section in made.json()["draft"] for one in section["sentences"])
    assert "backup: fail. it is nine days old." in said and "Orders fail." in said and "1 without a verdict, 1 of them errors" in said
    assert {one["question"]: one["answer"] for one in made.json()["answers"]}["Preflight sufficient?"] == "no"
    assert program.post(here, {}).status_code == 409
    assert program.post(f"{here}/publish", {}, If_Match='"1"').status_code == 409  # nobody has written anything
    assert program.patch(here, {"text": "Look at backups first."}).status_code == 428
    assert program.patch(here, {"text": "Look at backups first."}, If_Match='"1"').json()["version"] == 2
    assert program.patch(here, {"text": "Something else."}, If_Match='"1"').status_code == 412
    assert program.post(f"{here}/publish", {}).status_code == 428
    assert program.post(f"{here}/publish", {}, If_Match='"1"').status_code == 412  # what was read is not what would be published
    assert program.post(f"{here}/publish", {}, If_Match='"2"').json()["status"] == "published"
    assert program.patch(here, {"text": "Later."}, If_Match='"3"').status_code == 409
    kinds = AuditEntry.objects.filter(window=run.window.reference, kind__startswith="postmortem.").order_by("id")
    assert [one.kind for one in kinds] == ["postmortem.drafted", "postmortem.edited", "postmortem.published"]


def test_x18_a_draft_keeps_its_facts_when_telemetry_is_forgotten(ada: Any) -> None:
    run, reader = ran(ada), browser(given.person("ada"))
    GateReading.objects.create(run=run, gate="errors", verdict="fail")
    draft_postmortem(ada, run.window.reference)
    GateReading.objects.all().delete()
    page = reader.get(f"/windows/{run.window.reference}/postmortem").content.decode()
    assert "Gate “errors”: 0 passed, 1 failed" in page
    kept = reader.get(f"/windows/{run.window.reference}/postmortem.md")
    assert kept["Content-Type"].startswith("text/markdown") and "Gate “errors”: 0 passed, 1 failed" in kept.content.decode()
    assert f"/windows/{run.window.reference}/part/run)" in kept.content.decode()


def test_a_postmortem_is_drafted_and_written_in_the_browser(ada: Any) -> None:
    run, reader = ran(ada), browser(given.person("ada"))
    here = f"/windows/{run.window.reference}/postmortem"
    assert "Draft the postmortem" in reader.get(f"/windows/{run.window.reference}/part/review").content.decode()
    assert reader.post(f"{here}/draft").status_code == 302
    assert reader.post(f"{here}/edit", {"text": "We looked too late.", "version": "1"}).status_code == 302
    assert reader.post(f"{here}/edit", {"text": "Twice.", "version": "1"}).status_code == 412
    assert 'name="version" value="2"' in reader.get(f"{here}/publish").content.decode()
    assert reader.post(f"{here}/publish", {"version": "1"}).status_code == 412
    assert reader.post(f"{here}/publish", {"version": "2"}).status_code == 302
    assert "We looked too late." in reader.get(here).content.decode()
    assert run.window.reference in reader.get("/reviews/postmortems/").content.decode()


def test_a_draft_names_who_signed_the_request_that_held(ada: Any) -> None:
    given.service("orders")
    window = approved(ada)
    run = ended(window)
    Window.objects.filter(pk=window.pk).update(started_at=run.started_at, ended_at=run.ended_at, status="completed")
    made = draft_postmortem(ada, window.reference)
    assert "Approved by Sam." in [one["text"] for one in made.draft[0]["sentences"]]


def test_the_checklists_of_a_window_are_computed_for_its_page_and_the_api(ada: Any) -> None:
    run = ran(ada)
    kept = CheckResult.objects.create(run=run, name="backup", verdict="pass", reason="No data is touched.")
    page = browser(given.person("ada")).get(f"/windows/{run.window.reference}/part/review").content.decode()
    assert "does not apply" in page and "The backup was checked before the start." not in page
    CheckResult.objects.filter(pk=kept.pk).update(evidence={"database": "orders"})
    answer = caller(ada).get(f"/windows/{run.window.reference}/checklists").json()
    told = {item["title"]: item["state"] for one in answer for item in one["items"]}
    assert (told["Preflight green"], told["Backup and restore plan validated"], told["Ownership and approvals"]) == ("done", "done", "not")
    page = browser(given.person("ada")).get(f"/windows/{run.window.reference}/part/review").content.decode()
    assert "The backup was checked before the start." in page and "not known" in page


def test_none_is_drafted_before_the_end_nor_by_strangers(ada: Any) -> None:
    with pytest.raises(Conflict):
        draft_postmortem(ada, given.window(ada).reference)
    run = ran(ada)
    with pytest.raises(Forbidden):
        draft_postmortem(given.actor("zoe"), run.window.reference)


def test_drafting_costs_the_same_however_much_is_on_record(ada: Any, django_assert_max_num_queries: Any) -> None:
    few, many = ran(ada), ran(ada, starts_at=given.soon(50))
    for name in ("a", "b", "c"):
        Objective.objects.create(
            slug=f"orders-{name}", service="orders", environment="production", title=name, target="0.9", window_days=28
        )
        CheckResult.objects.create(run=many, name=name, verdict="pass", reason="r")
        GateReading.objects.create(run=many, gate=name, verdict="pass")
    with CaptureQueriesContext(connection) as first:
        draft_postmortem(ada, few.window.reference)
    with CaptureQueriesContext(connection) as second:
        draft_postmortem(ada, many.window.reference)
    assert len(second) == len(first) <= 52


def test_follow_ups_are_noted_listed_and_ended(ada: Any) -> None:
    run, program = ran(ada), caller(ada)
    asked = {"window": run.window.reference, "title": "Check backups", "owner_id": ada.person_id, "due_on": tomorrow().isoformat()}
    made = program.post("/follow-ups", asked)
    assert made.status_code == 201, made.content
    one, other = made.json(), program.post("/follow-ups", asked | {"title": "Write a playbook"}).json()
    assert (one["owner"], one["team"], one["status"]) == ("Ada", "shop", "open")
    assert program.post("/follow-ups", asked | {"due_on": "2020-01-01"}).status_code == 422
    assert program.post("/follow-ups", asked | {"owner_id": 10**6}).status_code == 422
    assert program.post(f"/follow-ups/{one['id']}/done", {}).json()["status"] == "done"
    assert program.post(f"/follow-ups/{one['id']}/done", {}).status_code == 409
    assert program.post(f"/follow-ups/{other['id']}/drop", {"reason": " "}).status_code == 422
    assert (
        program.post(f"/follow-ups/{other['id']}/drop", {"reason": "the tool is going away"}).json()["outcome"] == "the tool is going away"
    )
    assert [row["id"] for row in program.get("/follow-ups?state=done&team=shop").json()["items"]] == [one["id"]]
    assert program.get("/follow-ups?state=never").status_code == 422
    page = browser(given.person("vic", ("post", Role.VIEWER))).get("/follow-ups/").content.decode()
    assert "Check backups" in page and "the tool is going away" in page


def test_a_follow_up_is_noted_in_the_browser_and_its_owner_may_end_it(ada: Any) -> None:
    run, bob = ran(ada), given.person("bob", ("post", Role.VIEWER))
    reader = browser(given.person("ada"))
    form = {"title": "Ask the vendor", "owner_id": str(bob.pk), "due_on": tomorrow().isoformat(), "text": ""}
    refused = reader.post(f"/windows/{run.window.reference}/follow-ups/new", form | {"due_on": "soon"})
    assert refused.status_code == 422 and "Write a day" in refused.content.decode()
    assert reader.post(f"/windows/{run.window.reference}/follow-ups/new", form).status_code == 302
    row = FollowUp.objects.get()
    assert "Ask the vendor" in reader.get(f"/windows/{run.window.reference}/part/review").content.decode()
    assert browser(given.person("zoe")).post(f"/follow-ups/{row.pk}/done", {"reason": ""}).status_code == 403
    assert browser(bob).post(f"/follow-ups/{row.pk}/done", {"reason": "They will fix it."}).status_code == 302
    row.refresh_from_db()
    assert (row.status, row.outcome) == ("done", "They will fix it.")


@pytest.mark.django_db(transaction=True)
def test_an_overdue_follow_up_is_told_once(ada: Any) -> None:
    run = ran(ada)
    row = note_follow_up(ada, run.window.reference, title="Check backups", owner_id=ada.person_id, due_on=tomorrow())
    assert tell_overdue() == 0
    FollowUp.objects.filter(pk=row.pk).update(due_on=clock().date() - timedelta(days=1))
    assert [tell_overdue(), tell_overdue()] == [1, 0]
    message = Message.objects.get(fact=f"follow-up-overdue:{row.pk}")
    assert message.recipient == "ada@example.org" and "Check backups" in message.title
    assert AuditEntry.objects.filter(kind="follow_up.overdue", window=run.window.reference).count() == 1


@pytest.mark.django_db(transaction=True)
def test_who_left_the_team_of_a_confidential_window_hears_nothing_of_it(ada: Any) -> None:
    mia = given.person("mia", ("shop", Role.MEMBER))
    run = ran(ada, confidential=True)
    row = note_follow_up(ada, run.window.reference, title="Secret", owner_id=mia.pk, due_on=tomorrow())
    FollowUp.objects.filter(pk=row.pk).update(due_on=clock().date() - timedelta(days=1))
    Membership.objects.filter(person=mia).delete()
    assert tell_overdue() == 1 and not Message.objects.exists()


def test_nothing_of_a_confidential_window_is_told_to_others(ada: Any) -> None:
    run, vic = ran(ada, confidential=True), given.actor("vic", ("post", Role.OWNER))
    draft_postmortem(ada, run.window.reference)
    row = note_follow_up(ada, run.window.reference, title="Secret", owner_id=ada.person_id, due_on=tomorrow())
    with pytest.raises(Invalid):
        note_follow_up(ada, run.window.reference, title="Secret", owner_id=vic.person_id, due_on=tomorrow())
    with pytest.raises(NotFound):
        end_follow_up(vic, row.pk, FollowUpStatus.DONE)
    program, reader = caller(vic), browser(given.person("vic"))
    assert program.get("/follow-ups").json()["items"] == [] and program.get(f"/follow-ups/{row.pk}").status_code == 404
    assert program.get(f"/windows/{run.window.reference}/postmortem").status_code == 404
    for page in ("/follow-ups/", "/reviews/postmortems/"):
        assert run.window.reference not in reader.get(page).content.decode()


def test_the_trail_of_a_report_does_not_tell_that_a_confidential_window_exists(ada: Any) -> None:
    run = ran(ada, confidential=True)
    Window.objects.filter(pk=run.window_id).update(started_at=clock() - timedelta(hours=1), ended_at=None)
    caller(ada).post("/incidents", {"title": "Down", "service": "orders", "environment": "production"})
    caller(ada).post("/complaints", {"text": "Slow", "service": "orders", "environment": "production"})
    assert IncidentLink.objects.filter(window=run.window_id).exists()
    for entry in AuditEntry.objects.filter(kind__in=("incident.reported", "complaint.taken")):
        assert "links" not in entry.data and entry.window == ""
