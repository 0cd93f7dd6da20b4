"""X6: those whom a window touches hear of it before it begins, and no run begins where they, or the public, were not told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from tests import given_starts
from tests import given_windows as given
from tests.callers import caller
from tests.given_starts import answers, approved, begins_now, started
from windows.access.roles import Role
from windows.actions.gates import Answer
from windows.announcements.commands.announcing import announce, withdraw
from windows.announcements.commands.components import publish_service, unpublish_service
from windows.audit.clock import clock
from windows.audit.models import AuditEntry
from windows.catalogue.models import Environment
from windows.delivery.models import Message
from windows.execution.checks import notices
from windows.execution.models import Run
from windows.notices.commands.telling import tell_ahead
from windows.notices.queries import untold
from windows.scheduling.models import Window

no_broker = given_starts.no_broker
pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def window(db: None) -> Window:
    """Approved, begins tomorrow at the latest; Otto is on call for the services it touches."""
    given.person("otto", ("shop", Role.ON_CALL))
    made = approved()
    begins = clock() + timedelta(hours=20)
    Window.objects.filter(pk=made.pk).update(starts_at=begins, ends_at=begins + timedelta(hours=1))
    made.refresh_from_db()
    return made


def verdict(run: Run, monkeypatch: pytest.MonkeyPatch | None = None) -> tuple[Answer, str]:
    """As if it had been approved long ago, where a monkeypatch is given."""
    if monkeypatch is not None:
        monkeypatch.setattr(notices, "PATIENCE", timedelta())
    found = answers(run)["notices"]
    return found.verdict, found.reason


def test_x06_on_call_and_the_owners_of_other_teams_hear_of_it_a_day_before_and_once(window: Window, settings: Any) -> None:
    given.person("mia", ("post", Role.OWNER))
    mail = given.service("mail", "post")
    window.scopes.create(service=mail, environment="production", region="r1", layer="L4", reserved=window.scopes.get().reserved)
    assert tell_ahead() == 1
    found = {message.recipient: message for message in Message.objects.filter(dedup_key__startswith="notice:")}
    assert set(found) == {"otto@example.org", "mia@example.org"}
    told = found["mia@example.org"]
    assert told.timezone == window.timezone, "in which a channel reads its times"
    assert (told.urgency, told.window) == ("notice", window.reference)
    assert told.title == f"{window.reference} begins {window.starts_at:%Y-%m-%d %H:%M} UTC: {window.title}"
    for word in ("mail in production/r1", "Users get: ", window.expected_impact, f"/windows/{window.reference}"):
        assert word in told.body, told.body
    assert tell_ahead() == 0 and untold(clock()) == []
    entry = AuditEntry.objects.get(kind="notice.sent")
    assert (entry.window, entry.data["people"], entry.data["teams"]) == (window.reference, 2, ["post", "shop"])


def test_x06_moved_it_is_told_anew_and_what_is_far_ahead_is_not_told_yet(window: Window) -> None:
    assert tell_ahead() == 1
    Window.objects.update(starts_at=F("starts_at") + timedelta(hours=1), ends_at=F("ends_at") + timedelta(hours=1))
    assert tell_ahead() == 1
    assert Message.objects.filter(dedup_key__startswith="notice:").count() == 2
    Window.objects.update(starts_at=F("starts_at") + 2 * DAY, ends_at=F("ends_at") + 2 * DAY)
    assert untold(clock()) == []
    Window.objects.update(status="cancelled", starts_at=clock(), ends_at=clock() + DAY)
    assert untold(clock()) == [], "and who is called off begins for nobody"


def test_x06_of_a_confidential_window_outsiders_hear_only_that_there_is_something(window: Window) -> None:
    given.person("mia", ("post", Role.OWNER))
    window.scopes.update(service=given.service("mail", "post"))
    Window.objects.update(confidential=True)
    tell_ahead()
    for message in Message.objects.filter(dedup_key__startswith="notice:").exclude(recipient="mia@example.org"):
        assert window.reference not in message.title + message.body
    assert AuditEntry.objects.filter(kind="notice.sent").exists()


def test_x06_its_own_people_hear_a_day_ahead_that_it_must_be_announced(window: Window, settings: Any) -> None:
    olga = given.actor("olga")
    Window.objects.update(mode="read_only")
    publish_service(olga, "orders", name="Orders")
    coming = caller(olga).get(f"/windows/{window.reference}/communication").json()["coming"]
    assert [one["whom"] for one in coming if one["what"] == "That it will not begin before it is announced"] == ["Olga, Carl, Dora"]
    assert tell_ahead() == 1 and tell_ahead() == 0
    asked = Message.objects.filter(dedup_key__startswith=f"notice:{window.pk}:unannounced:")
    assert {(one.recipient, one.urgency) for one in asked} == {(f"{name}@example.org", "ticket") for name in ("olga", "carl", "dora")}
    assert "The public knows orders and was not told of this window" in asked[0].body
    assert f"{settings.PORTAL_URL}/windows/{window.reference}/announce" in asked[0].body
    assert "will not begin before it is announced" in asked[0].title
    later = caller(olga).get(f"/windows/{window.reference}/communication").json()
    assert "That it will not begin before it is announced" not in {one["what"] for one in later["coming"]}


@pytest.mark.parametrize("facts", [{"mode": "normal"}, {"change_type": "emergency"}, {"confidential": True}])
def test_x06_nobody_is_asked_to_announce_what_need_not_be(window: Window, facts: dict[str, Any]) -> None:
    Window.objects.update(**{"mode": "read_only", **facts})
    publish_service(given.actor("olga"), "orders", name="Orders")
    assert tell_ahead() == 1
    assert not Message.objects.filter(dedup_key__contains=":unannounced:").exists()


def test_x06_a_run_does_not_begin_where_nobody_was_told(window: Window, no_broker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    run = started(begins_now(window))
    assert verdict(run) == (Answer.PASS, "Approved just now: its notices are on their way.")
    assert verdict(run, monkeypatch) == (Answer.FAIL, "Those whom it touches were not told yet: does a worker consume the queue notify?")
    assert tell_ahead() == 1
    waits = "No notice has been delivered yet: 1 of 1 is on the way."
    assert verdict(run) == (Answer.INCONCLUSIVE, f"{waits} Does a worker consume the queue notify, and is the mail server there?")
    Message.objects.filter(dedup_key__startswith="notice:").update(status="delivered", wake_at=None, delivered_at=clock())
    assert verdict(run) == (Answer.PASS, "Notices delivered: 1 of 1.")
    Message.objects.filter(dedup_key__startswith="notice:").update(status="dead", wake_at=None)
    assert verdict(run) == (Answer.FAIL, "No notice reached anybody (1 were sent): tell the teams that it touches.")


def test_x06_what_is_on_the_way_is_not_told_yet(window: Window, no_broker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    given.person("ida", ("shop", Role.ON_CALL))
    run = started(begins_now(window))
    assert tell_ahead() == 1
    assert verdict(run) == (Answer.PASS, "Approved just now. No notice has been delivered yet: 2 of 2 are on the way.")
    assert verdict(run, monkeypatch)[0] is Answer.INCONCLUSIVE
    to_ida = Message.objects.filter(dedup_key__startswith="notice:", recipient="ida@example.org")
    to_ida.update(status="dead", wake_at=None)
    assert verdict(run)[0] is Answer.INCONCLUSIVE, "one was lost, the other is on its way"
    to_ida.update(status="delivered", delivered_at=clock())
    assert verdict(run) == (Answer.PASS, "Notices delivered: 1 of 2, 1 on the way.")


def test_x06_a_run_does_not_begin_where_the_public_will_notice_and_was_not_told(window: Window, no_broker: None) -> None:
    olga = given.actor("olga")
    Window.objects.update(mode="read_only")
    window.refresh_from_db()
    run = started(begins_now(window))
    assert verdict(run)[0] is Answer.PASS, "the public does not know the service"
    publish_service(olga, "orders", name="Orders")
    said = "The public knows orders and was not told that it will be read only: announce the window."
    assert verdict(run) == (Answer.FAIL, said)
    announce(olga, window.reference, title="Orders rest", text="Nothing can be ordered for an hour.")
    assert verdict(run)[0] is Answer.PASS
    withdraw(olga, window.reference, "It was wrong.")
    assert verdict(run) == (Answer.FAIL, said)
    unpublish_service(olga, "orders")
    assert verdict(run)[0] is Answer.PASS


def test_x06_what_is_done_in_staging_is_told_to_no_public(window: Window, no_broker: None) -> None:
    publish_service(given.actor("olga"), "orders", name="Orders")
    Window.objects.update(mode="offline")
    window.refresh_from_db()
    run = started(begins_now(window))
    assert verdict(run)[0] is Answer.FAIL
    Environment.objects.update(is_production=False)
    assert verdict(run)[0] is Answer.PASS


@pytest.mark.parametrize("facts", [{"mode": "normal"}, {"mode": "offline", "confidential": True}], ids=["nobody notices", "confidential"])
def test_x06_the_public_is_not_told_of_what_it_will_not_notice_or_may_not_know(
    window: Window, no_broker: None, facts: dict[str, Any]
) -> None:
    publish_service(given.actor("olga"), "orders", name="Orders")
    Window.objects.update(**facts)
    window.refresh_from_db()
    assert verdict(started(begins_now(window)))[0] is Answer.PASS


def test_x06_a_rehearsal_is_announced_to_nobody(window: Window, no_broker: None) -> None:
    run = started(begins_now(window))
    run.rehearsal = "dry_run"
    assert verdict(run) == (Answer.PASS, "A rehearsal is announced to nobody.")
