"""One row that cannot be dealt with holds up no other: each act of time goes on to the next, and what went wrong is logged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest

from tests import given_windows as given
from windows.access.roles import Role
from windows.approvals import tasks
from windows.approvals.commands import emergencies, expiry, reminders, request_window
from windows.approvals.models import EmergencyApproval, Policy
from windows.audit import going_on
from windows.audit.clock import clock
from windows.catalogue.models import Person
from windows.reviews.commands import closing, digests, follow_ups, leftovers
from windows.reviews.models import FollowUp
from windows.scheduling.commands import change_periods
from windows.scheduling.models import ChangeCalendar, Window

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def windows(**columns: Any) -> list[Window]:
    olga = given.actor("olga", ("shop", Role.OWNER))
    made = [given.window(olga, slug) for slug in ("orders", "baskets")]
    Window.objects.update(**columns)
    return made


def requested() -> None:
    Policy.objects.create(name="P", position=1, requires=[{"role": "owner", "quorum": 1, "team": "owner"}])
    ada = given.actor("ada", ("shop", Role.MEMBER))
    for number, slug in enumerate(("orders", "baskets")):
        request_window(ada, given.window(ada, slug, starts_at=given.soon(24 + 2 * number)).pk)


def late() -> None:
    requested()
    Window.objects.update(starts_at=clock() - DAY, ends_at=clock() - DAY / 2)


def called_off() -> None:
    requested()
    Window.objects.update(status="cancelled")


def begun() -> None:
    for window in windows():
        EmergencyApproval.objects.create(window=window, begun_at=clock() - 2 * DAY, due_at=clock() - DAY)


def left(kind: str) -> None:
    owner = given.person("olga", ("shop", Role.OWNER))
    for window in windows():
        FollowUp.objects.create(window=window, title="Do it", owner=owner, due_on=(clock() - 2 * DAY).date(), kind=kind, made_by="a test")


def calendars() -> None:
    sam = given.person("sam", ("platform", Role.SRE))
    for name in ("one", "two"):
        ChangeCalendar.objects.create(name=name, opens_by_default=True, kept_by=sam, unfolded_until=clock() - DAY)


def over() -> None:
    windows(status="completed", started_at=clock() - DAY, ended_at=clock() - DAY / 2)


CASES: list[tuple[ModuleType, str, str, Callable[[], None]]] = [
    (expiry, "expire_requests", "expire", late),
    (expiry, "end_left_open", "end_one", called_off),
    (reminders, "tell_approvers", "tell", requested),
    (emergencies, "remind_of_emergencies", "remind", begun),
    (follow_ups, "tell_overdue", "tell_one", lambda: left("follow_up")),
    (leftovers, "remind_of_leftovers", "remind", lambda: left("leftover")),
    (change_periods, "unfold_due", "unfold_anew", calendars),
    (closing, "close_reviewed", "note_leftovers", over),
    (closing, "close_reviewed", "close_if_done", over),
]


@pytest.fixture
def failed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The acts that were logged as failed."""
    found: list[str] = []
    monkeypatch.setattr(going_on.log, "exception", lambda what, *, act, **about: found.append(act), raising=False)
    return found


@pytest.mark.parametrize(("module", "act", "one", "given_"), CASES, ids=[f"{act} {one}" for _, act, one, _ in CASES])
def test_r_l15_one_that_raises_holds_up_no_other(
    module: ModuleType, act: str, one: str, given_: Callable[[], None], monkeypatch: pytest.MonkeyPatch, failed: list[str]
) -> None:
    given_()
    seen: list[Any] = []

    def broken_once(*which: Any) -> bool:
        seen.append(which)
        if len(seen) == 1:
            raise ValueError("broken")
        return True

    monkeypatch.setattr(module, one, broken_once)
    getattr(module, act)()
    assert (len(seen), len(failed)) == (2, 1)


def test_windows_are_closed_one_by_one_where_their_tasks_cannot_be_read_together(
    monkeypatch: pytest.MonkeyPatch, failed: list[str]
) -> None:
    def broken(ids: Any) -> Any:
        raise ValueError("broken")

    over()
    monkeypatch.setattr(closing, "review_tasks_of_all", broken)
    assert closing.close_reviewed() is None
    assert Window.objects.filter(closed_at=None).count() == 0 and failed == ["ask for review tasks together"]


def test_a_zone_that_nobody_knows_holds_up_no_digest(monkeypatch: pytest.MonkeyPatch, failed: list[str]) -> None:
    for name in ("ada", "bob"):
        given.person(name)
    Person.objects.update(wants_digest=True)
    Person.objects.filter(name="Ada").update(timezone="Nowhere/At_all")
    sent: list[int] = []
    monkeypatch.setattr(digests, "send_one", lambda person_id, now: bool(sent.append(person_id)) or True)
    assert digests.send_digests() == 1 and sent == [Person.objects.get(name="Bob").pk] and failed == ["send a digest"]


def test_one_act_of_a_sweep_that_fails_leaves_the_others_their_turn(monkeypatch: pytest.MonkeyPatch, failed: list[str]) -> None:
    told: list[str] = []

    def expire_requests() -> None:
        raise ValueError("broken")

    monkeypatch.setattr(tasks, "expire_requests", expire_requests)
    monkeypatch.setattr(tasks, "tell_approvers", lambda: told.append("told") or 1)
    tasks.sweep()
    assert (told, failed) == (["told"], ["expire_requests"])
