"""Real connections against each other: slots, freezes, edits and starts."""

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.utils import OperationalError
from psycopg import errors

from tests import given_windows as given
from windows.access.roles import ENGINE, Role
from windows.approvals.commands import amend_window, claim_start, decide, decisions, request_window
from windows.approvals.models import ApprovalRequest, Policy
from windows.approvals.policy import digest
from windows.approvals.queries import material_of, standing
from windows.audit.models import AuditEntry
from windows.catalogue.models import Membership, Person, Service
from windows.errors import Conflict, Refused, Stale
from windows.lifecycle.states import WindowStatus
from windows.scheduling.commands import transitions
from windows.scheduling.commands.drafts import edit_draft
from windows.scheduling.commands.freezes import FreezeDraft, create_freeze, lift_freeze
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.commands.transitions import move
from windows.scheduling.models import Window, WindowScope

pytestmark = pytest.mark.django_db(transaction=True)
CONNECTIONS = 50  # the embedded server takes 80


def race(*acts: Callable[[], Any], at_once: int = CONNECTIONS) -> list[Any]:
    """Run the acts in threads of their own, each on its own connection; what they return, or the refusal they raise."""
    start, room = threading.Event(), threading.BoundedSemaphore(at_once)

    def run(act: Callable[[], Any]) -> Any:
        start.wait(120)
        with room:
            try:
                return act()
            except Refused as refused:
                return refused
            finally:
                connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        found = [pool.submit(run, act) for act in acts]
        start.set()
        return [one.result(120) for one in found]


def people() -> tuple[Any, Any, Any]:
    return given.actor("ada", ("shop", Role.MEMBER)), given.actor("olga", ("shop", Role.OWNER)), given.actor("sam", ("platform", Role.SRE))


def won(results: Sequence[Any]) -> list[Any]:
    return [one for one in results if not isinstance(one, Refused)]


def test_r_e01_of_200_rivals_for_a_slot_one_is_accepted() -> None:
    ada, *_ = people()
    rivals = [given.window(ada, hours=0.5 + 0.001 * n) for n in range(200)]
    results = race(*[lambda w=w: request_window(ada, w.pk, reason="All of us.") for w in rivals])
    (winner,) = won(results)
    losers = [one for one in results if isinstance(one, Refused)]
    assert len(losers) == 199 and all(isinstance(one, Conflict) and one.field == "scope" for one in losers)
    assert {one.rival for one in losers if isinstance(one, Conflict)} == {winner.reference}
    assert list(WindowScope.objects.filter(holds_slot=True).values_list("window_id", flat=True)) == [winner.pk]
    assert Window.objects.filter(status="draft").count() == 199 and ApprovalRequest.objects.count() == 1


def test_r_e01_the_constraint_alone_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the queue that keeps rivals from deadlocking, and without the look before: still one, and no error but Conflict."""
    ada, *_ = people()
    monkeypatch.setattr(transitions, "line_up", lambda services: None)
    rivals = [given.window(ada) for _ in range(6)]

    @one_transaction
    def take(window_id: int) -> Window:
        return move(window_id, WindowStatus.REQUESTED, ada, "window.requested", expected=WindowStatus.DRAFT)

    results = race(*[lambda w=w: take(w.pk) for w in rivals])
    assert len(won(results)) == 1 and all(isinstance(one, Conflict) for one in results if isinstance(one, Refused))
    assert WindowScope.objects.filter(holds_slot=True).count() == 1


def test_r_e02_a_freeze_and_an_approval_know_of_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Either the approval saw the freeze and was refused, or the freeze's report tells that the window was granted already."""
    ada, olga, sam = people()
    judged = decisions.counted

    def slowly(*args: Any) -> Any:
        time.sleep(0.02)  # between "there is no freeze" and the commit: the gap that write skew slips through
        return judged(*args)

    monkeypatch.setattr(decisions, "counted", slowly)
    Policy.objects.create(name="owner", position=1, requires=[{"role": "owner", "quorum": 1, "team": "owner"}])
    seen: Counter[str] = Counter()
    for pair in range(30):
        window = request_window(ada, given.window(ada, starts_at=given.soon(24 + 2 * pair)).pk)
        draft = FreezeDraft(title=f"Freeze {pair}", starts_at=window.starts_at, ends_at=window.ends_at)
        late = pair % 3  # 0: both at once, 1: the approval later, 2: the freeze later

        def approve(window: Window = window, wait: float = 0.04 * (late == 1)) -> Window:
            time.sleep(wait)
            return decide(olga, window.pk, "approved")

        def freeze(draft: FreezeDraft = draft, wait: float = 0.0025 * pair * (late == 2)) -> Any:
            time.sleep(wait)
            return create_freeze(sam, draft)

        decided, frozen = race(approve, freeze)
        report = AuditEntry.objects.get(kind="freeze.created", subject=f"freeze:{frozen.pk}").data
        if isinstance(decided, Conflict):
            seen["the approval saw the freeze"] += 1
            assert decided.field == "freeze" and Window.objects.get(pk=window.pk).status == "requested"
        else:
            seen["the freeze tells of the approval"] += 1
            assert decided.status == "approved" and report["granted"] == [window.reference]
        assert report["windows"] == [window.reference]
        lift_freeze(sam, frozen.pk, "Next pair.")
    assert len(seen) == 2 and sum(seen.values()) == 30, seen


def test_r_e12_of_parallel_edits_one_wins() -> None:
    ada, *_ = people()
    window = given.window(ada)
    results = race(*[lambda n=n: edit_draft(ada, window.pk, {"title": f"Title {n}"}, 1) for n in range(20)])
    assert len(won(results)) == 1 and sum(isinstance(one, Stale) for one in results) == 19
    assert Window.objects.get().title == won(results)[0].title and Window.objects.get().version == 2


EDITS: dict[str, Callable[[Window], Any]] = {
    "period": lambda w: Window.objects.filter(pk=w.pk).update(ends_at=w.ends_at + timedelta(minutes=5)),
    "scope row": lambda w: WindowScope.objects.create(
        window=w,
        service_id=w.scopes.first().service_id,
        environment="production",
        region="r1",
        layer="L9",
        reserved=(w.starts_at, w.ends_at),
    ),
    "scope change": lambda w: WindowScope.objects.filter(window=w).update(layer="L1"),
    "tier": lambda w: Service.objects.filter(slug="orders").update(tier=random.choice([1, 2, 4])),
    "approver disabled": lambda w: Person.objects.filter(email="olga@example.org").update(is_active=False),
    "approver's role": lambda w: Membership.objects.filter(person__email="olga@example.org").update(role="viewer"),
}


RACES = int(os.environ.get("ROADWORKS_RACES", "6"))  # of each kind of edit with a start


@pytest.mark.parametrize("edit", EDITS)
def test_r_e09_no_start_with_another_digest_than_was_approved(edit: str) -> None:
    """An edit past every command races with the start: the run begins as approved, or not at all."""
    ada, olga, _ = people()
    seen: Counter[str] = Counter()
    for round_ in range(RACES):
        Person.objects.update(is_active=True)
        Membership.objects.filter(person=olga.person_id).update(role="owner")
        window = request_window(ada, given.window(ada, starts_at=given.soon(24 + 3 * round_)).pk)
        decide(olga, window.pk, "approved")
        approved = ApprovalRequest.objects.get(window=window).digest

        claimed, order = threading.Event(), round_ % 3  # 0: both at once, 1: the edit comes after the claim, 2: before

        def start(window: Window = window, claimed: threading.Event = claimed, order: int = order) -> tuple[str, bool]:
            time.sleep(0.05 * (order == 2))
            with transaction.atomic():
                claim_start(window.pk)
                claimed.set()
                time.sleep(0.03)  # the edit has every chance to slip in before the commit
                move(window.pk, WindowStatus.RUNNING, ENGINE, "run.started", expected=WindowStatus.APPROVED)
                return digest(material_of(window.pk)), standing(window.pk).valid

        def change(window: Window = window, claimed: threading.Event = claimed, order: int = order) -> None:
            if order == 1:
                assert claimed.wait(120)
            EDITS[edit](window)

        started, _ = race(start, change)
        if isinstance(started, Conflict):
            seen["refused"] += 1
            assert Window.objects.get(pk=window.pk).status == "approved"
        else:
            seen["started"] += 1
            assert started == (approved, True)
    assert len(seen) == 2, f"the race was never tight: {seen}"


def test_r_b09_whatever_collides_is_refused_and_never_an_error() -> None:
    ada, olga, sam = people()
    windows = [request_window(ada, given.window(ada, starts_at=given.soon(24 + 4 * n)).pk) for n in range(6)]
    acts: list[Callable[[], Any]] = []
    for number, window in enumerate(windows):
        target = windows[(number + 1) % len(windows)]
        moved = {"starts_at": target.starts_at, "ends_at": target.ends_at}
        acts.append(lambda w=window: decide(olga, w.pk, "approved"))
        acts.append(lambda w=window, m=moved: amend_window(ada, w.pk, m, 2))
        acts.append(lambda w=window: create_freeze(sam, FreezeDraft(title="Peak", starts_at=w.starts_at, ends_at=w.ends_at)))
    random.Random(9).shuffle(acts)
    results = race(*acts)
    refused = [one for one in results if isinstance(one, Refused)]
    assert all(isinstance(one, Conflict | Stale) for one in refused) and refused
    for window in Window.objects.filter(status="approved"):
        assert standing(window.pk).valid
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from scheduling_windowscope a join scheduling_windowscope b on a.window_id < b.window_id"
            " and a.service_id = b.service_id and a.region = b.region and a.reserved && b.reserved and a.holds_slot and b.holds_slot"
        )
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize(("failures", "calls"), [(0, 1), (2, 3), (3, 3)])
def test_r_b09_a_deadlock_is_tried_three_times(failures: int, calls: int) -> None:
    made: list[int] = []

    @one_transaction
    def act() -> str:
        made.append(1)
        if len(made) <= failures:
            raise OperationalError("deadlock detected") from errors.DeadlockDetected()
        return "done"

    if failures < 3:
        assert act() == "done"
    else:
        with pytest.raises(Conflict):
            act()
    assert len(made) == calls


def test_r_b09_other_errors_are_not_tried_again() -> None:
    @one_transaction
    def act() -> None:
        raise OperationalError("gone") from errors.AdminShutdown()

    with pytest.raises(OperationalError):
        act()
