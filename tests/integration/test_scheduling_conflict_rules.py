"""Groups, pairs, limits, providers and on-call as the database answers them, in a number of queries that does not grow."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from tests import given_windows as given
from windows.access.roles import Role
from windows.approvals.commands import request_window
from windows.audit.clock import clock
from windows.catalogue.commands.redundancy import define_redundancy_group, pair_regions, part_regions, withdraw_redundancy_group
from windows.catalogue.models import OnCallSchedule, OnCallShift, Service
from windows.errors import Conflict, Forbidden, Invalid, NotFound
from windows.lifecycle.states import WindowStatus
from windows.scheduling.commands.editing import ScopeRow
from windows.scheduling.commands.limits import set_limit, withdraw_limit
from windows.scheduling.commands.transitions import move
from windows.scheduling.models import ExternalWindow, ProviderObject, Window
from windows.scheduling.queries import conflicts_of
from windows.scheduling.queries.conflicts_ahead import conflicts_ahead

pytestmark = pytest.mark.django_db
ANYWHERE = [("orders", "production", "r1"), ("orders", "production", "r2"), ("replica", "production", "r1")]


@pytest.fixture
def ada() -> Any:
    return given.actor("ada", ("shop", Role.OWNER))


@pytest.fixture
def root() -> Any:
    return given.actor("root", administrator=True)


@pytest.fixture
def two(ada: Any) -> tuple[Window, Window]:
    """A draft in r1, and a requested window in r2 of other people."""
    given.service("orders", regions=("r1", "r2"))
    given.service("replica", "data")
    bo = given.actor("bo", ("shop", Role.OWNER))
    mine = given.window(ada, scope=(ScopeRow("orders", "production", "r1"),))
    theirs = given.window(bo, scope=(ScopeRow("orders", "production", "r2"),))
    ask(theirs, bo)
    return mine, theirs


def ask(window: Window, actor: Any) -> None:
    with transaction.atomic():
        move(window.pk, WindowStatus.REQUESTED, actor, "window.requested", expected=WindowStatus.DRAFT)


def short(window: Window, **more: Any) -> list[tuple[str, str, str]]:
    return [(f.kind.value, f.severity.value, f.who) for f in conflicts_of(window.pk, **more)]


@pytest.mark.django_db(transaction=True)
def test_x11_a_group_is_asked_across_services_and_teams(two: tuple[Window, Window], root: Any, ada: Any) -> None:
    mine, theirs = two
    assert short(mine) == []
    define_redundancy_group(root, "orders-anywhere", "Orders anywhere", 2, ANYWHERE)
    assert short(mine) == [("redundancy", "hard", theirs.reference)]
    Window.objects.filter(pk=theirs.pk).update(mode="normal")
    assert short(mine) == []


@pytest.mark.django_db(transaction=True)
def test_a_group_is_stated_whole_and_withdrawn(two: tuple[Window, Window], root: Any, ada: Any) -> None:
    group = define_redundancy_group(root, "orders-anywhere", "Orders anywhere", 1, ANYWHERE)
    assert define_redundancy_group(root, "orders-anywhere", "Orders anywhere", 2, ANYWHERE[:3]).pk == group.pk
    with pytest.raises(Forbidden):  # ada does not own the replica
        define_redundancy_group(ada, "orders-anywhere", "Orders anywhere", 1, ANYWHERE[:2])
    for minimum, members, field in ((3, ANYWHERE, "minimum"), (0, ANYWHERE, "minimum"), (1, ANYWHERE[:1], "members")):
        with pytest.raises(Invalid) as refused:
            define_redundancy_group(root, "g", "G", minimum, members)
        assert refused.value.field == field
    with pytest.raises(Invalid) as refused:
        define_redundancy_group(root, "g", "G", 1, [*ANYWHERE, ("orders", "production", "r9")])
    assert refused.value.detail == "orders does not run in production/r9."
    withdraw_redundancy_group(root, "orders-anywhere")
    with pytest.raises(NotFound):
        withdraw_redundancy_group(root, "orders-anywhere")


@pytest.mark.django_db(transaction=True)
def test_x11_a_pair_of_regions_is_kept_apart(two: tuple[Window, Window], root: Any, ada: Any) -> None:
    mine, theirs = two
    pair_regions(root, "r2", "r1")
    pair_regions(root, "r1", "r2")
    assert short(mine) == [("region_pair", "hard", theirs.reference)]
    with pytest.raises(Forbidden):
        part_regions(ada, "r1", "r2")
    part_regions(root, "r2", "r1")
    assert short(mine) == []


@pytest.mark.django_db(transaction=True)
def test_x11_a_limit_counts_a_team_and_a_platform(two: tuple[Window, Window], root: Any, ada: Any) -> None:
    mine, theirs = two
    limit = set_limit(root, "One of shop", 1, team="shop")
    assert short(mine) == [("limit", "soft", theirs.reference)]
    assert set_limit(root, "One of shop", 2, team="shop").pk == limit.pk and short(mine) == []
    given.needs("orders", "replica")
    set_limit(root, "The replica and its users", 1, platform="replica", severity="hard")
    assert short(mine) == [("limit", "hard", theirs.reference)]
    withdraw_limit(root, limit.pk)
    with pytest.raises(Forbidden):
        set_limit(ada, "Mine", 1, team="shop")
    for said, field in (({"at_most": 0, "team": "shop"}, "at_most"), ({"at_most": 1}, "team"), ({"at_most": 1, "team": "no"}, "team[0]")):
        with pytest.raises(Invalid) as refused:
            set_limit(root, "Bad", **said)  # type: ignore[arg-type]
        assert refused.value.field == field


def test_a_providers_notice_is_met_through_what_we_need(two: tuple[Window, Window]) -> None:
    mine, _ = two
    given.needs("orders", "replica")
    replica = given.service("replica", "data")
    ProviderObject.objects.create(provider="telco", object="circuit-7", service=replica)
    ExternalWindow.objects.create(
        provider="telco", uid="1", status="confirmed", impact="outage", title="Fibre", via="api", objects_named={"circuit-7": ""},
        starts_at=mine.starts_at, ends_at=mine.ends_at + timedelta(hours=1),
    )  # fmt: skip
    (found,) = conflicts_of(mine.pk)
    assert (found.kind, found.severity, found.who) == ("external", "soft", "telco: Fibre")
    assert found.why.startswith("orders needs replica, and telco works on what replica rests on")


def test_who_alone_is_on_call_is_wanted_twice(two: tuple[Window, Window]) -> None:
    mine, _ = two
    olga = given.person("olga", ("shop", Role.ON_CALL))
    dora = given.actor("dora", ("data", Role.OWNER))
    other = given.window(dora, "replica", team="data", coordinator_id=olga.pk)
    ask(other, dora)
    found = [f for f in conflicts_of(mine.pk) if f.who == other.reference]
    assert [(f.severity, f.why) for f in found] == [
        ("advisory", f"Olga is on call here and coordinator of {other.reference} at the same time.")
    ]
    given.person("otto", ("shop", Role.ON_CALL))
    assert not [f for f in conflicts_of(mine.pk) if f.who == other.reference]


def test_who_alone_is_on_shift_is_wanted_twice_and_only_during_the_shift(two: tuple[Window, Window]) -> None:
    """Ivan has the role in no team: a calendar names him."""
    mine, _ = two
    ivan, hour = given.person("ivan"), timedelta(hours=1)
    dora = given.actor("dora", ("data", Role.OWNER))
    other = given.window(dora, "replica", team="data", starts_at=mine.starts_at)
    ask(other, dora)
    for slug in ("orders", "replica"):
        Service.objects.filter(slug=slug).update(on_call_schedule_url=f"https://rota.example/{slug}")
        schedule = OnCallSchedule.objects.create(url=f"https://rota.example/{slug}")
        shift = {"starts_at": mine.starts_at - hour, "ends_at": mine.ends_at}
        OnCallShift.objects.create(schedule=schedule, person=ivan, who="Ivan", **shift)

    def said() -> list[str]:
        found = [f for f in conflicts_of(mine.pk) if f.who == other.reference]
        assert [f.key for f in found] == [f.key for f in conflicts_ahead([mine.pk], None, clock())[mine.pk] if f.who == other.reference]
        return [f.why for f in found]

    assert said() == [f"Ivan is on call here and on call of {other.reference} at the same time."]
    second = OnCallShift.objects.create(schedule=schedule, person=given.person("otto"), who="Otto", **shift)
    assert said() == [], "somebody else is on call for it as well"
    second.delete()
    OnCallShift.objects.update(ends_at=mine.starts_at)
    assert said() == [], "the shift is over by then"


def test_the_number_of_queries_does_not_grow(two: tuple[Window, Window], ada: Any, django_assert_max_num_queries: Any) -> None:
    mine, _ = two
    for n in range(12):
        other = given.window(ada, f"mail-{n}", confidential=True)
        ask(other, ada)
    zoe = given.actor("zoe")
    with django_assert_max_num_queries(14):
        found = conflicts_of(mine.pk, zoe)
    assert len(found) == 12 and {f.who for f in found} == {"a confidential window"}


@pytest.mark.django_db(transaction=True)
def test_x11_of_two_who_ask_at_the_same_moment_one_is_refused(two: tuple[Window, Window], root: Any, ada: Any) -> None:
    mine, theirs = two
    Window.objects.filter(pk=theirs.pk).update(status="draft")
    theirs.scopes.update(holds_slot=False)
    pair_regions(root, "r1", "r2")
    bo, barrier = given.actor("bo"), threading.Barrier(2)

    def request(actor: Any, window: Window) -> str:
        barrier.wait()
        try:
            return request_window(actor, window.pk).status
        except Conflict as refusal:
            return str(refusal.field)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        found = sorted(pool.map(request, (ada, bo), (mine, theirs)))
    assert found == ["region_pair", "requested"]
