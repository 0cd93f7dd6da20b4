"""A window by the key of a program: made once, changed or left alone, tried without a trace."""

from __future__ import annotations

from typing import Any

import pytest

from tests import given_windows as given
from tests.callers import Caller, caller
from windows.access.roles import Actor, Role
from windows.approvals.commands import decide
from windows.approvals.models import ApprovalRequest, Policy
from windows.audit.models import AuditEntry
from windows.delivery.models import Message
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db
OWNER = {"role": "owner", "quorum": 1, "team": "owner"}


@pytest.fixture
def ada() -> Actor:
    given.service("orders")
    Policy.objects.create(name="Owner", position=1, requires=[OWNER])
    return given.actor("ada", ("shop", Role.MEMBER))


@pytest.fixture
def pipeline(ada: Actor) -> Caller:
    return caller(ada)


def said(ada: Actor, **more: Any) -> dict[str, Any]:
    asked = {
        "title": "Migrate", "reason": "Why not", "team": "shop", "owner_id": ada.person_id, "coordinator_id": ada.person_id,
        "starts_at": given.soon(48).isoformat(), "ends_at": given.soon(49).isoformat(),
        "scope": [{"service": "orders", "environment": "production", "layers": ["L5"]}],
    }  # fmt: skip
    return asked | more


def put(pipeline: Caller, body: dict[str, Any], ref: str = "ci/42", **headers: str) -> Any:
    return pipeline.send("PUT", f"/windows/by-ref/{ref}", body, **headers)


def test_the_same_again_changes_nothing_and_another_changes_it(pipeline: Caller, ada: Actor) -> None:
    made = put(pipeline, said(ada))
    assert made.status_code == 201 and made.json()["external_ref"] == "ci/42" and made.json()["status"] == "draft"
    entries = AuditEntry.objects.count()
    again = put(pipeline, said(ada))
    assert again.status_code == 200 and again.json()["version"] == made.json()["version"] and AuditEntry.objects.count() == entries
    changed = put(pipeline, said(ada, title="Migrate the orders"))
    assert changed.json()["reference"] == made.json()["reference"] and changed.json()["title"] == "Migrate the orders"
    assert Window.objects.count() == 1 and pipeline.get("/windows/by-ref/ci/42").json()["title"] == "Migrate the orders"
    assert put(pipeline, said(ada), If_Match='"1"').status_code == 412
    assert pipeline.get("/windows/by-ref/other").status_code == 404


def test_n05_a_change_of_substance_makes_approvals_lapse_as_in_the_browser(pipeline: Caller, ada: Actor) -> None:
    olga = given.actor("olga", ("shop", Role.OWNER))
    made = put(pipeline, said(ada, request=True)).json()
    assert made["status"] == "requested"
    decide(olga, made["id"], "approved")
    assert put(pipeline, said(ada, title="Other words")).json()["status"] == "approved"
    assert put(pipeline, said(ada, mode="offline")).json()["status"] == "requested"
    assert list(ApprovalRequest.objects.order_by("number").values_list("status", flat=True)) == ["lapsed", "open"]
    Window.objects.update(status="cancelled")
    refused = put(pipeline, said(ada))
    assert refused.status_code == 409 and refused.json()["field"] == "status"


def test_what_is_not_for_ones_eyes_is_taken_all_the_same(pipeline: Caller, ada: Actor) -> None:
    put(pipeline, said(ada, confidential=True))
    eve = given.actor("eve", ("post", Role.MEMBER))
    refused = put(caller(eve), said(eve, team="post"))
    assert refused.status_code == 409 and refused.json()["field"] == "external_ref" and "MW-" not in refused.content.decode()
    assert caller(eve).get("/windows/by-ref/ci/42").status_code == 404
    assert put(caller(given.actor("vic", ("shop", Role.VIEWER))), said(ada)).status_code == 403


def test_a_try_says_what_would_be_and_leaves_nothing(pipeline: Caller, ada: Actor) -> None:
    tried = put(pipeline, said(ada, validate_only=True))
    assert tried.status_code == 200, tried.content
    assert tried.json() == {
        "reference": "", "would": "create", "may_request": True, "field": "", "refused": "", "conflicts": [], "policy": "Owner",
        "requires": ["owner of shop"], "lapses": [],
    }  # fmt: skip
    assert pipeline.post("/windows-validate", said(ada)).json()["would"] == "create"
    assert pipeline.post("/windows-validate", said(ada, ends_at=given.soon(47).isoformat())).status_code == 422
    assert (
        not Window.objects.exists() and not AuditEntry.objects.filter(kind__startswith="window.").exists() and not Message.objects.exists()
    )


def test_a_try_names_what_stands_in_the_way_and_what_would_lapse(pipeline: Caller, ada: Actor) -> None:
    put(pipeline, said(ada, request=True))
    tried = pipeline.post("/windows-validate", said(ada)).json()
    assert not tried["may_request"] and tried["field"] == "scope" and [one["severity"] for one in tried["conflicts"]] == ["hard", "soft"]
    version = Window.objects.get().version
    tried = put(pipeline, said(ada, mode="offline", validate_only=True)).json()
    assert (tried["would"], [one["field"] for one in tried["lapses"]]) == ("change", ["mode"]) and tried["may_request"]
    assert put(pipeline, said(ada, validate_only=True)).json()["would"] == "nothing"
    window = Window.objects.get()
    assert (window.version, window.mode, window.requests.get().status) == (version, "degraded", "open")
