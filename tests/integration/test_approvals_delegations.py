"""Signing in somebody's place: whose place is filled, who may not, when it ends."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tests import given_windows as given
from tests.callers import browser
from windows.access.roles import Role
from windows.approvals.commands import decide, request_window
from windows.approvals.commands.delegations import delegate, revoke_delegation
from windows.approvals.models import Approval, Delegation, Policy
from windows.approvals.queries import approval_view, standing, waiting_count
from windows.audit.clock import clock
from windows.audit.models import AuditEntry
from windows.catalogue.models import Membership
from windows.delivery.models import Message
from windows.errors import Conflict, Forbidden, Invalid, NotFound
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db
TWO = [{"role": "owner", "quorum": 1, "team": "owner"}, {"role": "sre", "quorum": 1, "team": "any"}]
TWO_OWNERS = [{"role": "owner", "quorum": 2, "team": "owner"}]
DAY = timedelta(days=1)


@pytest.fixture
def ada() -> Any:
    return given.actor("ada", ("shop", Role.MEMBER))


@pytest.fixture
def olga() -> Any:
    return given.actor("olga", ("shop", Role.OWNER))


@pytest.fixture
def sam() -> Any:
    return given.actor("sam", ("platform", Role.SRE))


@pytest.fixture
def dan() -> Any:
    return given.actor("dan", ("find", Role.MEMBER))


def lend(by: Any, to: str = "dan", **said: Any) -> Delegation:
    now = clock()
    return delegate(by, f"{to}@example.org", said.get("starts_at", now - DAY), said.get("ends_at", now + DAY), "On leave.")


def asked(by: Any, requires: Any = TWO, **more: Any) -> Window:
    Policy.objects.create(name="P", position=1, requires=requires, **more)
    return request_window(by, given.window(by).pk)


def test_a_delegate_fills_the_place_of_who_delegated(ada: Any, olga: Any, sam: Any, dan: Any) -> None:
    window = asked(ada, separate_executor=True)
    lend(olga)
    assert waiting_count(dan) == 1
    assert decide(dan, window.pk, "approved", "For her.").status == "requested"
    one = Approval.objects.get()
    assert (one.approver_id, one.on_behalf_of_id) == (dan.person_id, olga.person_id)
    (view,) = approval_view(window.pk, olga)
    assert view.missing == ("sre",) and view.signatures[0].name == "Dan for Olga" and not view.may_sign
    assert AuditEntry.objects.get(kind="window.signed").data["on_behalf_of"] == "Olga"
    with pytest.raises(Conflict):
        decide(olga, window.pk, "approved")
    decide(sam, window.pk, "approved")
    assert standing(window.pk).valid
    assert standing(window.pk, dan.person_id).fields == standing(window.pk, olga.person_id).fields == ("executor",)


def test_one_person_never_fills_two_places(ada: Any, olga: Any, sam: Any) -> None:
    """Sam signs once: in his own place or in Olga's, and she not again."""
    window = asked(ada)
    lend(olga, "sam")
    decide(sam, window.pk, "approved", on_behalf_of=olga.person_id)
    with pytest.raises(Conflict):
        decide(sam, window.pk, "approved")
    with pytest.raises(IntegrityError, match="one_place_each_person"), transaction.atomic():
        Approval.objects.create(
            request_id=Approval.objects.get().request_id, approver_id=olga.person_id, requester_id=ada.person_id, decision="approved"
        )
    assert Window.objects.get().status == "requested"


def test_the_owner_signs_and_the_delegate_finds_the_place_filled(ada: Any, olga: Any, dan: Any) -> None:
    window = asked(ada, TWO_OWNERS)
    lend(olga)
    decide(olga, window.pk, "approved")
    assert waiting_count(dan) == 0
    with pytest.raises(Forbidden):
        decide(dan, window.pk, "approved")


def test_neither_their_own_nor_the_delegators_own_request(olga: Any, dan: Any, ada: Any) -> None:
    window = asked(olga)
    lend(olga)
    assert waiting_count(dan) == 0
    for on_behalf_of in (None, olga.person_id):
        with pytest.raises(Forbidden):
            decide(dan, window.pk, "approved", on_behalf_of=on_behalf_of)
    owner = given.actor("omar", ("shop", Role.OWNER))
    lend(owner, "ada")
    mine = request_window(ada, given.window(ada, "mine").pk)
    with pytest.raises(Forbidden):
        decide(ada, mine.pk, "approved", on_behalf_of=owner.person_id)
    assert not Approval.objects.exists()


@pytest.mark.parametrize("how", ["ended", "to come", "revoked", "role lost", "closed"])
def test_it_ends_by_itself_and_by_hand(how: str, ada: Any, olga: Any, dan: Any) -> None:
    window, now = asked(ada), clock()
    row = lend(olga)
    if how == "ended":
        Delegation.objects.update(starts_at=now - 2 * DAY, ends_at=now)
    elif how == "to come":
        Delegation.objects.update(starts_at=now + DAY, ends_at=now + 2 * DAY)
    elif how == "revoked":
        revoke_delegation(dan, row.pk)
        with pytest.raises(Conflict):
            revoke_delegation(olga, row.pk)
    elif how == "role lost":
        Membership.objects.filter(person=olga.person_id).delete()
    else:
        row.delegator.is_active = False
        row.delegator.save()
    assert waiting_count(dan) == 0
    with pytest.raises(Forbidden):
        decide(dan, window.pk, "approved")


def test_what_cannot_be_delegated(olga: Any, dan: Any) -> None:
    now = clock()
    given.person("vic", ("shop", Role.VIEWER))
    for who, begins, ends, field in [
        ("olga@example.org", now, now + DAY, "delegate"),
        ("nobody@example.org", now, now + DAY, "delegate"),
        ("vic@example.org", now, now + DAY, "delegate"),
        ("dan@example.org", now + DAY, now + DAY, "ends_at"),
        ("dan@example.org", now - 2 * DAY, now - DAY, "ends_at"),
        ("dan@example.org", now, now + 93 * DAY, "ends_at"),
        ("dan@example.org", now + 400 * DAY, now + 401 * DAY, "starts_at"),
    ]:
        with pytest.raises(Invalid) as refused:
            delegate(olga, who, begins, ends)
        assert refused.value.field == field
    with pytest.raises(Forbidden):
        delegate(given.actor("vic"), "dan@example.org", now, now + DAY)
    with pytest.raises(NotFound):
        revoke_delegation(given.actor("eve"), lend(olga).pk)
    for wrong in ({"delegate_id": olga.person_id, "ends_at": now + DAY}, {"delegate_id": dan.person_id, "ends_at": now}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Delegation.objects.create(delegator_id=olga.person_id, starts_at=now, **wrong)
    assert Message.objects.get().recipient == "dan@example.org" and AuditEntry.objects.filter(kind="delegation.given").count() == 1


def test_the_page_delegates_and_ends_it(ada: Any, olga: Any, sam: Any) -> None:
    client, ends = browser(olga), clock() + DAY
    given_ = {"delegate": "sam@example.org", "starts_at": "2026-01-01T00:00", "ends_at": "tomorrow", "reason": ""}
    assert "Write a date and a time." in client.post("/settings/delegations/", given_).content.decode()
    given_ |= {"starts_at": f"{clock() - DAY:%Y-%m-%dT%H:%M}", "ends_at": f"{ends:%Y-%m-%dT%H:%M}"}
    assert client.post("/settings/delegations/", given_).status_code == 302
    assert "You for Olga" in browser(sam).get("/settings/delegations/").content.decode()
    window = asked(ada)
    page = browser(sam).get(f"/windows/{window.reference}/approve").content.decode()
    assert "In my own place" in page and "In the place of Olga" in page
    browser(sam).post(f"/windows/{window.reference}/approve", {"reason": "", "choice": str(olga.person_id)})
    assert Approval.objects.get().on_behalf_of_id == olga.person_id
    assert client.post(f"/settings/delegations/{Delegation.objects.get().pk}/end", {}).status_code == 302
    assert Delegation.objects.get().revoked_at is not None
