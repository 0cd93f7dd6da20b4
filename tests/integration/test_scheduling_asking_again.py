"""Conflicts are asked for again when an act may have changed them, and those affected are told once: when one comes, when it goes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests import given_runs
from tests import given_windows as given
from tests.callers import browser, caller
from tests.given_runs import World
from windows.access.roles import Role
from windows.approvals.commands import amend_window, decide, request_window, withdraw
from windows.approvals.models import Policy
from windows.audit.clock import clock
from windows.audit.commands import seal
from windows.audit.models import AuditEntry
from windows.catalogue.commands.dependencies import declare_dependency, withdraw_dependency
from windows.catalogue.commands.redundancy import define_redundancy_group, withdraw_redundancy_group
from windows.delivery.models import Message
from windows.execution.engine import loop
from windows.execution.models import Run
from windows.scheduling.commands import asking_again
from windows.scheduling.commands.asking_again import ask_again, read_trail
from windows.scheduling.commands.budgets import set_window_budget, withdraw_window_budget
from windows.scheduling.commands.calendars_in.objects import map_object, unmap_object
from windows.scheduling.commands.calendars_in.uploads import bring_in
from windows.scheduling.commands.freeze_series import except_from_freeze
from windows.scheduling.commands.freezes import FreezeDraft, create_freeze, lift_freeze
from windows.scheduling.commands.limits import set_limit, withdraw_limit
from windows.scheduling.models import Collision, ConflictQuestion, Freeze, TrailReader, Window
from windows.scheduling.queries.conflicts_ahead import conflicts_ahead
from windows.scheduling.queries.loads import month_start
from windows.scheduling.tasks import ask_conflicts

pytestmark = pytest.mark.django_db(transaction=True)
world = given_runs.world
HOUR = timedelta(hours=1)


@pytest.fixture
def ada() -> Any:
    return given.actor("ada", ("shop", Role.OWNER))


@pytest.fixture
def sre() -> Any:
    return given.actor("sam", ("platform", Role.SRE))


@pytest.fixture(autouse=True)
def read_from_here() -> None:
    seal()
    read_trail()


def tick() -> None:
    seal()
    ask_conflicts.run()


def asked(actor: Any, slug: str = "orders", **said: Any) -> Window:
    """One that waits for approval, and whose conflicts are known."""
    window = request_window(actor, given.window(actor, slug, **said).pk)
    tick()
    return window


def frozen(sre: Any, window: Window, **said: Any) -> Freeze:
    told: dict[str, Any] = {"title": "Peak", "starts_at": window.starts_at - HOUR, "ends_at": window.ends_at + HOUR}
    return create_freeze(sre, FreezeDraft(**(told | said)))


def told(window: Window) -> list[str]:
    """What its people were told, oldest first, without the addresses."""
    rows = Message.objects.filter(window=window.reference, dedup_key__startswith="collision:").order_by("pk")
    return list(dict.fromkeys(f"{row.title} {row.body}" for row in rows))


def entries(window: Window) -> list[str]:
    return list(
        AuditEntry.objects.filter(window=window.reference, kind__startswith="conflict.").order_by("id").values_list("kind", flat=True)
    )


def test_r_e02_a_freeze_that_lands_on_a_window_is_told_once_and_so_is_its_end(ada: Any, sre: Any) -> None:
    window, beside = asked(ada), asked(given.actor("ben", ("shop", Role.OWNER)), "mail", starts_at=given.soon(200))
    freeze = frozen(sre, window)
    for _ in range(3):
        tick()
    assert entries(window) == ["conflict.detected"] and entries(beside) == []
    (first,) = told(window)
    assert "hard" in first and "Changes are frozen" in first and "cannot start" in first
    (entry,) = AuditEntry.objects.filter(kind="conflict.detected")
    assert entry.data["conflicts"][0]["kind"] == "freeze" and Collision.objects.get().window_id == window.pk
    lift_freeze(sre, freeze.pk, "It is called off.")
    for _ in range(2):
        tick()
    assert entries(window) == ["conflict.detected", "conflict.resolved"] and "Gone" in told(window)[1]
    assert not Collision.objects.exists()


def test_an_exception_lets_a_freeze_go_for_its_window(ada: Any, sre: Any) -> None:
    window = asked(ada)
    freeze = frozen(sre, window)
    tick()
    except_from_freeze(sre, freeze.pk, "It must be.", window=window.pk)
    tick()
    assert entries(window) == ["conflict.detected", "conflict.resolved"]


def test_what_was_accepted_when_approval_was_asked_for_is_not_told_again(ada: Any, sre: Any) -> None:
    window = given.window(ada)
    frozen(sre, window, severity="soft")
    request_window(ada, window.pk, reason="It must be.")
    for _ in range(2):
        tick()
    assert entries(window) == [] and Collision.objects.count() == 1
    frozen(sre, window, title="Audit", severity="advisory")  # is only shown
    tick()
    assert entries(window) == []


def test_a_dependency_a_limit_and_a_group_are_heard_of(ada: Any, sre: Any) -> None:
    root = given.actor("root", administrator=True)
    given.service("orders", regions=("r1", "r2"))
    window = asked(ada, scope=(given.ScopeRow("orders", "production", "r1"),))
    ben = given.actor("ben", ("shop", Role.OWNER))
    rival = asked(ben, "bank")
    declare_dependency(ada, "orders", "bank")
    tick()
    assert entries(window) == ["conflict.detected"] == entries(rival)
    withdraw_dependency(ada, "orders", "bank")
    tick()
    assert entries(window)[1:] == ["conflict.resolved"] == entries(rival)[1:]
    limit = set_limit(root, "One of shop", 1, team="shop")
    tick()
    assert len(entries(window)) == 3 == len(entries(rival))
    withdraw_limit(root, limit.pk)
    tick()
    assert len(entries(window)) == 4 == len(entries(rival))
    members = [("orders", "production", "r1"), ("bank", "production", "r1")]
    define_redundancy_group(ada, "pair", "Pair", 1, members)
    tick()
    assert entries(window)[4:] == ["conflict.detected"] == entries(rival)[4:]
    withdraw_redundancy_group(ada, "pair")
    tick()
    assert entries(window)[5:] == ["conflict.resolved"] == entries(rival)[5:]


def test_x17_a_budget_that_is_set_later_is_heard_of_by_whoever_asked_last(ada: Any) -> None:
    root, begins = given.actor("root", administrator=True), month_start(clock() + timedelta(days=40)) + timedelta(days=3)
    first, second = asked(ada, starts_at=begins), asked(ada, starts_at=begins + timedelta(days=2))
    budget = set_window_budget(root, 1, service="orders")
    tick()
    assert entries(first) == [] and entries(second) == ["conflict.detected"]
    withdraw_window_budget(root, budget.pk)
    tick()
    assert entries(second) == ["conflict.detected", "conflict.resolved"]


def test_another_window_that_comes_and_goes_is_heard_of(ada: Any) -> None:
    given.service("orders")
    given.service("bank")
    given.needs("orders", "bank")
    window = asked(ada)
    ben = given.actor("ben", ("shop", Role.OWNER))
    rival = request_window(ben, given.window(ben, "bank").pk, reason="It must be.")
    tick()
    assert entries(window) == ["conflict.detected"] and entries(rival) == []  # ben was shown it
    withdraw(ben, rival.pk)
    tick()
    assert entries(window) == ["conflict.detected", "conflict.resolved"]
    assert not ConflictQuestion.objects.filter(window=rival.pk).exists()


def test_a_window_that_moves_is_gone_from_where_it_was_and_met_where_it_goes(ada: Any) -> None:
    given.service("orders")
    given.service("bank")
    given.needs("orders", "bank")
    early, late = asked(ada), asked(ada, starts_at=given.soon(72))
    ben = given.actor("ben", ("shop", Role.OWNER))
    rival = request_window(ben, given.window(ben, "bank").pk, reason="It must be.")
    tick()
    rival.refresh_from_db()
    amend_window(ben, rival.pk, {"starts_at": late.starts_at, "ends_at": late.ends_at}, rival.version, reason="It must be.")
    tick()
    assert entries(early) == ["conflict.detected", "conflict.resolved"] and entries(late) == ["conflict.detected"]
    assert entries(rival) == ["conflict.resolved"]  # of the one it met there its people gave the reason themselves


NOTE = """BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:m1\r\nSEQUENCE:{sequence}\r\nDTSTAMP:20260101T000000Z\r
SUMMARY:Fibre\r\nORGANIZER:mailto:noc@example.com\r\nDTSTART:{start:%Y%m%dT%H%M%SZ}\r\nDTEND:{end:%Y%m%dT%H%M%SZ}\r
X-MAINTNOTE-PROVIDER:example.com\r\nX-MAINTNOTE-ACCOUNT:a\r\nX-MAINTNOTE-MAINTENANCE-ID:1\r\nX-MAINTNOTE-OBJECT-ID:C-1\r
X-MAINTNOTE-IMPACT:OUTAGE\r\nX-MAINTNOTE-STATUS:{status}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"""


def test_a_providers_notice_and_what_it_reaches_are_heard_of(ada: Any, sre: Any) -> None:
    window = asked(ada)

    def notice(sequence: int, status: str = "CONFIRMED", later: timedelta = timedelta(0)) -> None:
        text = NOTE.format(sequence=sequence, status=status, start=window.starts_at + later, end=window.ends_at + later)
        assert bring_in(sre, text.encode()).incomplete == 0
        tick()

    notice(1)
    assert entries(window) == []  # nobody knows whom the circuit serves
    lead = map_object(ada, "example.com", "C-1", "orders")
    tick()
    assert entries(window) == ["conflict.detected"]
    notice(2, later=24 * HOUR)  # moved away
    assert entries(window) == ["conflict.detected", "conflict.resolved"]
    notice(3)
    notice(4, "CANCELLED")
    assert entries(window)[2:] == ["conflict.detected", "conflict.resolved"]
    notice(5)
    unmap_object(ada, lead.pk)
    tick()
    assert entries(window)[4:] == ["conflict.detected", "conflict.resolved"]


def test_n06_an_approved_window_with_a_new_hard_conflict_shows_it_and_cannot_start(ada: Any, sre: Any, world: World) -> None:
    Policy.objects.create(name="One owner", position=1, match={}, requires=[{"role": "owner", "quorum": 1, "team": "owner"}])
    ben = given.actor("ben", ("shop", Role.OWNER))
    window = asked(ada, starts_at=clock() - timedelta(seconds=30), hours=3)
    decide(ben, window.pk, "approved")
    freeze = frozen(sre, window)
    tick()
    window.refresh_from_db()
    assert window.status == "approved" and entries(window) == ["conflict.detected"]
    assert {row.urgency for row in Message.objects.filter(dedup_key__startswith="collision:")} == {"ticket"}
    page = browser(given.person("ada")).get(f"/windows/{window.reference}").content.decode()
    assert "Changes are frozen" in page and freeze.title in page
    assert caller(ada).post(f"/api/v1/windows/{window.reference}/start").status_code == 201  # the checks are asked, and answer
    run = Run.objects.get(window=window)
    loop.advance(run.pk, world.build)
    run.refresh_from_db()
    window.refresh_from_db()
    assert (run.status, window.status) == ("blocked", "approved") and freeze.title in run.reason


def test_a_hidden_rival_is_not_named(ada: Any) -> None:
    given.service("orders")
    given.service("keys", "vault")
    given.needs("orders", "keys")
    window = asked(ada)
    vic = given.actor("vic", ("vault", Role.OWNER))
    secret = request_window(vic, given.window(vic, "keys", team="vault", confidential=True).pk, reason="It must be.")
    tick()
    assert entries(window) == ["conflict.detected"] and secret.reference not in str(told(window))
    assert entries(secret) == []  # and it does not stand in its own way
    withdraw(vic, secret.pk)
    tick()
    assert entries(window) == ["conflict.detected", "conflict.resolved"]


def test_work_comes_in_batches_and_the_number_of_queries_does_not_follow_what_is_stored(
    ada: Any, sre: Any, django_assert_max_num_queries: Any
) -> None:
    windows = [asked(ada, f"s{n}", starts_at=given.soon(24 + 2 * n)) for n in range(6)]
    frozen(sre, windows[0], ends_at=windows[-1].ends_at)
    seal()
    assert read_trail() == 1 and ConflictQuestion.objects.filter(due_at__isnull=False).count() == 6
    with django_assert_max_num_queries(12 + 4 * 13):
        assert ask_again(limit=4) == 4
    assert ask_again(limit=4) == 2 and ask_again(limit=4) == 0
    assert AuditEntry.objects.filter(kind="conflict.detected").count() == 6
    seal()
    assert read_trail() == 6 and read_trail() == 0  # its own entries concern nobody


def test_a_window_that_cannot_be_judged_holds_up_no_other(ada: Any, sre: Any, monkeypatch: Any) -> None:
    """It is asked for again later, and answers then."""
    poison, *others = [asked(ada, f"s{n}", starts_at=given.soon(24 + 2 * n)) for n in range(3)]
    frozen(sre, poison, ends_at=others[-1].ends_at)

    def raises(ids: Any, *given_to: Any) -> Any:
        if poison.pk in ids:
            raise ValueError("a row that nobody foresaw")
        return conflicts_ahead(ids, *given_to)

    with monkeypatch.context() as patched:
        patched.setattr(asking_again, "conflicts_ahead", raises)
        tick()
    assert [entries(window) for window in (poison, *others)] == [[], ["conflict.detected"], ["conflict.detected"]]
    (question,) = ConflictQuestion.objects.filter(due_at__isnull=False)
    assert question.window_id == poison.pk and question.due_at > clock(), "not at once, or it would hold the tick"
    ConflictQuestion.objects.update(due_at=clock())
    tick()
    assert entries(poison) == ["conflict.detected"]


def test_what_stood_when_the_reading_began_is_told_to_nobody(ada: Any, sre: Any) -> None:
    window = asked(ada)
    TrailReader.objects.all().delete()
    ConflictQuestion.objects.all().delete()
    freeze = frozen(sre, window)
    for _ in range(2):
        tick()
    assert entries(window) == [] and Collision.objects.count() == 1
    lift_freeze(sre, freeze.pk, "Off.")
    tick()
    assert entries(window) == ["conflict.resolved"]
