"""An emergency that began by right is answered for afterwards: by somebody else, with a reason, in time or counted as late."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from tests import given_runs, given_starts
from tests import given_windows as given
from tests.callers import browser, caller
from tests.given_runs import World
from windows.access.roles import Actor, Role
from windows.approvals.commands import decide, request_window
from windows.approvals.commands.emergencies import approve_emergency, remind_of_emergencies
from windows.approvals.emergencies import Owed
from windows.approvals.models import EmergencyApproval
from windows.approvals.queries.emergencies import emergencies, emergency_tally
from windows.audit.clock import clock
from windows.audit.models import AuditEntry
from windows.delivery.models import Message
from windows.errors import Conflict, Forbidden, Invalid
from windows.execution.commands.starting import start_run
from windows.execution.engine import loop
from windows.scheduling.models import Window

world, no_broker = given_runs.world, given_starts.no_broker
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]
HOUR = timedelta(hours=1)


@pytest.fixture
def olga() -> Actor:
    return given.actor("olga", ("shop", Role.OWNER))


@pytest.fixture
def oskar() -> Actor:
    return given.actor("oskar", ("shop", Role.OWNER))


@pytest.fixture
def begun(world: World, olga: Actor, oskar: Actor) -> Window:
    window = given.window(olga, change_type="emergency", starts_at=given.soon(1))
    loop.advance(start_run(olga, window.pk).pk, world.build)
    return Window.objects.get(pk=window.pk)


def test_r_e13_it_is_owed_from_its_begin_and_told_to_who_can_answer(begun: Window, oskar: Actor) -> None:
    row = EmergencyApproval.objects.get()
    assert begun.status == "running" and row.due_at - row.begun_at == 24 * HOUR and "approval" in row.skipped
    told = Message.objects.filter(dedup_key__startswith="emergency:")
    assert [(one.recipient, one.urgency) for one in told] == [("oskar@example.org", "ticket")], "not who began it"
    (view,) = emergencies(oskar, clock())
    assert view.state is Owed.OPEN and view.may_approve and view.begun_by == "Olga"
    page = browser(oskar).get("/approvals/board").content.decode()
    assert "Emergencies to answer for" in page and f"/windows/{begun.reference}/approve-afterwards" in page
    assert "Answer for the emergency" in browser(oskar).get(f"/windows/{begun.reference}").content.decode()


def test_r_e13_it_takes_a_second_person_a_reason_and_happens_once(begun: Window, olga: Actor, oskar: Actor) -> None:
    with pytest.raises(Forbidden):
        approve_emergency(olga, begun.pk, "approved", "It was me.")
    with pytest.raises(Forbidden):
        approve_emergency(given.actor("mia", ("shop", Role.MEMBER)), begun.pk, "approved", "Fine.")
    with pytest.raises(Invalid):
        approve_emergency(oskar, begun.pk, "approved", " ")
    sent = browser(oskar).post(f"/windows/{begun.reference}/approve-afterwards", {"choice": "approved", "reason": "The fire was real."})
    assert sent.status_code == 302
    with pytest.raises(Conflict):
        approve_emergency(oskar, begun.pk, "rejected", "On second thought.")
    entry = AuditEntry.objects.get(kind="window.emergency_approved")
    assert entry.actor == "Oskar" and entry.data["late"] is False and entry.data["reason"] == "The fire was real."
    row = EmergencyApproval.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        EmergencyApproval.objects.filter(pk=row.pk).update(approver=row.begun_by)
    with pytest.raises(IntegrityError), transaction.atomic():
        EmergencyApproval.objects.filter(pk=row.pk).update(reason="")


def test_r_e13_who_changed_it_last_answers_for_it_no_more_than_who_filed_it(begun: Window, oskar: Actor) -> None:
    Window.objects.filter(pk=begun.pk).update(edited_by=oskar.person_id)
    assert not emergencies(oskar, clock(), window_id=begun.pk)[0].may_approve
    with pytest.raises(Forbidden) as refused:
        approve_emergency(oskar, begun.pk, "approved", "It was right.")
    assert "last changed" in refused.value.detail


def test_r_e13_a_reminder_then_overdue_each_once_and_counted(begun: Window, oskar: Actor) -> None:
    row = EmergencyApproval.objects.get()
    assert remind_of_emergencies(row.begun_at + 17 * HOUR) == 0
    for at in (18, 18, 24, 30):
        remind_of_emergencies(row.begun_at + at * HOUR)
    kinds = AuditEntry.objects.filter(kind__startswith="window.emergency_").order_by("id").values_list("kind", flat=True)
    assert list(kinds) == [f"window.emergency_{word}" for word in ("begun", "reminded", "overdue")]
    EmergencyApproval.objects.update(begun_at=clock() - 30 * HOUR, due_at=clock() - 6 * HOUR)
    assert emergency_tally(clock()).overdue == 1
    assert "its approval was due" in browser(oskar).get("/approvals/board").content.decode()
    program = caller(oskar)
    assert program.get("/approvals/emergencies").json()["items"][0]["state"] == "overdue"
    done = program.post(f"/windows/{begun.reference}/approve-afterwards", {"decision": "approved", "reason": "Late, but right."})
    assert done.status_code == 200 and done.json()["state"] == "approved late"
    assert program.get("/approvals/emergencies").json()["last_90_days"]["late"] == 1
    assert AuditEntry.objects.get(kind="window.emergency_approved").data["late"] is True


def test_an_emergency_that_was_approved_beforehand_owes_nothing(world: World, olga: Actor, oskar: Actor) -> None:
    window = given.window(olga, change_type="emergency", starts_at=given.soon(1))
    request_window(olga, window.pk)
    decide(oskar, window.pk, "approved")
    loop.advance(start_run(olga, window.pk).pk, world.build)
    assert Window.objects.get(pk=window.pk).status == "running" and not EmergencyApproval.objects.exists()
    with pytest.raises(Conflict):
        approve_emergency(oskar, window.pk, "approved", "Fine.")
