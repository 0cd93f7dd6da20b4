"""The store: versions without a gap, compare-and-set, leases, nodes and receipts."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from windows.access.roles import ENGINE, SETUP, Actor, Role
from windows.audit.models import AuditEntry
from windows.catalogue.models import Membership, Person, Service, Team
from windows.delivery.models import Channel, Message
from windows.errors import Conflict, Forbidden, Invalid
from windows.flags import commands, queries
from windows.flags.commands import leases
from windows.flags.commands.setting import clear_flag, set_flag
from windows.flags.models import Flag, FlagCounter, FlagVersion
from windows.flags.receipts import Outcome
from windows.flags.routing import FlagKey
from windows.flags.tasks import sweep
from windows.lifecycle.states import Mode

KEY = FlagKey("orders", "production")
SRE = Actor("Ada", 1, frozenset({("platform", Role.SRE)}))
OWNER = Actor("Bea", 2, frozenset({("shop", Role.OWNER)}))
MEMBER = Actor("Cem", 3, frozenset({("shop", Role.MEMBER)}))


@pytest.fixture
def orders(db: None) -> Service:
    return Service.objects.create(slug="orders", name="Orders", team=Team.objects.create(slug="shop", name="Shop"))


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's server may have started a second ago."""
    monkeypatch.setattr("windows.flags.commands.leases.SETTLE", timedelta(0))


def node(name: str, region: str = "eu", service: str = "orders") -> str:
    return commands.register_node(SETUP, service=service, environment="production", region=region, name=name)[1]


def acknowledge(token: str, change: FlagVersion) -> Outcome:
    return commands.post_receipt(token, change.global_version, change.mode, echo=change.echo)


def kinds() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("kind", flat=True))


def test_a_change_is_numbered_told_and_audited(orders: Service) -> None:
    first = set_flag(ENGINE, KEY, Mode.READ_ONLY, {"retry_after": 30}, expected=0, window="MW-1001")
    second = set_flag(ENGINE, FlagKey(), "throttled")
    third = clear_flag(ENGINE, KEY, expected=1, window="MW-1001")
    assert [(c.global_version, c.version) for c in (first, second, third)] == [(1, 1), (2, 1), (3, 2)]
    assert [entry.data["from"] for entry in AuditEntry.objects.filter(subject="flag:orders/production/*/*/*").order_by("id")] == [
        "normal",
        "read_only",
    ]
    assert [change.mode for change in queries.history(KEY)] == ["normal", "read_only"]
    assert [flag.mode for flag in queries.live_flags()] == ["throttled"]
    assert len({c.echo for c in (first, second, third)}) == 3


def test_compare_and_set_names_the_version_in_force(orders: Service) -> None:
    set_flag(ENGINE, KEY, Mode.READ_ONLY)
    with pytest.raises(Conflict, match="at version 1") as caught:
        set_flag(ENGINE, KEY, Mode.OFFLINE, expected=0)
    assert caught.value.facts["version"] == 1
    assert FlagCounter.objects.get().version == 1
    assert (row := queries.current(KEY)) and row.mode == "read_only"


@pytest.mark.django_db(transaction=True)
def test_r_d04_fifty_writers_lose_nothing_and_leave_no_gap() -> None:
    """All read the same version and set; each loser reads again. Every other writer also rolls one change back on purpose."""
    writers, barrier, conflicts, done = 50, threading.Barrier(50), [], []

    def write(number: int) -> None:
        try:
            barrier.wait(90)
            if number % 2:
                with pytest.raises(ZeroDivisionError), transaction.atomic():
                    set_flag(ENGINE, FlagKey("doomed"), Mode.OFFLINE)
                    1 / 0  # noqa: B018
            expected = 0
            while True:
                try:
                    done.append(set_flag(ENGINE, KEY, Mode.DEGRADED, {"message": str(number)}, expected=expected))
                    return
                except Conflict as conflict:
                    conflicts.append(number)
                    expected = conflict.facts["version"]
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(n,)) for n in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(done) == writers
    assert conflicts, "nobody raced"
    changes = list(FlagVersion.objects.order_by("global_version"))
    assert [change.global_version for change in changes] == list(range(1, writers + 1))
    assert [change.version for change in changes] == list(range(1, writers + 1))
    assert {change.payload["message"] for change in changes} == {str(n) for n in range(writers)}
    assert FlagCounter.objects.get().version == writers
    assert kinds().count("flag.set") == writers


def test_who_may_set_a_flag(orders: Service) -> None:
    set_flag(OWNER, KEY, Mode.DEGRADED, reason="load test")
    set_flag(SRE, FlagKey(), Mode.DEGRADED, reason="load test")
    with pytest.raises(Forbidden):
        set_flag(MEMBER, KEY, Mode.DEGRADED, reason="why not")
    with pytest.raises(Forbidden):
        set_flag(OWNER, FlagKey(), Mode.DEGRADED, reason="everything")
    with pytest.raises(Invalid, match="Say why"):
        set_flag(OWNER, KEY, Mode.DEGRADED)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("target", {"key": FlagKey("Orders'; --")}),
        ("layer", {"key": FlagKey("orders", layer="x")}),
        ("mode", {"mode": "broken"}),
        ("payload.retry_after", {"payload": {"retry_after": -1}}),
        ("payload.retry_after", {"payload": {"retry_after": True}}),
        ("payload.until", {"payload": {"until": "tomorrow"}}),
        ("payload.until", {"payload": {"until": "2026-03-01T04:00:00"}}),
        ("payload.x", {"payload": {"x": float("nan")}}),
        ("payload.x", {"payload": {"x": ["a"]}}),
        ("payload", {"payload": {"message": "x" * 5000}}),
        ("lease", {"lease": timedelta(0)}),
    ],
)
def test_bad_input_names_its_field(db: None, field: str, change: dict) -> None:
    with pytest.raises(Invalid) as caught:
        set_flag(ENGINE, **{"key": KEY, "mode": Mode.OFFLINE, "payload": {}} | change)
    assert caught.value.field == field
    assert not FlagVersion.objects.exists()


def test_the_database_refuses_a_flag_without_a_lease(db: None) -> None:
    set_flag(ENGINE, KEY, Mode.OFFLINE)
    assert Flag.objects.get().lease_until, "without a lease given it is the longest window"
    with pytest.raises(IntegrityError, match="flag_has_a_lease"), transaction.atomic():
        Flag.objects.update(lease_until=None)


def test_a_renewal_is_no_new_version(db: None) -> None:
    change = set_flag(ENGINE, KEY, Mode.READ_ONLY, lease=timedelta(seconds=5), window="MW-1001")
    before = Flag.objects.get().lease_until
    assert commands.renew_leases_of(ENGINE, "MW-1001", timedelta(seconds=90)) == 1
    flag = Flag.objects.get()
    assert flag.lease_until > before + timedelta(seconds=60)
    assert (flag.version, flag.global_version) == (1, change.global_version)
    assert kinds() == ["flag.set"]
    assert commands.renew_leases_of(ENGINE, "MW-1002", timedelta(seconds=90)) == 0
    clear_flag(ENGINE, KEY)
    assert commands.renew_leases_of(ENGINE, "MW-1001", timedelta(seconds=60)) == 0


def forget(key: FlagKey) -> None:
    """Time passes: the lease lies in the past."""
    with connection.cursor() as cursor:
        cursor.execute("update flags_flag set lease_until = clock_timestamp() - interval '1 second' where target = %s", [key.target])


@pytest.mark.parametrize("mode", list(Mode)[1:])
def test_r_d05_a_forgotten_flag_alarms_once_or_clears_itself(db: None, mode: Mode) -> None:
    set_flag(ENGINE, KEY, mode, window="MW-1001")
    sweep()
    assert kinds() == ["flag.set"], "its lease still runs"
    forget(KEY)
    sweep()
    sweep()
    flag = Flag.objects.get()
    alarming = mode in (Mode.READ_ONLY, Mode.OFFLINE, Mode.REROUTED)
    assert flag.mode == (mode.value if alarming else "normal")
    assert (flag.alarmed_at is not None) == alarming
    assert kinds() == (["flag.set", "flag.lease_expired"] if alarming else ["flag.set", "flag.set", "flag.lease_expired"])
    entry = AuditEntry.objects.get(kind="flag.lease_expired")
    assert (entry.window, entry.data["mode"]) == ("MW-1001", mode.value)


def test_the_alarm_pages_who_can_act(orders: Service) -> None:
    for name, team, role in [("ann", "shop", Role.ON_CALL), ("bob", "shop", Role.OWNER), ("cy", "platform", Role.SRE)]:
        person = Person.objects.create(email=f"{name}@example.org", name=name)
        Membership.objects.create(team=Team.objects.get_or_create(slug=team, defaults={"name": team})[0], person=person, role=role.value)
    set_flag(ENGINE, KEY, Mode.OFFLINE, window="MW-1001")
    set_flag(ENGINE, FlagKey("*", "production"), Mode.READ_ONLY)
    with connection.cursor() as cursor:
        cursor.execute("update flags_flag set lease_until = clock_timestamp() - interval '1 second'")
    sweep()
    sweep()
    said = Message.objects.order_by("id")
    assert [(m.recipient, m.urgency, m.window) for m in said] == [("ann@example.org", "page", "MW-1001"), ("cy@example.org", "page", "")]
    assert "still offline" in said[0].title


def test_the_alarm_goes_to_the_teams_channels_too(orders: Service) -> None:
    Channel.objects.create(team="shop", kind="slack", name="Shop", secret="https://hooks.example/x", urgencies=["page"], made_by="Olga")
    set_flag(ENGINE, KEY, Mode.OFFLINE, window="MW-1001")
    forget(KEY)
    sweep()
    assert Message.objects.filter(channel="slack", urgency="page", window="MW-1001", teams=["shop"]).count() == 1


def test_the_alarm_of_a_confidential_windows_flag_names_no_window(orders: Service) -> None:
    Channel.objects.create(team="shop", kind="slack", name="Shop", secret="https://hooks.example/x", urgencies=["page"], made_by="Olga")
    set_flag(ENGINE, KEY, Mode.OFFLINE, window="MW-1001", confidential=True)
    forget(KEY)
    sweep()
    (said,) = Message.objects.filter(channel="slack")
    assert "still offline" in said.title and "MW-1001" not in f"{said.title} {said.body} {said.window} {said.facts} {said.dedup_key}"


def test_a_database_that_just_came_back_is_given_a_moment(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("windows.flags.commands.leases.SETTLE", timedelta(days=1000))
    set_flag(ENGINE, KEY, Mode.THROTTLED, window="MW-1001")
    forget(KEY)
    sweep()
    assert Flag.objects.get().mode == "throttled"


def test_a_renewed_flag_may_alarm_again(db: None) -> None:
    set_flag(ENGINE, KEY, Mode.OFFLINE, window="MW-1001")
    for _ in range(2):
        forget(KEY)
        sweep()
        commands.renew_leases_of(ENGINE, "MW-1001", timedelta(seconds=60))
    assert kinds().count("flag.lease_expired") == 2


@pytest.mark.parametrize("mode", [Mode.THROTTLED, Mode.OFFLINE])
def test_r_d05_a_flag_renewed_in_the_last_moment_is_neither_cleared_nor_told(db: None, mode: Mode) -> None:
    set_flag(ENGINE, KEY, mode, window="MW-1001")
    forget(KEY)
    seen = Flag.objects.get()
    commands.renew_leases_of(ENGINE, "MW-1001", timedelta(seconds=60))
    assert not leases.expire(seen)
    assert (Flag.objects.get().mode, kinds()) == (mode.value, ["flag.set"])


def test_one_flag_that_cannot_be_dealt_with_leaves_the_others_their_turn(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for target in ("billing", "orders"):
        set_flag(ENGINE, FlagKey(target), Mode.THROTTLED)
        forget(FlagKey(target))
    monkeypatch.setattr(leases, "expire", lambda flag, expire=leases.expire: expire(flag) if flag.target == "orders" else 1 / 0)
    assert commands.expire_leases() == 1
    assert dict(Flag.objects.values_list("target", "mode")) == {"billing": "throttled", "orders": "normal"}


def test_convergence_names_who_lags_and_where_they_were(db: None) -> None:
    first, second, third = node("n1"), node("n2"), node("n3", region="us")
    node("b1", service="billing")
    change = set_flag(ENGINE, KEY, Mode.READ_ONLY)
    for token in (first, second, third):
        assert acknowledge(token, change) is Outcome.ACCEPTED
    assert not queries.convergence("orders", "production").laggards
    newer = set_flag(ENGINE, FlagKey("orders", "production", "eu"), Mode.OFFLINE)
    acknowledge(first, newer)
    seen = queries.convergence("orders", "production")
    assert seen.version == newer.global_version == 2
    assert [(n.name, n.version, n.needs) for n in seen.laggards] == [("n2", 1, 2)], "n3 stands in another region: the change is not for it"
    assert not queries.convergence("orders", "production", "us").laggards
    assert [n.name for n in queries.convergence("*", "*").nodes] == ["b1", "n1", "n2", "n3"]
    assert [n.agrees for n in seen.nodes] == [True, False, True]


def test_a_flag_for_others_holds_nobody_up(db: None) -> None:
    token = node("n1")
    acknowledge(token, set_flag(ENGINE, KEY, Mode.READ_ONLY))
    set_flag(ENGINE, FlagKey("billing"), Mode.OFFLINE)
    assert not queries.convergence("orders", "production").laggards
    set_flag(ENGINE, FlagKey(layer="L5"), Mode.OFFLINE)
    assert queries.convergence("orders", "production").laggards, "a layer of every service is a layer of this one"


def test_r_d08_a_forged_receipt_counts_nothing(db: None) -> None:
    first, second = node("n1"), node("n2")
    old = set_flag(ENGINE, KEY, Mode.READ_ONLY)
    change = set_flag(ENGINE, KEY, Mode.OFFLINE)
    with pytest.raises(Forbidden):
        commands.post_receipt("rwn_guess", 2, "offline", echo=change.echo)
    with pytest.raises(Forbidden):
        commands.post_receipt(second, 2, "offline", echo=change.echo, name="n1")
    for version, echo in [(2, ""), (2, old.echo), (3, change.echo), (-1, ""), (1, change.echo), (0, "x")]:
        with pytest.raises(Invalid):
            commands.post_receipt(first, version, "offline", echo=echo)
    assert [n.version for n in queries.convergence("orders", "production").nodes] == [None, None]
    commands.retire_node(SETUP, queries.nodes("orders")[0].pk)
    with pytest.raises(Forbidden):
        acknowledge(first, change)


def test_a_node_that_falls_back_is_a_split_brain_told_once(db: None) -> None:
    token = node("n1")
    old, new = set_flag(ENGINE, KEY, Mode.READ_ONLY), set_flag(ENGINE, KEY, Mode.OFFLINE)
    assert acknowledge(token, new) is Outcome.ACCEPTED
    assert acknowledge(token, old) is Outcome.SPLIT_BRAIN
    assert acknowledge(token, old) is Outcome.ACCEPTED
    assert queries.convergence("orders", "production").laggards
    assert acknowledge(token, new) is Outcome.ACCEPTED
    assert acknowledge(token, old) is Outcome.SPLIT_BRAIN
    entries = AuditEntry.objects.filter(kind="flag.split_brain")
    assert [(e.subject, e.data["version"], e.data["highest"]) for e in entries] == [("node:orders/n1", 1, 2)] * 2


def test_a_node_comes_back_with_a_new_token_and_nothing_held(db: None) -> None:
    token = node("n1")
    with pytest.raises(Conflict):
        node("n1")
    change = set_flag(ENGINE, KEY, Mode.OFFLINE)
    acknowledge(token, change)
    commands.retire_node(SETUP, queries.nodes()[0].pk)
    assert queries.convergence("orders", "production").nodes == ()
    fresh = node("n1")
    assert fresh != token
    assert [n.name for n in queries.convergence("orders", "production").laggards] == ["n1"]
    assert acknowledge(fresh, change) is Outcome.ACCEPTED
    with pytest.raises(Forbidden):
        acknowledge(token, change)
