"""Requests, signatures, lapses: who may, what counts, what a change does."""

import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from slo.objectives.commands import Definition, define
from slo.telemetry.commands import push
from slo.telemetry.readings import Push
from tests import given_windows as given
from windows.access.roles import Role
from windows.approvals.commands import (
    amend_window,
    claim_start,
    decide,
    delete_policy,
    expire_requests,
    request_window,
    save_policy,
    withdraw,
)
from windows.approvals.commands.expiry import end_left_open
from windows.approvals.commands.policies import PolicyDraft
from windows.approvals.models import Approval, ApprovalRequest, Policy
from windows.approvals.queries import approval_view, awaiting, standing
from windows.approvals.tasks import sweep
from windows.audit.models import AuditEntry
from windows.catalogue.models import Membership, Person, Service
from windows.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from windows.runbooks.commands import upload_runbook
from windows.scheduling.commands.drafts import cancel_window, edit_draft
from windows.scheduling.commands.editing import ScopeRow
from windows.scheduling.commands.freezes import FreezeDraft, create_freeze
from windows.scheduling.models import Window, WindowScope

pytestmark = pytest.mark.django_db
TWO = [{"role": "owner", "quorum": 1, "team": "owner"}, {"role": "sre", "quorum": 1, "team": "any"}]


@pytest.fixture
def ada() -> Any:
    return given.actor("ada", ("shop", Role.MEMBER))


@pytest.fixture
def olga() -> Any:
    return given.actor("olga", ("shop", Role.OWNER))


@pytest.fixture
def sam() -> Any:
    return given.actor("sam", ("platform", Role.SRE))


def policy(requires: Any = TWO, **more: Any) -> Policy:
    position = Policy.objects.count()
    return Policy.objects.create(name=more.pop("name", f"p{position}"), position=position, requires=requires, **more)


@pytest.fixture
def asked(ada: Any, olga: Any, sam: Any) -> Window:
    policy()
    window = given.window(ada)
    return request_window(ada, window.pk)


@pytest.fixture
def approved(asked: Window, olga: Any, sam: Any) -> Window:
    decide(olga, asked.pk, "approved")
    return decide(sam, asked.pk, "approved")


def test_the_last_missing_signature_approves(asked: Window, olga: Any, sam: Any) -> None:
    assert asked.status == "requested"
    assert [entry.reference for entry in awaiting(olga)] == [asked.reference]
    assert decide(olga, asked.pk, "approved", "Fine.").status == "requested"
    (view,) = approval_view(asked.pk, sam)
    assert (view.status, view.missing, view.may_sign) == ("open", ("sre",), True)
    assert [(s.name, s.roles, s.counts) for s in view.signatures] == [("Olga", ("owner of shop",), True)]
    window = decide(sam, asked.pk, "approved")
    assert window.status == "approved" and standing(window.pk).valid
    assert awaiting(olga) == [] and standing(window.pk).approvers == (olga.person_id, sam.person_id)
    assert list(AuditEntry.objects.order_by("id").values_list("kind", flat=True)) == [
        "window.created", "window.requested", "window.signed", "window.approved"
    ]  # fmt: skip
    assert (window.sequence, b"STATUS:CONFIRMED" in bytes(window.vevent)) == (2, True)


def test_one_no_rejects_and_needs_a_reason(asked: Window, olga: Any) -> None:
    with pytest.raises(Invalid) as refused:
        decide(olga, asked.pk, "rejected")
    assert refused.value.field == "reason"
    with pytest.raises(Invalid):
        decide(olga, asked.pk, "maybe")
    assert decide(olga, asked.pk, "rejected", "Too risky.").status == "rejected"
    assert ApprovalRequest.objects.get().status == "rejected" and not WindowScope.objects.filter(holds_slot=True).exists()
    with pytest.raises(Conflict):
        decide(olga, asked.pk, "approved")


def test_nobody_signs_twice(asked: Window, olga: Any) -> None:
    decide(olga, asked.pk, "approved")
    with pytest.raises(Conflict) as refused:
        decide(olga, asked.pk, "approved")
    assert refused.value.field == "approver"


def test_withdrawing_frees_the_slot(asked: Window, ada: Any) -> None:
    assert withdraw(ada, asked.pk).status == "draft"
    assert ApprovalRequest.objects.get().status == "withdrawn" and not WindowScope.objects.get().holds_slot
    assert request_window(ada, asked.pk).status == "requested" and ApprovalRequest.objects.count() == 2


def cast() -> dict[str, Any]:
    """The people of the matrix: each a way to be, or not to be, the second pair of eyes."""
    return {
        "creator": given.actor("creator", ("shop", Role.MEMBER), ("shop", Role.OWNER), ("shop", Role.SRE)),
        "editor": given.actor("editor", ("shop", Role.OWNER), ("shop", Role.SRE)),
        "requester": given.actor("requester", ("shop", Role.OWNER), ("shop", Role.SRE)),
        "late": given.actor("late", ("other", Role.MEMBER)),
        "elsewhere": given.actor("elsewhere", ("other", Role.OWNER)),
        "member": given.actor("member", ("shop", Role.MEMBER)),
        "administrator": given.actor("root", administrator=True),
        "disabled": given.actor("gone", ("shop", Role.OWNER), ("shop", Role.SRE)),
    }


REQUIREMENTS = {
    "owner": [{"role": "owner", "quorum": 1, "team": "owner"}],
    "sre": [{"role": "sre", "quorum": 1, "team": "any"}],
    "both": TWO,
}


@pytest.mark.parametrize("requirement", REQUIREMENTS)
@pytest.mark.parametrize("who", ["creator", "editor", "requester", "late", "elsewhere", "member", "administrator", "disabled"])
def test_r_e08_forbidden_approvals(who: str, requirement: str) -> None:
    """24 cases: 8 people × 3 policies, none of whom may sign; and nothing is left behind."""
    people = cast()
    policy(REQUIREMENTS[requirement])
    window = given.window(people["creator"])
    edit_draft(people["editor"], window.pk, {"title": "Edited"}, 1)
    request_window(people["requester"], window.pk)
    late = Person.objects.get(pk=people["late"].person_id)
    for role in (Role.OWNER, Role.SRE):
        Membership.objects.create(team=given.team("shop"), person=late, role=role.value)
    people["late"] = given.actor("late")
    Person.objects.filter(pk=people["disabled"].person_id).update(is_active=False)
    with pytest.raises(Forbidden):
        decide(people[who], window.pk, "approved")
    assert Window.objects.get().status == "requested" and not Approval.objects.exists()
    assert awaiting(people[who]) == []


def test_r_e08_one_person_under_two_roles_counts_once(ada: Any) -> None:
    both = given.actor("both", ("shop", Role.OWNER), ("shop", Role.SRE))
    policy()
    window = request_window(ada, given.window(ada).pk)
    assert decide(both, window.pk, "approved").status == "requested"
    assert approval_view(window.pk, ada)[0].missing in (("sre",), ("owner of shop",))


def test_r_e08_the_database_refuses_self_approval(asked: Window, ada: Any) -> None:
    request = ApprovalRequest.objects.get()
    with pytest.raises(IntegrityError, match="nobody_approves_their_own"), transaction.atomic():
        Approval.objects.create(request=request, approver_id=ada.person_id, requester_id=ada.person_id, decision="approved")


def test_r_e08_who_approved_may_not_start_where_the_policy_parts_them(ada: Any, olga: Any) -> None:
    policy(REQUIREMENTS["owner"], separate_executor=True)
    window = request_window(ada, given.window(ada).pk)
    decide(olga, window.pk, "approved")
    assert standing(window.pk).valid and standing(window.pk, ada.person_id).valid
    assert standing(window.pk, olga.person_id).fields == ("executor",)
    with pytest.raises(Conflict) as refused, transaction.atomic():
        claim_start(window.pk, olga.person_id)
    assert refused.value.field == "executor"


def test_n05_a_material_change_lapses_both_approvals_and_names_the_fields(approved: Window, ada: Any, olga: Any, sam: Any) -> None:
    later = approved.starts_at + timedelta(minutes=30)
    amended = amend_window(ada, approved.pk, {"starts_at": later}, approved.version)
    assert (amended.status, amended.sequence, amended.version) == ("requested", approved.sequence + 1, approved.version + 1)
    newest, lapsed = approval_view(approved.pk, ada)
    assert (newest.status, newest.number, newest.signatures) == ("open", 2, ())
    assert lapsed.status == "lapsed" and [change["field"] for change in lapsed.lapsed_because] == ["starts_at"]
    told = AuditEntry.objects.get(kind="window.amended").data
    assert told["approvals"] == "lapsed" and [one["name"] for one in told["approvers"]] == ["Olga", "Sam"]
    assert standing(approved.pk).fields == ("starts_at", "status")
    with pytest.raises(Conflict) as refused, transaction.atomic():
        claim_start(approved.pk)
    assert refused.value.field == "starts_at"
    decide(olga, approved.pk, "approved")
    assert decide(sam, approved.pk, "approved").status == "approved" and standing(approved.pk).valid
    assert WindowScope.objects.get().reserved.lower == later and WindowScope.objects.get().holds_slot


def test_n05_scope_runbook_and_parameters_are_material(approved: Window, ada: Any) -> None:
    given.service("search")
    changes = {"scope": (ScopeRow("orders", "production"), ScopeRow("search", "production")), "parameters": {"batch": 2}, "title": "Other"}
    amend_window(ada, approved.pk, changes, approved.version)
    lapsed = approval_view(approved.pk, ada)[1]
    assert [change["field"] for change in lapsed.lapsed_because] == ["parameters.batch", "scope"]
    assert WindowScope.objects.filter(holds_slot=True).count() == 2


def test_n05_only_the_title_changes_and_approvals_stay(approved: Window, ada: Any) -> None:
    amended = amend_window(ada, approved.pk, {"title": "Better words", "reason": "Clearer."}, approved.version)
    assert amended.status == "approved" and standing(amended.pk).valid
    told = AuditEntry.objects.get(kind="window.amended").data
    assert told["approvals"] == "stay" and [one["email"] for one in told["approvers"]] == ["olga@example.org", "sam@example.org"]
    assert WindowScope.objects.get().holds_slot and amended.sequence == approved.sequence + 1


def test_n05_an_approver_who_mends_the_title_stays_an_approver(approved: Window, olga: Any) -> None:
    amend_window(olga, approved.pk, {"title": "Better words"}, approved.version)
    assert standing(approved.pk).valid


def test_an_amendment_into_a_taken_slot_changes_nothing(approved: Window, ada: Any) -> None:
    rival = given.window(ada, starts_at=approved.starts_at + timedelta(hours=3))
    request_window(ada, rival.pk)
    moved = {"starts_at": rival.starts_at, "ends_at": rival.ends_at}
    with pytest.raises(Conflict) as refused:
        amend_window(ada, approved.pk, moved, approved.version)
    assert refused.value.rival == rival.reference
    assert standing(approved.pk).valid and WindowScope.objects.get(window=approved).holds_slot
    with pytest.raises(Stale):
        amend_window(ada, approved.pk, {"title": "x"}, 1)


EDITS = {
    "the period by SQL": lambda w: Window.objects.filter(pk=w.pk).update(ends_at=w.ends_at + timedelta(hours=1)),
    "the mode by the ORM": lambda w: setattr(w, "mode", "offline") or w.save(),
    "a parameter": lambda w: Window.objects.filter(pk=w.pk).update(parameters={"x": 1}),
    "the slack": lambda w: Window.objects.filter(pk=w.pk).update(slack=0.5),
    "a scope row added": lambda w: WindowScope.objects.create(
        window=w, service=given.service("mail"), environment="production", region="r1", layer="L1", reserved=(w.starts_at, w.ends_at)
    ),
    "a scope row moved": lambda w: WindowScope.objects.filter(window=w).update(region="r2"),
    "a scope row gone": lambda w: WindowScope.objects.filter(window=w).delete(),
    "the service's tier": lambda w: Service.objects.filter(slug="orders").update(tier=1),
    "the service's team": lambda w: Service.objects.filter(slug="orders").update(team=given.team("other")),
    "the change type": lambda w: Window.objects.filter(pk=w.pk).update(change_type="standard"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_r_e09_an_edit_by_any_way_ends_the_standing(approved: Window, edit: str) -> None:
    assert standing(approved.pk).valid
    EDITS[edit](approved)
    found = standing(approved.pk)
    assert not found.valid and found.fields and "was" in found.reasons[0]
    with pytest.raises(Conflict), transaction.atomic():
        claim_start(approved.pk)


@pytest.mark.parametrize("loss", ["disabled", "role", "deleted membership"])
def test_r_e10_an_approver_who_is_gone_does_not_count(approved: Window, sam: Any, loss: str) -> None:
    if loss == "disabled":
        Person.objects.filter(pk=sam.person_id).update(is_active=False)
    elif loss == "role":
        Membership.objects.filter(person=sam.person_id).update(role="member")
    else:
        Membership.objects.filter(person=sam.person_id).delete()
    assert standing(approved.pk).reasons == ("A signature no longer counts: sre is missing.",)
    with pytest.raises(Conflict) as refused, transaction.atomic():
        claim_start(approved.pk)
    assert refused.value.field == "approval"


def test_conflicts_refuse_or_ask_for_a_reason(asked: Window, ada: Any, olga: Any) -> None:
    rival = given.window(ada)
    with pytest.raises(Conflict) as refused:
        request_window(ada, rival.pk)
    assert (refused.value.field, refused.value.rival) == ("scope", asked.reference)
    given.service("web")
    given.needs("web", "orders")
    soft = given.window(ada, "web", coordinator_id=olga.person_id)
    with pytest.raises(Conflict) as refused:
        request_window(ada, soft.pk)
    assert refused.value.field == "reason" and "needs orders" in refused.value.detail
    request_window(ada, soft.pk, reason="Both teams sit in one room.")
    request = ApprovalRequest.objects.get(window=soft)
    assert request.conflict_reason == "Both teams sit in one room." and request.conflicts[0]["who"] == asked.reference


def test_amending_into_a_soft_conflict_takes_a_reason(asked: Window, ada: Any, olga: Any) -> None:
    given.service("web")
    given.needs("web", "orders")
    apart = request_window(ada, given.window(ada, "web", coordinator_id=olga.person_id, starts_at=asked.ends_at).pk)
    moved = {"starts_at": asked.starts_at}
    with pytest.raises(Conflict) as refused:
        amend_window(ada, apart.pk, moved, apart.version)
    assert refused.value.field == "reason"
    assert amend_window(ada, apart.pk, moved, apart.version, reason="Both teams sit in one room.").starts_at == asked.starts_at


def test_a_confidential_rival_is_named_to_who_may_see_it_and_never_written_down(ada: Any, olga: Any) -> None:
    secret = request_window(ada, given.window(ada, confidential=True).pk)
    given.service("web")
    given.needs("web", "orders")
    near = given.window(olga, "web")
    with pytest.raises(Conflict) as refused:
        request_window(olga, near.pk)
    assert refused.value.rival == secret.reference
    request_window(olga, near.pk, reason="Both teams sit in one room.")
    written = (
        ApprovalRequest.objects.get(window=near).conflicts,
        AuditEntry.objects.get(kind="window.requested", window=near.reference).data,
    )
    assert written[0][0]["who"] == "a confidential window"
    assert secret.reference not in str(written)


def test_n06_a_freeze_is_met_at_request_and_at_approval(asked: Window, ada: Any, olga: Any, sam: Any) -> None:
    decide(olga, asked.pk, "approved")
    peak = FreezeDraft(title="Peak", starts_at=asked.starts_at, ends_at=asked.ends_at)
    create_freeze(sam, peak)
    with pytest.raises(Conflict) as refused:
        decide(sam, asked.pk, "approved")
    assert (refused.value.field, refused.value.rival) == ("freeze", "Peak")
    assert Window.objects.get().status == "requested" and Approval.objects.count() == 1
    withdraw(ada, asked.pk)
    with pytest.raises(Conflict):
        request_window(ada, asked.pk)


def test_a_preauthorised_standard_change_is_approved_at_once(ada: Any) -> None:
    policy([], match={"change_type": ["standard"]}, name="Routine")
    window = given.window(ada, change_type="standard")
    given.template(given.actor("tess", ("shop", Role.OWNER)))
    window = request_window(ada, window.pk)
    assert window.status == "approved" and standing(window.pk).valid
    assert AuditEntry.objects.get(kind="window.approved").actor == "Policy “Routine”"


@pytest.mark.parametrize(
    ("good", "slack", "status"), [(9999, 0.0, "approved"), (9999, 0.995, "requested"), (9910, 0.0, "requested"), (None, 0.0, "requested")]
)
def test_a_preauthorised_change_needs_error_budget(ada: Any, good: int | None, slack: float, status: str) -> None:
    """Target 99 % of 10,000 events allows 100 bad ones: 1, or 90 of them spent; no events is not enough."""
    policy([], match={"change_type": ["standard"]}, name="Routine")
    window = given.window(ada, change_type="standard", slack=slack)
    given.template(given.actor("tess", ("shop", Role.OWNER)))
    define(Definition(slug="orders-writes", service="orders", title="Writes", target=Decimal("0.99")))
    if good is not None:
        push("orders-writes", [Push("first", datetime.now(UTC) - timedelta(hours=1), good, 10_000)])
    window = request_window(ada, window.pk)
    assert window.status == status
    if status == "requested":
        assert "error budget is not enough" in approval_view(window.pk, ada)[0].policy


RUNBOOK = """
runbook: orders-batch
title: Orders batch
layers: [L3]
parameters:
  batch: {type: integer, minimum: 1}
steps:
  - name: Wait
    wait: {duration: 1s}
    timeout: 5s
    undo: none
    because: Nothing was changed.
"""


@pytest.mark.parametrize(
    ("parameters", "accepted"), [({"batch": 3}, True), ({}, False), ({"batch": 0}, False), ({"batch": 1, "x": 1}, False)]
)
def test_parameters_must_fit_the_runbook_when_approval_is_asked_for(
    ada: Any, olga: Any, parameters: dict[str, Any], accepted: bool
) -> None:
    version = upload_runbook(olga, "orders-batch", RUNBOOK, team="shop")
    window = given.window(ada, runbook_version_id=version.pk, parameters=parameters)
    if accepted:
        assert request_window(ada, window.pk).status == "requested"
        assert ApprovalRequest.objects.get().material["runbook"] == version.digest
    else:
        with pytest.raises(Invalid) as refused:
            request_window(ada, window.pk)
        assert refused.value.field.startswith("parameters.")


def test_a_cancelled_window_waits_for_nobody(asked: Window, ada: Any, olga: Any) -> None:
    cancel_window(ada, asked.pk, "Not needed.")
    assert awaiting(olga) == [] and approval_view(asked.pk, ada)[0].status == "cancelled"


def test_the_tick_expires(asked: Window) -> None:
    sweep()
    assert Window.objects.get().status == "requested"
    start = datetime.now(UTC) - timedelta(minutes=1)
    Window.objects.update(starts_at=start)
    sweep()
    assert Window.objects.get().status == "expired"


def test_each_affected_team_signs_for_itself(ada: Any, olga: Any) -> None:
    given.service("orders")
    given.service("bank", "finance")
    given.service("vault", "finance")
    policy([{"role": "owner", "quorum": 1, "team": "affected"}])
    scope = tuple(ScopeRow(slug, "production") for slug in ("orders", "bank", "vault"))
    window = request_window(ada, given.window(ada, scope=scope).pk)
    fin, other = given.actor("fin", ("finance", Role.MEMBER)), given.actor("other", ("other", Role.OWNER))
    assert approval_view(window.pk, ada)[0].requires == ("owner of finance", "owner of shop")
    for stranger in (fin, other):
        with pytest.raises(Forbidden):
            decide(stranger, window.pk, "approved")
    withdraw(ada, window.pk)
    boss = given.actor("boss", ("finance", Role.OWNER))
    request_window(ada, window.pk)
    assert [one.reference for one in awaiting(boss)] == [window.reference]
    assert decide(boss, window.pk, "approved").status == "requested"
    assert decide(olga, window.pk, "approved").status == "approved"


def test_a_token_signs_only_with_its_scope(asked: Window, olga: Any) -> None:
    for scopes in (frozenset({"read", "request"}), frozenset[str]()):
        with pytest.raises(Forbidden, match="scope"):
            decide(replace(olga, scopes=scopes), asked.pk, "approved")
    assert decide(replace(olga, scopes=frozenset({"approve"})), asked.pk, "approved").status == "requested"


def test_r_s30_a_judgement_that_breaks_lets_nothing_begin(approved: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("broken")

    for name in ("materials_of", "signatures_of", "empty_places"):
        with monkeypatch.context() as patch:
            patch.setattr(sys.modules["windows.approvals.queries.standing"], name, broken)
            with pytest.raises(RuntimeError), transaction.atomic():
                claim_start(approved.pk)
    assert Window.objects.get().status == "approved"


def test_without_any_policy_the_owner_signs(ada: Any, olga: Any) -> None:
    window = request_window(ada, given.window(ada).pk)
    assert approval_view(window.pk, ada)[0].requires == ("owner of shop",)
    assert decide(olga, window.pk, "approved").status == "approved"


def test_requests_expire_at_their_start(asked: Window) -> None:
    assert expire_requests() == []
    assert expire_requests(asked.starts_at) == [asked.reference]
    assert (Window.objects.get().status, ApprovalRequest.objects.get().status) == ("expired", "expired")
    assert expire_requests(asked.starts_at) == []


def test_a_request_left_open_ends_with_its_window_and_the_trail_says_so(asked: Window) -> None:
    Window.objects.filter(pk=asked.pk).update(status="cancelled")
    assert end_left_open() == 1 and end_left_open() == 0
    assert ApprovalRequest.objects.get().status == "withdrawn"
    (entry,) = AuditEntry.objects.filter(kind="window.request_ended")
    assert (entry.window, entry.data["request"]) == (asked.reference, 1)


def test_only_administrators_write_policies(ada: Any, sam: Any) -> None:
    root = given.actor("root", administrator=True)
    draft = PolicyDraft(name="Tier 1", position=1, match={"tier": [1]}, requires=TWO)
    with pytest.raises(Forbidden):
        save_policy(sam, draft)
    saved = save_policy(root, draft)
    save_policy(root, PolicyDraft(name="Tier 1", position=2, is_enabled=False), policy_id=saved.pk)
    assert AuditEntry.objects.get(kind="policy.edited").data["before"]["requires"] == TWO
    with pytest.raises(Conflict):
        save_policy(root, draft)
    delete_policy(root, saved.pk)
    assert not Policy.objects.exists()
    with pytest.raises(NotFound):
        delete_policy(root, saved.pk)


def test_a_confidential_window_is_not_there_for_a_stranger(ada: Any) -> None:
    window = request_window(ada, given.window(ada, confidential=True).pk)
    stranger = given.actor("eve", ("other", Role.OWNER))
    for asked_for in (lambda: decide(stranger, window.pk, "approved"), lambda: approval_view(window.pk, stranger)):
        with pytest.raises(NotFound):
            asked_for()
