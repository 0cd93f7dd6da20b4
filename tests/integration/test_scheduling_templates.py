"""Standard changes: authorised once, planned by anybody of the team, approved at once within what the template says."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import given_windows as given
from tests.callers import Caller, browser, token_of
from windows.access.roles import Role
from windows.approvals.commands import request_window
from windows.approvals.models import ApprovalRequest, Policy
from windows.approvals.queries.authorised import template_allowing
from windows.audit.models import AuditEntry
from windows.catalogue.models import Person, Service
from windows.errors import Conflict, Forbidden, Invalid
from windows.runbooks.commands import upload_runbook
from windows.scheduling.commands.editing import ScopeRow
from windows.scheduling.commands.templates import MOST, plan_from_template, retire_template
from windows.scheduling.models import ChangeTemplate, Window
from windows.scheduling.pre_authorised import Change

pytestmark = pytest.mark.django_db(transaction=True)
RUNBOOK = """
runbook: reindex
title: Reindex
layers: [L3]
parameters:
  batch: {{type: integer, minimum: 1}}
steps:
  - name: Wait
    wait: {{duration: {seconds}s}}
    timeout: 30s
    undo: none
    because: Nothing was changed.
"""


@pytest.fixture
def ada() -> Any:
    given.service("orders", regions=("r1", "r2"))
    Policy.objects.create(name="Routine", position=1, match={"change_type": ["standard"]}, requires=[])
    return given.actor("ada", ("shop", Role.OWNER), ("shop", Role.MEMBER))


@pytest.fixture
def mel(ada: Any) -> Any:
    return given.actor("mel", ("shop", Role.MEMBER))


def asked_by(window: Window) -> Change:
    places = window.scopes.values_list("service__slug", "environment", "region", "layer")
    return Change(scope=frozenset("/".join(place) for place in places), mode=window.mode)


def test_u_a_member_plans_a_standard_change_and_it_is_approved_at_once(ada: Any, mel: Any) -> None:
    template = given.template(ada)
    window = plan_from_template(mel, template.pk, given.soon())
    assert (window.status, window.change_type, window.title, window.owner_id) == ("draft", "standard", template.name, mel.person_id)
    assert window.scopes.count() == 2, "every region the service runs in now"
    assert request_window(mel, window.pk).status == "approved"
    assert AuditEntry.objects.get(kind="change_template.made").data["scope"] == ["orders/production/r1/L3", "orders/production/r2/L3"]


def test_a_window_is_not_pre_authorised_by_calling_itself_standard(ada: Any, mel: Any) -> None:
    alone = given.window(mel, change_type="standard")
    assert request_window(mel, alone.pk).status == "requested"
    assert "no template allows this" in ApprovalRequest.objects.get(window=alone).policy
    given.template(ada, minutes=30)
    assert request_window(mel, given.window(mel, change_type="standard", starts_at=given.soon(40)).pk).status == "requested", "an hour"
    one = given.template(ada, name="Another", minutes=60)
    assert request_window(mel, given.window(mel, change_type="standard", starts_at=given.soon(50)).pk).status == "approved"
    retire_template(ada, one.pk, "not so harmless")
    assert request_window(mel, given.window(mel, change_type="standard", starts_at=given.soon(60)).pk).status == "requested"
    with pytest.raises(Conflict):
        plan_from_template(mel, one.pk, given.soon(70))
    with pytest.raises(Conflict):
        retire_template(ada, one.pk, "twice")


def test_a_region_that_came_later_was_never_authorised(ada: Any, mel: Any) -> None:
    template = given.template(ada)
    assert request_window(mel, plan_from_template(mel, template.pk, given.soon()).pk).status == "approved"
    given.service("orders", regions=("r3",))
    later = plan_from_template(mel, template.pk, given.soon(30))
    assert later.scopes.count() == 3 and request_window(mel, later.pk).status == "requested"
    assert "r3" in str(template_allowing("shop", asked_by(later), later.starts_at, later.ends_at))


def test_a_service_that_went_to_another_team_is_not_authorised_by_who_had_it(ada: Any, mel: Any) -> None:
    template = given.template(ada)
    Service.objects.filter(slug="orders").update(team=given.team("find"))
    assert request_window(mel, plan_from_template(mel, template.pk, given.soon()).pk).status == "requested"


def test_what_templates_meant_before_it_was_written_down_is_in_the_trail(ada: Any) -> None:
    template = given.template(ada)
    meant = template.authorised
    ChangeTemplate.objects.update(authorised=None)
    with connection.cursor() as cursor:
        cursor.execute(import_module("windows.scheduling.migrations.0015_places_authorised").MEANT)
    template.refresh_from_db()
    assert template.authorised == meant == {"orders/production/r1/L3": "shop", "orders/production/r2/L3": "shop"}


def test_it_takes_the_owners_of_everything_it_touches(ada: Any, mel: Any) -> None:
    given.service("bank", "money")
    with pytest.raises(Forbidden):
        given.template(mel)
    with pytest.raises(Forbidden):
        given.template(ada, scope=(ScopeRow("orders", "production"), ScopeRow("bank", "production")))
    template = given.template(given.actor("sam", ("infra", Role.SRE)), "bank")
    with pytest.raises(Forbidden):
        retire_template(mel, template.pk, "why not")
    with pytest.raises(Forbidden):
        plan_from_template(given.actor("eve"), template.pk, given.soon())


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"name": " "}, "name"), ({"minutes": 0}, "minutes"), ({"minutes": 9999}, "minutes"), ({"days": ("XX",)}, "days"),
        ({"opens": "22:00"}, "closes"), ({"closes": "22:00"}, "opens"), ({"opens": "25:00", "closes": "1:00"}, "opens"),
        ({"timezone": "Moon/Base"}, "timezone"), ({"scope": ()}, "scope"), ({"mode": "asleep"}, "mode"), ({"reason": "\x07"}, "reason"),
        ({"runbook_version_id": 77}, "runbook_version_id"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(ada: Any, said: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        given.template(ada, **said)
    assert refused.value.field == field and not ChangeTemplate.objects.exists()


def test_a_name_stands_once_a_team_while_it_is_in_force(ada: Any) -> None:
    first = given.template(ada)
    with pytest.raises(Conflict) as refused:
        given.template(ada)
    assert refused.value.field == "name"
    retire_template(ada, first.pk, "made anew")
    given.template(ada)
    ChangeTemplate.objects.bulk_create(
        ChangeTemplate(name=f"n{n}", team_id=first.team_id, reason="r", scope=[], mode="degraded", minutes=1, made_by_id=ada.person_id)
        for n in range(MOST)
    )
    with pytest.raises(Invalid):
        given.template(ada, name="One too many")


def test_a_superseded_runbook_is_told_and_not_taken(ada: Any) -> None:
    given.service("orders")
    old = upload_runbook(ada, "reindex", RUNBOOK.format(seconds=1), team="shop")
    with pytest.raises(Invalid):
        given.template(ada, runbook_version_id=old.pk)
    template = given.template(ada, runbook_version_id=old.pk, parameters={"batch": 5})
    program = Caller(token_of(ada))
    address = f"/api/v1/change-templates/{template.pk}"
    assert program.get(address).json()["superseded_by"] is None
    new = upload_runbook(ada, "reindex", RUNBOOK.format(seconds=2), team="shop")
    assert program.get(address).json()["superseded_by"] == 2
    page = browser(Person.objects.get(pk=ada.person_id))
    assert "Superseded: version 2" in page.get("/windows/standard/").content.decode()
    assert "has version 2 since" in page.get(f"/windows/standard/{template.pk}/plan").content.decode()
    window = plan_from_template(ada, template.pk, given.soon())
    assert window.runbook_version_id == old.pk and request_window(ada, window.pk).status == "approved"
    newer = given.window(ada, change_type="standard", starts_at=given.soon(40), runbook_version_id=new.pk, parameters={"batch": 5})
    assert request_window(ada, newer.pk).status == "requested", "the newer version was never authorised"


def test_made_from_a_window_planned_and_retired_in_the_browser(ada: Any, mel: Any) -> None:
    window = given.window(ada, title="Reindex <b>", parameters={"batch": 5}, mode="read_only", timezone="Europe/Berlin")
    owner, member = browser(Person.objects.get(pk=ada.person_id)), browser(Person.objects.get(pk=mel.person_id))
    form = owner.get(f"/windows/{window.reference}/standard").content.decode()
    assert 'value="Reindex &lt;b&gt;"' in form and 'value="60"' in form
    said = {"window": window.reference, "name": "Reindex", "minutes": "60", "opens": "00:00", "closes": "00:00", "timezone": "UTC"}
    wrong = owner.post("/windows/standard/new", said | {"opens": "noon"})
    assert wrong.status_code == 422 and 'id="opens-error"' in wrong.content.decode()
    assert member.post("/windows/standard/new", said).status_code == 403
    assert owner.post("/windows/standard/new", said | {"window": "MW-99999"}).status_code == 422
    hidden = given.window(ada, confidential=True)
    assert "confidential" in owner.post("/windows/standard/new", said | {"window": hidden.reference}).content.decode()
    assert owner.post("/windows/standard/new", said)["Location"] == "/windows/standard/"
    one = ChangeTemplate.objects.get()
    assert (one.mode, one.parameters, one.scope[0]["service"]) == ("read_only", {"batch": 5}, "orders")
    shown = member.get("/windows/standard/").content.decode()
    assert f"/windows/standard/{one.pk}/plan" in shown and f"/windows/standard/{one.pk}/retire" not in shown
    begins = given.soon(24 * 3).strftime("%Y-%m-%dT%H:%M")
    assert member.post(f"/windows/standard/{one.pk}/plan", {"title": "", "starts_at": "soon", "timezone": "UTC"}).status_code == 422
    planned = member.post(f"/windows/standard/{one.pk}/plan", {"title": "", "starts_at": begins, "timezone": "UTC"})
    made = Window.objects.latest("id")
    assert planned["Location"] == f"/windows/{made.reference}" and made.title == "Reindex"
    assert "pre-authorised while enough" in member.get(f"/windows/{made.reference}/edit").content.decode()
    assert owner.post(f"/windows/standard/{one.pk}/retire", {"reason": "done"})["Location"] == "/windows/standard/"
    assert "Reindex" in owner.get("/windows/standard/?show=retired").content.decode()
    assert "has no template for it" in member.get(f"/windows/{made.reference}/edit").content.decode()


def test_the_catalogue_goes_on_by_cursor_at_a_fixed_cost(ada: Any) -> None:
    team = given.team("shop")
    ChangeTemplate.objects.bulk_create(
        ChangeTemplate(name=f"n{n:02}", team=team, reason="r", scope=[], mode="degraded", minutes=1, made_by_id=ada.person_id)
        for n in range(60)
    )
    page, program = browser(Person.objects.get(pk=ada.person_id)), Caller(token_of(ada))
    with CaptureQueriesContext(
        connection,
    ) as asked:
        first = page.get("/windows/standard/").content.decode()
    assert len([one for one in asked.captured_queries if "changetemplate" in one["sql"]]) == 1
    assert "n49" in first and "n50" not in first and "Further ones" in first
    seen, cursor = [], ""
    while cursor is not None:
        got = program.get(f"/api/v1/change-templates?team=shop&limit=25{'&cursor=' + cursor if cursor else ''}").json()
        seen += [row["name"] for row in got["items"]]
        cursor = got["next_cursor"]
    assert seen == [f"n{n:02}" for n in range(60)]
    assert program.get("/api/v1/change-templates?retired=perhaps").status_code == 422


def test_f03_a_template_says_which_alerts_it_expects_and_a_window_that_expects_more_is_signed(ada: Any, mel: Any) -> None:
    slow = {"alert": "Slow", "service": "orders", "environment": "production", "begin": 0, "end": 30, "because": "reindex"}
    template = given.template(ada, expected_alerts=(slow,))
    window = plan_from_template(mel, template.pk, given.soon())
    assert window.expected_alerts == [slow] and request_window(mel, window.pk).status == "approved"
    other = plan_from_template(mel, template.pk, given.soon(48))
    Window.objects.filter(pk=other.pk).update(expected_alerts=[slow, slow | {"alert": "Down"}])
    assert request_window(mel, other.pk).status == "requested", "nobody who owns the service agreed to make that one quieter"
