"""The request page: saved as one types, as far as it is right; beside it what this very draft means."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from slo.objectives.models import Adjustment, Objective
from slo.telemetry.commands import push
from slo.telemetry.readings import Push
from tests import given_windows as given
from tests.callers import browser
from windows.access.roles import Role
from windows.announcements.commands.components import publish_service
from windows.approvals.commands import request_window
from windows.approvals.models import Policy
from windows.audit.clock import clock
from windows.audit.models import AuditEntry
from windows.catalogue.models import Service
from windows.runbooks.commands import upload_runbook
from windows.runbooks.models import RunbookVersion
from windows.scheduling.commands.drafts import edit_draft
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db
RUNBOOK = """
runbook: batches
title: In batches
layers: [L3]
rollback_reserve: 6m
parameters:
  batch: {type: integer, minimum: 1, maximum: 900, default: 500}
  table: {type: enum, choices: [orders, baskets]}
steps:
  - name: Wait
    wait: {duration: 1s}
    timeout: 10s
    undo: none
    because: there is nothing to undo
"""


@pytest.fixture
def ada():
    given.service("orders")
    return given.actor("ada", ("shop", Role.OWNER))


def form(ada: Any, **said: Any) -> dict[str, Any]:
    begins = given.soon(48)
    return {
        "draft": str(uuid4()), "version": "", "title": "Reindex", "reason": "It grew.", "team": "shop", "owner_id": ada.person_id,
        "coordinator_id": ada.person_id, "deputy_id": "", "starts_at": f"{begins:%Y-%m-%dT%H:%M}", "minutes": 60, "timezone": "UTC",
        "mode": "degraded", "change_type": "normal", "service_0": "orders", "environment_0": "production", "region_0": "",
        "layers_0": ["L3"], **said,
    }  # fmt: skip


def test_a_draft_is_saved_as_one_types_and_once(ada) -> None:
    client, sent = browser(ada), form(ada)
    bare = client.post("/windows/saving", sent | {"title": ""})
    assert "Not saved yet" in bare.content.decode() and not Window.objects.exists()
    first = client.post("/windows/saving", sent)
    window = Window.objects.get()
    assert first["HX-Replace-Url"] == f"/windows/{window.reference}/edit"
    again = client.post("/windows/saving", sent | {"title": "Reindex all"})  # the first answer was lost: no version, the same form
    assert "Saved as" in again.content.decode()
    assert Window.objects.get().title == "Reindex all"
    plain = client.post("/windows/new", sent | {"title": "Reindex it", "version": "2"})
    assert plain["Location"] == f"/windows/{window.reference}"
    assert [entry.kind for entry in AuditEntry.objects.order_by("id")] == ["window.created", "window.edited", "window.edited"]


def test_what_is_wrong_is_marked_and_the_rest_is_saved(ada) -> None:
    client, sent = browser(ada), form(ada)
    client.post("/windows/saving", sent)
    told = client.post("/windows/saving", sent | {"version": "1", "title": "Right", "minutes": "99999", "slack_percent": "200"})
    text = told.content.decode()
    assert "without what is marked: 2 things" in text
    assert 'id="minutes-error" hx-swap-oob="true"><p class="error"' in text
    assert 'id="slack_percent-error" hx-swap-oob="true"><p class="error"' in text
    assert 'id="title-error" hx-swap-oob="true"></div>' in text
    window = Window.objects.get()
    assert (window.title, window.ends_at - window.starts_at) == ("Right", timedelta(hours=1))


def test_all_that_is_wrong_is_said_at_once_a_begin_that_is_past_as_well(ada) -> None:
    sent = form(ada, title="", starts_at="2020-01-01T10:00")
    page = browser(ada).post("/windows/new", sent).content.decode()
    assert "The start lies in the past." in page and 'id="title-error"' in page and not Window.objects.exists()


def test_r_e12_a_lost_update_names_who_and_what_and_can_be_chosen(ada) -> None:
    client, sent = browser(ada), form(ada)
    client.post("/windows/saving", sent)
    window = Window.objects.get()
    edit_draft(given.actor("grace", ("shop", Role.MEMBER)), window.pk, {"title": "Grace’s"}, 1)
    told = client.post("/windows/saving", sent | {"version": "1", "title": "Ada’s"}).content.decode()
    assert "Grace changed" in told and "title: Grace’s" in told and "Load theirs" in told
    assert Window.objects.get().title == "Grace’s"
    page = client.post(f"/windows/{window.reference}/edit", sent | {"version": "1", "title": "Ada’s"})
    assert page.status_code == 412 and "Ada’s" in page.content.decode()
    chosen = client.post(f"/windows/{window.reference}/edit", sent | {"version": "1", "title": "Ada’s", "over": "2"})
    assert chosen.status_code == 302 and Window.objects.get().title == "Ada’s"


def test_a_stranger_saves_into_nobody_elses_draft(ada) -> None:
    client, sent = browser(ada), form(ada)
    client.post("/windows/saving", sent | {"confidential": "on"})
    eve = browser(given.actor("eve", ("find", Role.OWNER)))
    told = eve.post("/windows/saving", sent | {"version": "1", "title": "Eve’s"}).content.decode()
    assert "Eve’s" not in Window.objects.get().title and "Saved as" not in told
    assert Window.objects.count() == 1


def test_parameters_are_typed_fields_of_the_chosen_runbook(ada) -> None:
    version = upload_runbook(ada, "batches", RUNBOOK, team="shop")
    client = browser(ada)
    fields = client.get(f"/windows/parameters?runbook_version_id={version.pk}").content.decode()
    assert 'name="parameter_batch"' in fields and 'placeholder="500"' in fields and "<option>orders</option>" in fields
    sent = form(ada, runbook_version_id=version.pk, parameter_batch="20", parameter_table="orders")
    client.post("/windows/saving", sent)
    assert Window.objects.get().parameters == {"batch": 20, "table": "orders"}
    told = client.post("/windows/saving", sent | {"version": "1", "parameter_batch": "9000"}).content.decode()
    assert 'id="parameter_batch-error" hx-swap-oob="true"><p class="error"' in told
    assert Window.objects.get().parameters == {"batch": 20, "table": "orders"}
    assert "7 min 30 s before the end" in (meant := client.get("/windows/meaning", sent).content.decode())
    assert "<dt>Your time</dt>" in meant and "sets a flag" not in meant
    assert "No step of the runbook sets a flag there" in client.get("/windows/meaning", sent | {"mode": "offline"}).content.decode()


def test_the_panel_says_what_preflight_will_refuse(ada) -> None:
    version = upload_runbook(ada, "batches", RUNBOOK, team="shop")
    client, data = browser(ada), form(ada, runbook_version_id=version.pk, parameter_table="orders", layers_0="L5")
    assert "the runbook says no backup_check. Its start will be refused." in client.get("/windows/meaning", data).content.decode()
    told = "The public knows orders: once it is requested, announce it."
    assert told not in client.get("/windows/meaning", data).content.decode()
    publish_service(given.actor("olga", ("shop", Role.OWNER)), "orders", name="Orders")
    assert told in client.get("/windows/meaning", data).content.decode()
    for silent in ({"mode": "normal"}, {"confidential": "on"}, {"change_type": "emergency"}):
        assert told not in client.get("/windows/meaning", data | silent).content.decode(), silent
    assert "Its start will be refused" not in client.get("/windows/meaning", data | {"change_type": "emergency"}).content.decode()
    old = RunbookVersion.objects.create(runbook=version.runbook, number=2, digest="f" * 64, source="runbook: [", created_by="x")
    assert client.get("/windows/meaning", data | {"runbook_version_id": old.pk}).status_code == 200, (
        "a text that today's rules refuse can be exchanged for another"
    )


def test_the_panel_is_right_about_what_is_typed(ada) -> None:
    given.actor("olga", ("shop", Role.OWNER))
    Service.objects.filter(slug="orders").update(monthly_active_users=9000, revenue_per_hour=120)
    Policy.objects.create(name="Two eyes", position=1, match={}, requires=[{"role": "owner", "quorum": 1, "team": "owner"}])
    rival = given.window(ada, starts_at=given.soon(48), title="Rival")
    request_window(ada, rival.pk)
    client, sent = browser(ada), form(ada)
    met = client.get("/windows/meaning", sent | {"acts": "yes"}).content.decode()
    assert rival.reference in met and "Settle 1 conflict" in met
    assert "at most 9,000" in met and ">EUR 120 in that time" in met
    assert "Olga" in met and "Ada" not in met.split("Who must approve")[1], "who plans it does not sign it"
    later = client.get("/windows/meaning", form(ada, acts="yes", starts_at=f"{given.soon(52):%Y-%m-%dT%H:%M}")).content.decode()
    assert "Nothing is in the way" in later and 'name="then" value="request"' in later
    assert "Choose a service" in client.get("/windows/meaning", form(ada, service_0="")).content.decode()
    client.post("/windows/saving", sent)
    mine = Window.objects.latest("pk")
    assert rival.reference in client.get(f"/windows/{mine.reference}/meaning").content.decode()


def test_the_budget_in_the_panel_adds_up_to_what_is_said_to_be_left(ada) -> None:
    Objective.objects.create(slug="orders-writes", service="orders", title="Writes succeed", target="0.9")
    end = clock().replace(second=0, microsecond=0)
    begin = end - timedelta(hours=1)
    push("orders-writes", [Push("a", begin + timedelta(minutes=5), 60, 100), Push("b", begin - timedelta(hours=1), 900, 900)])
    client, sent = browser(ada), form(ada, slack_percent="10")

    def column() -> list[str]:
        text = client.get("/windows/meaning", sent).content.decode().split('aria-labelledby="h-budget"')[1].split("</table>")[0]
        return re.findall(r"<td[^>]*>([^<]*)</td>", text)

    assert column() == ["100", "− 40", "− 10", "50", "50 %"]
    Adjustment.objects.create(
        objective="orders-writes", window="MW-1", starts_at=begin, ends_at=end, policy="allow", slack=0.3, authority="Request 1.",
        is_example=True,
    )  # fmt: skip
    assert column() == ["100", "− 40", "+ 30", "− 10", "80", "80 %"], "what was agreed and left out stands between"


def test_the_panel_brings_the_acts_of_a_draft_only_where_the_page_has_a_place_for_them(ada) -> None:
    client, window = browser(ada), given.window(ada, starts_at=given.soon(48))
    for place in ("draft", "approved"):
        Window.objects.filter(pk=window.pk).update(status=place)
        page = client.get(f"/windows/{window.reference}/edit").content.decode()
        panel = re.search(r'id="meaning"[^>]*hx-get="([^"]+)"', page)
        typed = form(ada, draft=window.uid) | dict(parse_qsl(urlsplit(panel[1]).query))
        swapped = 'id="act-inside" hx-swap-oob' in client.get("/windows/meaning", typed).content.decode()
        assert swapped == ('id="act-inside"' in page) == (place == "draft"), place


def test_a_free_slot_is_used_without_scripts(ada) -> None:
    rival = given.window(ada, starts_at=given.soon(48), title="Rival")
    request_window(ada, rival.pk)
    client, sent = browser(ada), form(ada)
    page = client.post("/windows/new", sent | {"use_slot": given.soon(52).isoformat()})
    window = Window.objects.latest("pk")
    assert page["Location"] == f"/windows/{window.reference}/edit"
    assert window.starts_at == given.soon(52)


def test_an_hour_that_comes_twice_is_chosen_and_kept(ada) -> None:
    client = browser(ada)
    sent = form(ada, starts_at="2027-10-31T02:30", timezone="Europe/Berlin")
    told = client.post("/windows/saving", sent).content.decode()
    assert "happens twice" in told and 'hx-swap-oob="true"' in told and "the second" in told, "while one types, without a full load"
    client.post("/windows/saving", sent | {"fold": "1"})
    window = Window.objects.get()
    assert window.starts_at.isoformat() == "2027-10-31T01:30:00+00:00"
    page = client.get(f"/windows/{window.reference}/edit").content.decode()
    assert 'value="1" checked>the second' in page
    assert "comes twice" in page


def test_the_decision_aid_answers_by_its_own_address(ada) -> None:
    client = browser(ada)
    told = client.get("/windows/advice?change=data&safety=both&budget=left").content.decode()
    assert "A window is the right way." in told and "frozen writes" in told
    assert "2 questions to go" in client.get("/windows/advice?change=data").content.decode()
    assert "A window is the right way." in client.get("/windows/new?change=data&safety=both&budget=left").content.decode()
    assert client.get("/windows/advice?change=nonsense").status_code == 200


def test_the_panel_costs_the_same_however_much_there_is(ada) -> None:
    client, sent = browser(ada), form(ada)

    def cost(path: str, body: Any = None) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert (client.post if body else client.get)(path, body or sent).status_code == 200
        return len(seen)

    given.window(ada)
    before = cost("/windows/meaning")
    for n in range(5):
        given.service(f"s{n}")
        request_window(ada, given.window(ada, f"s{n}", starts_at=given.soon(n * 5)).pk)
    assert cost("/windows/meaning") == before
    assert before <= 36, before
    client.post("/windows/saving", sent)
    assert cost("/windows/saving", sent | {"version": "1", "title": "Again"}) <= 60
