"""Those who must sign are told, once a step; the address in their mail decides once; turns are kept; delegations over REST."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client

from tests import given_windows as given
from tests.callers import browser, caller
from windows.access.roles import Role
from windows.approvals.commands import amend_window, decide, request_window
from windows.approvals.commands.delegations import delegate
from windows.approvals.commands.reminders import tell_approvers
from windows.approvals.models import Approval, Policy, Reminder, SigningLink
from windows.approvals.queries import approval_view, waiting_count
from windows.approvals.reminding import Step, moments
from windows.audit.clock import clock
from windows.audit.models import AuditEntry
from windows.delivery.commands.outbox import send_due, take_out_secrets
from windows.delivery.models import Message
from windows.errors import Conflict
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db
OWNER, SRE = {"role": "owner", "quorum": 1, "team": "owner"}, {"role": "sre", "quorum": 1, "team": "any"}
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


def asked(ada: Any, *requires: dict[str, Any], **said: Any) -> Window:
    Policy.objects.get_or_create(name="P", position=1, requires=list(requires or (OWNER,)))
    return request_window(ada, given.window(ada, **said).pk)


def told() -> list[tuple[str, str]]:
    return list(Message.objects.order_by("recipient", "id").values_list("recipient", "title"))


def link_to(who: str) -> str:
    body = Message.objects.filter(recipient=f"{who}@example.org").latest("id").body
    found = re.search(r"(/approvals/by-mail/\S+)", body)
    assert found, body
    return found[1]


def test_each_step_is_said_once_and_the_last_goes_to_the_next_in_line(
    ada: Any, olga: Any, sam: Any, django_assert_num_queries: Any
) -> None:
    window = asked(ada)
    delegate(olga, given.person("dan", ("find", Role.MEMBER)).email, clock() - DAY, clock() + DAY)
    Message.objects.all().delete()
    assert tell_approvers() == 1
    title = f"{window.reference} waits for your approval"
    assert told() == [("dan@example.org", title), ("olga@example.org", title)]
    with django_assert_num_queries(3):
        assert tell_approvers() == 0
    when = moments(window.requests.get().requested_at, window.starts_at)
    assert tell_approvers(when[Step.REMINDED]) == 1
    assert tell_approvers(when[Step.ESCALATED]) == 1
    assert tell_approvers(window.starts_at) == 0
    last = [who for who, title in told() if "will expire" in title]
    assert last == ["ada@example.org", "dan@example.org", "olga@example.org", "sam@example.org"]
    assert "by-mail" not in Message.objects.get(recipient="sam@example.org").body, "who cannot sign gets no address that signs"
    steps = [entry.data["step"] for entry in AuditEntry.objects.filter(kind="window.approvers_told").order_by("id")]
    assert steps == list(Step)
    with pytest.raises(IntegrityError), transaction.atomic():
        Reminder.objects.create(request=window.requests.get(), step="asked")


def test_whoever_signed_is_left_in_peace(ada: Any, olga: Any, sam: Any) -> None:
    window = asked(ada, OWNER, SRE)
    decide(olga, window.pk, "approved")
    tell_approvers()
    assert [who for who, _ in told()] == ["sam@example.org"]
    decide(sam, window.pk, "approved")
    assert tell_approvers(window.starts_at) == 0


def test_the_address_in_the_mail_decides_once_and_looking_changes_nothing(ada: Any, olga: Any) -> None:
    window = asked(ada)
    tell_approvers()
    path, stranger = link_to("olga"), Client(raise_request_exception=False)
    for method in (stranger.get, stranger.head, stranger.get):
        seen = method(path)
        assert seen.status_code == 200 and seen["Referrer-Policy"] == "no-referrer" and "no-store" in seen["Cache-Control"]
    assert "You decide as <b>Olga</b>" in stranger.get(path).content.decode()
    assert not Approval.objects.exists() and SigningLink.objects.get().used_at is None
    assert stranger.post(path, {"decision": "rejected"}).status_code == 422, "a rejection needs its reason"
    assert Client(enforce_csrf_checks=True, raise_request_exception=False).post(path, {"decision": "approved"}).status_code == 403
    done = stranger.post(path, {"decision": "approved", "reason": "Go."})
    assert done.status_code == 200 and "the window is approved" in done.content.decode()
    window.refresh_from_db()
    assert window.status == "approved"
    entry = AuditEntry.objects.get(kind="window.approved")
    assert (entry.actor, entry.via) == ("Olga", "mail link")
    assert stranger.get(path).status_code == 409 and stranger.post(path, {"decision": "approved"}).status_code == 409
    assert Approval.objects.count() == 1
    assert path.rsplit("/", 1)[1] not in str(list(SigningLink.objects.values())), "only its hash is kept"


def test_n05_the_address_is_for_what_was_asked_and_for_nothing_else(ada: Any, olga: Any) -> None:
    window = asked(ada)
    tell_approvers()
    path, stranger = link_to("olga"), Client(raise_request_exception=False)
    amend_window(ada, window.pk, {"mode": "offline"}, window.version)
    assert stranger.get(path).status_code == 409 and stranger.post(path, {"decision": "approved"}).status_code == 409
    assert not Approval.objects.exists()
    assert stranger.get("/approvals/by-mail/guessed").status_code == 404
    tell_approvers()
    SigningLink.objects.update(expires_at=clock() - DAY)
    assert stranger.get(link_to("olga")).status_code == 404
    Window.objects.update(confidential=True)
    Reminder.objects.all().delete()
    Message.objects.all().delete()
    tell_approvers()
    assert "by-mail" not in Message.objects.get().body, "a confidential window is looked at signed in"


def test_a_later_turn_signs_when_the_earlier_is_complete(ada: Any, olga: Any, sam: Any) -> None:
    window = asked(ada, SRE | {"turn": 2}, OWNER | {"turn": 1})
    tell_approvers()
    assert [who for who, _ in told()] == ["olga@example.org"]
    assert waiting_count(sam) == 0 and waiting_count(olga) == 1
    (view,) = approval_view(window.pk, sam)
    assert (view.missing, view.later, view.may_sign) == (("owner of shop", "sre"), ("sre",), False)
    with pytest.raises(Conflict, match="not your turn yet: owner of shop must sign first") as refused:
        decide(sam, window.pk, "approved")
    assert refused.value.field == "turn"
    assert "signs when the others have signed" in browser(sam).get(f"/windows/{window.reference}").content.decode()
    assert "Sre signs after that" in browser(olga).get("/approvals/").content.decode().replace("SRE", "Sre")
    decide(olga, window.pk, "approved")
    assert waiting_count(sam) == 1
    assert decide(sam, window.pk, "approved").status == "approved"


def test_delegations_over_rest(ada: Any, olga: Any) -> None:
    given.person("dan", ("find", Role.MEMBER))
    program = caller(olga)
    asked_for = {"delegate": "dan@example.org", "ends_at": (clock() + DAY).isoformat(), "reason": "On leave."}
    made = program.post("/delegations", asked_for)
    assert made.status_code == 201 and made.json()["delegator"] == "Olga" and not made.json()["is_over"]
    refused = program.post("/delegations", asked_for | {"delegate": "nobody@example.org"})
    assert refused.status_code == 422 and refused.json()["field"] == "delegate"
    assert caller(olga, "read").post("/delegations", asked_for).status_code == 403
    (row,) = program.get("/delegations").json()
    assert caller(ada).send("DELETE", f"/delegations/{row['id']}").status_code == 404
    assert program.send("DELETE", f"/delegations/{row['id']}").status_code == 204
    assert program.get("/delegations").json()[0]["is_over"]


def test_the_address_that_signs_stands_in_no_outbox_once_it_is_delivered_or_worth_nothing(ada: Any, olga: Any) -> None:
    given.person("owen", ("shop", Role.OWNER))
    window = asked(ada)
    tell_approvers()
    secrets = {one.recipient: one.secret for one in Message.objects.exclude(secret="")}
    assert set(secrets) == {"olga@example.org", "owen@example.org"} and all(len(one) > 40 for one in secrets.values())
    Message.objects.filter(recipient="owen@example.org").update(wake_at=clock() + DAY)
    mail.outbox.clear()
    send_due()
    assert secrets["olga@example.org"] in next(one.body for one in mail.outbox if one.to == ["olga@example.org"])
    delivered = Message.objects.get(recipient="olga@example.org", dedup_key__startswith="request:")
    assert (delivered.status, delivered.secret) == ("delivered", "") and secrets["olga@example.org"] not in delivered.body
    assert "/approvals/by-mail/…" in delivered.body
    assert take_out_secrets() == 0, "what waits still needs it"
    Message.objects.exclude(secret="").update(secret_until=clock() - DAY)
    assert take_out_secrets() == 1
    assert not any(
        secret in body
        for secret in secrets.values()
        for body in Message.objects.filter(window=window.reference).values_list("body", flat=True)
    )
