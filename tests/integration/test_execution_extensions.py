"""More time for a running window: asked, agreed by another, kept by its clocks; judged by its original end all the same."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tests import given_runs, given_starts
from tests import given_windows as given
from tests.callers import browser, caller
from tests.given_runs import World, run_of, step
from windows.access.roles import Actor, Role
from windows.approvals.models import Extension
from windows.audit.clock import clock
from windows.audit.models import AuditEntry
from windows.delivery.models import Message
from windows.errors import Conflict, Forbidden, Invalid
from windows.execution.commands.extending import ask_extension, decide_extension
from windows.execution.commands.transitions import become, locked
from windows.execution.models import Run
from windows.execution.states import RunStatus
from windows.live.models import LiveScope
from windows.scheduling.models import Freeze, Window, WindowScope

world, no_broker = given_runs.world, given_starts.no_broker
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]
HALF = timedelta(minutes=30)


@pytest.fixture
def run() -> Run:
    return run_of(step(), step())


def carl() -> Actor:
    return given.actor("carl")


def olga() -> Actor:
    return given.actor("olga")


def ask(run: Run, by: Actor | None = None, **more: Any) -> Extension:
    return ask_extension(by or carl(), run.window_id, run.window_ends_at + HALF, more.get("reason", "The index takes longer."))


def test_f07_x07_agreed_more_time_moves_the_end_the_turn_back_and_the_slot_and_not_what_it_is_judged_by(run: Run) -> None:
    end, back = run.window_ends_at, run.turn_back_at
    row = ask(run)
    pages = Message.objects.filter(dedup_key__startswith="extension:").values_list("recipient", "urgency")
    assert sorted(pages) == [("olga@example.org", "page"), ("sam@example.org", "page")]
    run.refresh_from_db()
    assert (run.window_ends_at, run.turn_back_at) == (end, back), "until somebody agrees nothing moves"
    decide_extension(olga(), row.pk, "approved")
    run.refresh_from_db()
    assert back is not None and (run.window_ends_at, run.turn_back_at) == (end + HALF, back + HALF)
    assert {scope.reserved.upper for scope in WindowScope.objects.filter(window=run.window_id)} == {end + HALF}
    assert set(LiveScope.objects.values_list("until", flat=True)) == {end + HALF}
    window = Window.objects.get(pk=run.window_id)
    assert window.ends_at == end and AuditEntry.objects.get(kind="window.extended").actor == "Olga"
    assert Message.objects.get(dedup_key=f"extension:{row.pk}:decided:carl@example.org")


def test_f07_a_run_past_its_turn_back_time_goes_on_with_more_time(world: World) -> None:
    run = run_of(step(), turn_back_at=clock() - timedelta(minutes=1), overrun_policy="hold")
    world.drive(run)
    assert run.status == "held" and run.hold_until == run.window_ends_at
    decide_extension(olga(), ask(run).pk, "approved")
    run.refresh_from_db()
    assert run.hold_until == run.window_ends_at and run.turn_back_at is not None and run.turn_back_at > clock()


def test_it_takes_a_second_person_and_is_decided_once(run: Run) -> None:
    row = ask(run, olga())
    with pytest.raises(Conflict) as refused:
        ask(run)
    assert refused.value.field == "until"
    for who in (olga(), carl(), given.actor("mia", ("shop", Role.MEMBER))):
        with pytest.raises(Forbidden):
            decide_extension(who, row.pk, "approved")
    with pytest.raises(Invalid):
        decide_extension(given.actor("sam"), row.pk, "rejected")
    decide_extension(given.actor("sam"), row.pk, "rejected", "The shop opens.")
    with pytest.raises(Conflict):
        decide_extension(given.actor("sam"), row.pk, "approved")
    assert Run.objects.get().window_ends_at == run.window_ends_at
    for wrong in ({"approver": row.asked_by_id}, {"until": row.ends_at}, {"decision": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Extension.objects.filter(pk=row.pk).update(**wrong)


def test_n06_what_stands_in_the_way_refuses_when_it_is_asked_and_when_it_is_agreed(run: Run) -> None:
    row = ask(run)
    begins = run.window_ends_at + timedelta(minutes=5)
    freeze = Freeze.objects.create(title="Peak", severity="hard", starts_at=begins, ends_at=begins + HALF, created_by=run.window.owner)
    with pytest.raises(Conflict, match="frozen"):
        decide_extension(olga(), row.pk, "approved")
    assert Extension.objects.get().decision == "" and Run.objects.get().window_ends_at == run.window_ends_at
    freeze.delete()
    other = given.window(olga(), starts_at=begins, ends_at=begins + HALF)
    Window.objects.filter(pk=other.pk).update(status="approved")
    WindowScope.objects.filter(window=other).update(holds_slot=True)
    with pytest.raises(Conflict) as refused:
        decide_extension(olga(), row.pk, "approved")
    assert refused.value.rival == other.reference


@pytest.mark.parametrize("status", [RunStatus.ROLLING_BACK, RunStatus.STUCK])
def test_what_goes_back_gets_no_more_time(status: RunStatus) -> None:
    run = run_of(step(), status=status)
    with pytest.raises(Conflict):
        ask(run)
    with pytest.raises(Invalid):
        ask_extension(carl(), run_of(step(), window=given.window(olga(), "other")).window_id, clock(), "Earlier.")


def test_in_the_browser_and_by_the_api(run: Run) -> None:
    page = browser(carl())
    name = run.window.reference
    assert "Ask for more time" in page.get(f"/windows/{name}").content.decode()
    assert "Ask for more time" in page.get(f"/runs/{run.pk}").content.decode()
    assert page.post(f"/windows/{name}/extend", {"minutes": "0", "reason": "x"}).status_code == 422
    assert page.post(f"/windows/{name}/extend", {"minutes": "15", "reason": "The index takes longer."}).status_code == 302
    row = Extension.objects.get()
    assert row.until - row.ends_at == timedelta(minutes=15)
    decider = browser(olga())
    assert f"/windows/{name}/extensions/{row.pk}" in decider.get(f"/windows/{name}").content.decode()
    assert page.get(f"/windows/{name}/extensions/{row.pk}").status_code == 403
    assert decider.post(f"/windows/{name}/extensions/{row.pk}", {"choice": "approved"}).status_code == 302
    until = (row.until + HALF).isoformat()
    made = caller(carl()).post(f"/windows/{name}/extensions", {"until": until, "reason": "Once more."})
    assert made.status_code == 201 and [one["state"] for one in made.json()] == ["open", "approved"]
    path = f"/windows/{name}/extensions/{made.json()[0]['id']}/decide"
    assert caller(olga()).post(path, {"decision": "rejected", "reason": "No."}).json()[0]["state"] == "rejected"
    assert caller(olga()).post(path.replace(name, "MW-1"), {"decision": "approved"}).status_code == 404


def test_what_nobody_decided_is_closed_with_the_run_and_the_trail_says_so(run: Run) -> None:
    row = ask(run)
    with transaction.atomic():
        held = locked(run.pk)
        become(held, RunStatus.ABORTED, olga(), reason="It hurt.", now=clock())
    row.refresh_from_db()
    assert (row.decision, row.closed_at is None) == ("", False)
    entry = AuditEntry.objects.get(kind="window.extension_closed")
    assert (entry.window, entry.data["until"]) == (run.window.reference, row.until.isoformat())
    assert entry.data["reason"] == "The run ended before anybody decided about it."
