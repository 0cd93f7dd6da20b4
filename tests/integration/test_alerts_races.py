"""Who hears of alerts, hands them over and tells of them locks alerts first and groups after that, once: nobody waits in a circle."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction

from tests.given_alerts import alert, heard, open_window
from windows.alerts.commands import groups, hearing, judging, over
from windows.alerts.commands.over import hand_over
from windows.alerts.commands.telling import tell_due, tell_one
from windows.alerts.models import Alert, AlertGroup
from windows.audit.clock import clock
from windows.delivery.models import Message

pytestmark = pytest.mark.django_db(transaction=True)
MOMENT = 0.5  # seconds: long enough for the other transaction to lock what it can


def test_n04_hearing_and_handing_over_the_same_groups_never_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """One call brings something new into a window's second group and makes a known one louder, in its first; meanwhile the window ends."""
    run = open_window()
    name, began = run.window.reference, clock()
    back, down, silenced = alert("Back", class_="rollback_required", at=began), alert(at=began), alert("Silenced", at=began)
    heard(back, down, silenced)
    assert sorted(AlertGroup.objects.values_list("key", flat=True)) == [f"{name}:page", f"{name}:page:rollback_required:Back"]
    # as if it had been heard of, under somebody's silence, before the window began
    Alert.objects.filter(name="Silenced").update(
        window="", action="annotate", withheld="By somebody.", told_at=clock(), group="orders:annotate"
    )
    woken = threading.Event()

    def slowly(keys: Collection[str], now: datetime) -> None:
        groups.wake(keys, now)
        if keys:
            woken.set()
            threading.Event().wait(MOMENT)

    for module in (hearing, judging):
        if hasattr(module, "wake"):
            monkeypatch.setattr(module, "wake", slowly)
    failed = list[BaseException]()

    def beside(act: Callable[[], Any]) -> threading.Thread:
        def go() -> None:
            try:
                act()
            except BaseException as error:  # a deadlock: the test tells it
                failed.append(error)
            finally:
                connection.close()

        thread = threading.Thread(target=go)
        thread.start()
        return thread

    def end() -> None:
        with transaction.atomic():
            hand_over(name, clock())

    hearing_it = beside(lambda: heard(alert("Back", class_="rollback_required", pod="two"), silenced))
    assert woken.wait(60)
    ending_it = beside(end)
    hearing_it.join(60)
    ending_it.join(60)
    assert not failed, failed
    assert Alert.objects.get(name="Silenced").action == "page"
    tell_due()
    assert not Alert.objects.filter(told_at=None).exists()
    assert Message.objects.filter(urgency="page").count() >= 4


def test_n04_a_group_is_woken_once_in_a_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = list[Collection[str]]()
    for module in (hearing, over):
        monkeypatch.setattr(module, "wake", lambda keys, now: calls.append(keys))
    open_window()
    silenced = alert("Silenced", severity="warning")
    heard(silenced)
    Alert.objects.update(withheld="By somebody.", action="annotate")
    calls.clear()
    heard(silenced, alert())
    assert [len(keys) for keys in calls] == [2]


def test_r_g05_an_alert_heard_of_while_its_group_is_told_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """It commits after the untold were read and before the group was locked: it found the group awake."""
    open_window()
    heard(alert())
    group = AlertGroup.objects.get()
    real = AlertGroup.objects.select_for_update

    def late(*given: Any, **named: Any) -> Any:
        monkeypatch.setattr(AlertGroup.objects, "select_for_update", real)
        thread = threading.Thread(target=lambda: (heard(alert(pod="two")), connection.close()))
        thread.start()
        thread.join(60)
        return real(*given, **named)

    monkeypatch.setattr(AlertGroup.objects, "select_for_update", late)
    assert tell_one(group.pk)
    assert Alert.objects.filter(told_at=None).count() == 1
    assert AlertGroup.objects.get().wake_at is not None, "a page would be lost"
    AlertGroup.objects.update(wake_at=clock())
    tell_due()
    assert not Alert.objects.filter(told_at=None).exists()
