"""Steps and the reconciler act on the same surfaces: who is alone with one, whose wish counts, and that one's trouble is no other's."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from tests.given_runs import run_of, step
from windows.access.roles import ENGINE
from windows.actions.ports import NotAllowed, Observed, Unreachable
from windows.execution import reconciling, tasks
from windows.execution.commands.surfaces import note, want
from windows.execution.models import Run, Surface, clock
from windows.execution.ports import surfaces
from windows.execution.ports.credentials import login
from windows.execution.ports.limits import Limits
from windows.execution.ports.surfaces import Surfaces
from windows.execution.states import SurfaceStatus

pytestmark = pytest.mark.django_db(transaction=True)
NEVER = Limits.of(60, lambda: False)


@dataclass
class World:
    """An adapter over a dictionary: what is there by name. `meanwhile` is what happens elsewhere just before the world is changed."""

    OTHER_SIDE = "server"
    there: dict[str, Any] = field(default_factory=dict)
    away: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    acting: int = 0
    most: int = 0
    meanwhile: Callable[[], Any] = lambda: None

    def ask(self, row: Surface) -> None:
        self.asked.append(row.name)
        if row.desired.get("server") in self.away:
            raise Unreachable("It does not answer.")

    def observe(self, row: Surface, limits: Limits) -> Observed:
        self.ask(row)
        found = self.there.get(row.name)
        return Observed(found == row.desired, {"found": found}, f"{found} is there.")

    def mend(self, row: Surface, limits: Limits) -> Observed:
        self.ask(row)
        self.acting += 1
        self.most = max(self.most, self.acting)
        self.elsewhere()
        self.there[row.name] = row.desired
        self.acting -= 1
        return self.observe(row, limits)

    def end(self, row: Surface, limits: Limits) -> str:
        self.ask(row)
        self.there.pop(row.name, None)
        self.elsewhere()
        return "Gone."

    def elsewhere(self) -> None:
        then, self.meanwhile = self.meanwhile, lambda: None
        then()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(surfaces, "adapters", lambda: {"thing": made})
    return made


@pytest.fixture
def run() -> Run:
    return run_of(step(), step())


def elsewhere(act: Callable[[], Any]) -> Any:
    """As another process would: in a session of its own."""

    def acted() -> Any:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(acted).result(60)


def reconcile_all() -> None:
    """Whatever is there, due or not."""
    Surface.objects.filter(due_at__isnull=False).update(due_at=clock())
    for surface_id, _ in reconciling.due(clock()):
        reconciling.reconcile(surface_id)


def ended(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(status="succeeded", ended_at=clock(), wake_at=None)


def test_what_a_step_places_is_not_placed_by_the_reconciler_too(run: Run, world: World) -> None:
    due: list[Any] = []

    def a_tick_in_between() -> None:
        due.extend(reconciling.due(clock()))
        reconcile_all()  # even one that comes upon it

    world.meanwhile = lambda: elsewhere(a_tick_in_between)
    Surfaces(run, NEVER).hold("thing", "a", {"is": "set"})
    assert due == [] and world.most == 1
    assert Surface.objects.get().status == SurfaceStatus.IN_PLACE


def test_what_was_put_right_for_an_old_wish_is_put_right_again_for_the_new_one(run: Run, world: World) -> None:
    """The reconciler has read the old wish when a step wishes otherwise."""
    Surfaces(run, NEVER).hold("thing", "a", {"is": "old"})
    world.there["a"] = "changed by hand"
    world.meanwhile = lambda: elsewhere(lambda: want(run.pk, "thing", "a", {"is": "new"}))
    reconcile_all()
    row = Surface.objects.get()
    assert world.there["a"] == row.desired == {"is": "new"}
    assert row.status == SurfaceStatus.IN_PLACE and row.observed == {"found": {"is": "new"}}


def test_a_look_for_an_old_wish_says_nothing_of_the_new_one(run: Run, world: World) -> None:
    Surfaces(run, NEVER).hold("thing", "a", {"is": "old"})
    old = Surface.objects.get()
    want(run.pk, "thing", "a", {"is": "new"})
    note(old.pk, Observed(True, {"found": "old"}), generation=old.generation, due_at=clock())
    assert Surface.objects.get().status == SurfaceStatus.WANTED


def test_what_a_step_takes_away_is_not_put_back(run: Run, world: World) -> None:
    Surfaces(run, NEVER).hold("thing", "a", {"is": "set"})
    world.meanwhile = lambda: elsewhere(reconcile_all)  # between its end outside and the note that it has ended
    assert Surfaces(run, NEVER).let_go("thing", "a") == "Gone."
    assert world.there == {} and Surface.objects.get().status == SurfaceStatus.ENDED


def test_what_could_not_be_taken_away_is_taken_away_later_and_never_put_right(run: Run, world: World) -> None:
    """Its step failed, or its worker died in the middle."""
    Surfaces(run, NEVER).hold("thing", "a", {"is": "set", "server": "one"})
    world.away = {"one"}
    with pytest.raises(Unreachable):
        Surfaces(run, NEVER).let_go("thing", "a")
    reconcile_all()
    row = Surface.objects.get()
    assert row.status == SurfaceStatus.ENDING and "could not be ended yet" in row.observed_note
    world.away = set()
    reconcile_all()
    assert world.there == {} and Surface.objects.get().status == SurfaceStatus.ENDED
    Surfaces(run, NEVER).hold("thing", "a", {"is": "set"})  # a step is tried again
    assert Surface.objects.get().status == SurfaceStatus.IN_PLACE


def test_a_step_waits_its_turn_and_says_what_it_waits_for(run: Run, world: World) -> None:
    def another_step() -> None:
        Surfaces(run, Limits.of(0.3, lambda: False)).hold("thing", "a", {"is": "set"})

    world.meanwhile = lambda: elsewhere(another_step)
    with pytest.raises(Exception, match="Waiting for whoever acts on the same surface did not end in time"):
        Surfaces(run, NEVER).hold("thing", "a", {"is": "set"})
    assert world.most == 1
    Surfaces(run, NEVER).hold("thing", "a", {"is": "set"})  # and lets go, also where it failed


def test_one_that_cannot_be_ended_is_tried_again_in_its_time_and_keeps_nobody_waiting(run: Run, world: World) -> None:
    for name, server in (("dead", "one"), ("dead too", "one"), ("well", "two")):
        Surfaces(run, NEVER).hold("thing", name, {"server": server})
    ended(run)
    world.away, world.asked = {"one"}, []
    assert len(reconciling.due(clock())) == 3, "an end is not waited for"
    tasks.reconcile()
    assert world.asked == ["dead", "well"], "whoever is away is asked once; the others are asked all the same"
    assert Surface.objects.get(name="well").status == SurfaceStatus.ENDED
    later = {name for pk, _ in reconciling.due(clock()) for name in [Surface.objects.get(pk=pk).name]}
    assert later == {"dead too"}, "the one that failed has to wait"
    assert len(reconciling.due(clock() + timedelta(minutes=1))) == 2


def test_a_refusal_is_an_answer(run: Run, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        Surfaces(run, NEVER).hold("thing", name, {"server": "one"})

    def refused(row: Surface, limits: Limits) -> Observed:
        world.asked.append(row.name)
        raise NotAllowed("Not this one.")

    monkeypatch.setattr(world, "observe", refused)
    world.asked = []
    Surface.objects.update(due_at=clock())
    tasks.reconcile()
    assert [name for name in world.asked if name in "ab"] == ["a", "b"]


@pytest.mark.parametrize("seen", [Observed(False, {"known": False}), Observed(False, {"elevated": True})], ids=["blip", "drift"])
def test_a_credential_can_be_used_while_nobody_has_taken_it_away(run: Run, seen: Observed) -> None:
    row = want(run.pk, "credential", "backfill", {"database": "orders", "role": "r"})
    with pytest.raises(NotAllowed):
        login(run, "Backfill", "backfill", "orders")
    note(row.pk, Observed(True, {}), generation=0, due_at=clock())
    note(row.pk, seen, generation=0, due_at=clock())
    assert login(run, "Backfill", "backfill", "orders")[0] == "r"
    Surface.objects.update(status="ending")
    with pytest.raises(NotAllowed):
        login(run, "Backfill", "backfill", "orders")


def test_a_deviation_that_was_accepted_stays_so_while_nobody_can_look(run: Run, world: World) -> None:
    Surfaces(run, NEVER).hold("thing", "a", {"is": "set", "server": "one"})
    world.there["a"] = "by hand"
    row = Surface.objects.get()
    note(row.pk, world.observe(row, NEVER), generation=row.generation, due_at=clock())
    Surface.objects.update(status="accepted", accepted_by=ENGINE.name, accepted_reason="Meant.")
    world.away = {"one"}
    reconcile_all()
    world.away = set()
    reconcile_all()
    assert Surface.objects.get().status == SurfaceStatus.ACCEPTED and world.there["a"] == "by hand"
