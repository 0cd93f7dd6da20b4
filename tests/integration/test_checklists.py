"""What the checklists of a window's Review tab say of itself: as its Communication tab and its runbook's rehearsals have it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests import given_windows as given
from tests.callers import caller
from windows.access.roles import Role
from windows.announcements.commands.announcing import announce, withdraw
from windows.announcements.commands.components import publish_service
from windows.approvals.commands import request_window
from windows.audit.clock import clock
from windows.catalogue.models import Membership
from windows.delivery.models import Message
from windows.execution.models import Run
from windows.notices.commands.telling import tell_ahead
from windows.runbooks.commands.versions import upload_runbook
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db
PUBLIC, NOTIFIED, TESTED = "communication-templates-ready", "on-call-and-stakeholders-notified", "flag-and-automation-tested-in-staging"
TEXT = "runbook: waits\ntitle: Waits\nsteps:\n  - name: Wait\n    wait: {duration: 1s}\n"


def olga() -> Any:
    return given.actor("olga", ("shop", Role.OWNER))


def told(window: Window, key: str) -> tuple[str, str]:
    lists = caller(olga()).get(f"/windows/{window.reference}/checklists").json()
    return next((one["state"], one["said"]) for each in lists for one in each["items"] if one["key"] == key)


@pytest.fixture
def window(db: None) -> Window:
    """Requested; Otto is on call for what it touches."""
    given.person("otto", ("shop", Role.ON_CALL))
    made = given.window(olga(), starts_at=given.soon(96), mode="read_only")
    return request_window(olga(), made.pk)


def test_what_the_public_is_told_is_known(window: Window) -> None:
    assert told(window, PUBLIC)[0] == "unknown"
    publish_service(given.actor("ada", administrator=True), "orders", name="Orders")
    assert told(window, PUBLIC) == ("not", "The public knows orders and was told nothing.")
    announce(olga(), window.reference, title="Orders rest", text="Nothing can be ordered.")
    assert told(window, PUBLIC) == ("done", "It is announced to the public: “Orders rest”.")
    withdraw(olga(), window.reference, "Not now.")
    assert told(window, PUBLIC)[0] == "not"
    announce(olga(), window.reference, title="Orders sleep", text="Nothing can be ordered.")
    Window.objects.filter(pk=window.pk).update(status="completed")
    assert told(window, PUBLIC) == ("done", "It is announced to the public: “Orders sleep”.")


def test_messages_without_its_name_and_the_notice_ahead_are_known(window: Window) -> None:
    assert told(window, NOTIFIED) == ("not", "No message about it was sent.")
    common = {"channel": "email", "recipient": "p@example.org", "urgency": "notice", "title": "Word."}
    Window.objects.filter(pk=window.pk).update(confidential=True)
    Message.objects.create(dedup_key=f"window:{window.pk}:a", status="delivered", wake_at=None, delivered_at=clock(), **common)
    Message.objects.create(dedup_key="b", window=window.reference, **common)
    said = "1 of 2 messages about it got through, 1 on the way. No notice before its start went out. 1 on call."
    assert told(window, NOTIFIED) == ("unknown", said)
    now = clock()
    Window.objects.filter(pk=window.pk).update(status="approved", starts_at=now + timedelta(hours=3), ends_at=now + timedelta(hours=4))
    tell_ahead()
    assert told(window, NOTIFIED)[1].endswith(" The notice before its start went out. 1 on call.")
    Membership.objects.filter(role=Role.ON_CALL.value).delete()
    assert told(window, NOTIFIED)[0] == "not"
    Window.objects.filter(pk=window.pk).update(status="completed", started_at=now, ended_at=now)
    state, said = told(window, NOTIFIED)
    assert state == "done" and said.endswith(" The notice before its start went out."), "who is on call now says nothing of then"


def test_a_rehearsal_or_dry_run_that_went_well_is_a_test(db: None) -> None:
    given.service("orders")
    version = upload_runbook(olga(), "waits", TEXT, team="shop")
    window = given.window(olga(), runbook_version_id=version.pk)
    now = clock()

    def rehearsed(number: int, mode: str, status: str, ago: timedelta = timedelta()) -> Run:
        kept = {"window": window, "runbook_version": version, "started_by": "x", "window_ends_at": now, "ended_at": now - ago}
        return Run.objects.create(number=number, rehearsal=mode, status=status, **kept)

    rehearsed(1, "dry_run", "aborted")
    rehearsed(2, "dry_run", "succeeded", timedelta(days=91))
    assert told(window, TESTED) == ("not", "No rehearsal or dry run of this version of the runbook went well of late.")
    dry = rehearsed(3, "dry_run", "succeeded")
    said = f"A dry run of this version went well (RH-{dry.pk}). Every step could be begun; nothing was done."
    assert told(window, TESTED) == ("unknown", said)
    game = rehearsed(4, "game_day", "succeeded")
    assert told(window, TESTED)[0] == "done"
    assert f"A game day of this version went well (RH-{game.pk})." in told(window, TESTED)[1]
    assert told(window, "rollback-automation-ready")[0] == "unknown", "its rollback was not rehearsed"
