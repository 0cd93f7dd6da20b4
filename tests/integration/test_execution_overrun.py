"""A run that outlives its window keeps its place: for the one who asks now, and for the one who would begin now."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from tests import given_runs, given_starts
from tests import given_windows as given
from tests.given_runs import World, run_of, step
from windows.audit.models import AuditEntry
from windows.delivery.models import Message
from windows.execution.models import Run, clock
from windows.execution.queries import due
from windows.execution.states import RunStatus
from windows.execution.tasks import sweep
from windows.lifecycle.states import WindowStatus
from windows.scheduling.commands.transitions import keep_slot, move
from windows.scheduling.models import Window, WindowScope
from windows.scheduling.queries import conflicts_of

world, no_broker = given_runs.world, given_starts.no_broker
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker", "world")]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def over(world: World) -> Run:
    """Stuck; its window ended a minute ago."""
    run, now = run_of(step(), status=RunStatus.STUCK, overrun_at=clock()), clock()
    times = {"starts_at": now - 61 * MINUTE, "started_at": now - 61 * MINUTE, "ends_at": now - MINUTE}
    Window.objects.filter(pk=run.window_id).update(**times)
    Run.objects.filter(pk=run.pk).update(window_ends_at=now - MINUTE, wake_at=None)
    run.window.refresh_from_db()
    with transaction.atomic():
        keep_slot(run.window, new=True)
    return run


def asked_for(starts_at: object) -> Window:
    window = given.window(given.actor("olga"))
    Window.objects.filter(pk=window.pk).update(starts_at=starts_at, ends_at=clock() + 60 * MINUTE)
    with transaction.atomic():
        return move(window.pk, WindowStatus.REQUESTED, given.actor("olga"), "window.requested", expected=WindowStatus.DRAFT)


def test_what_it_reserved_grows_while_it_lives_and_ends_with_it(over: Run) -> None:
    assert due.outgrown(clock()) == [over.pk]
    sweep()
    scope = WindowScope.objects.get(window=over.window)
    assert scope.reserved.upper > clock() + 9 * MINUTE and scope.holds_slot
    assert due.outgrown(clock()) == [], "not at every sweep"
    assert due.outgrown(clock() + 6 * MINUTE) == [over.pk], "but again and again"
    now = clock()
    with transaction.atomic():
        move(over.window_id, WindowStatus.FAILED, given.actor("olga"), "window.failed", expected=WindowStatus.RUNNING, ended_at=now)
    scope.refresh_from_db()
    assert (scope.reserved.upper, scope.holds_slot) == (now, False)


def test_the_next_window_in_its_place_meets_it(over: Run) -> None:
    waiting = asked_for(clock() - MINUTE / 2)  # by its plan it begins after the other's end
    (found,) = [finding for finding in conflicts_of(waiting.pk) if finding.kind == "scope"]
    assert (found.severity, found.who) == ("hard", over.window.reference)
    assert not [f for f in conflicts_of(waiting.pk, now=clock() - 60 * MINUTE) if f.kind == "scope"]


def test_running_into_another_reservation_is_said_once_and_stops_nobody(over: Run) -> None:
    rival = asked_for(clock() + MINUTE)
    sweep()
    sweep()
    entry = AuditEntry.objects.get(kind="run.overran_into")
    assert entry.data["rival"] == rival.reference and entry.run_id == over.pk
    pages = Message.objects.filter(title__contains=f"runs on into the time of {rival.reference}", urgency="page")
    assert set(pages.values_list("recipient", flat=True)) >= {"otto@example.org", "carl@example.org"} and pages.count() == 4
    over.refresh_from_db()
    assert over.status == "stuck"
