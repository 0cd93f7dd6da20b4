"""What need not be kept for ever goes, by its age and no sooner; in small transactions that an index serves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection

from portal.api import tasks as portal_tasks
from portal.api.models import FailedSignIn, StoredAnswer
from tests import given_runs as runs
from windows.alerts import tasks as alerts_tasks
from windows.alerts.models import Alert, AlertFact, AlertGroup, PastWindow
from windows.audit.clock import clock
from windows.audit.forgetting import forget, spare
from windows.delivery import tasks as delivery_tasks
from windows.delivery.models import Message
from windows.execution import tasks as execution_tasks
from windows.execution.models import GateReading, StepLog

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def aged(table: str, column: str, age: timedelta) -> None:
    """Let time pass for every row of a table: its clock is turned back."""
    with connection.cursor() as cursor:
        cursor.execute(f"update {table} set {column} = {column} - %s", [age])


@pytest.mark.parametrize(("age", "left"), [(399 * DAY, 3), (401 * DAY, 0)])
def test_step_logs_and_gate_readings_live_for_400_days(age: timedelta, left: int) -> None:
    run = runs.run_of(runs.step())
    for n in range(3):
        StepLog.objects.create(run=run, position=1, text=f"line {n}")
        GateReading.objects.create(run=run, gate="g", value=1.0, verdict="pass")
    aged("execution_steplog", "at", age)
    aged("execution_gatereading", "at", age)
    assert execution_tasks.forget() == 2 * (3 - left)
    assert StepLog.objects.count() == GateReading.objects.count() == left and run.steps.count() == 1, "what was done is told for ever"


def message(key: str, **facts: Any) -> None:
    said = {"channel": "email", "recipient": "a@example.org", "urgency": "page", "title": "t", "body": "b"}
    Message.objects.create(dedup_key=key, **said, **facts)


def test_only_what_was_delivered_long_ago_leaves_the_outbox() -> None:
    long_ago = clock() - 401 * DAY
    message("old", status="delivered", wake_at=None, delivered_at=long_ago)
    message("young", status="delivered", wake_at=None, delivered_at=clock())
    message("dead", status="dead", wake_at=None, created_at=long_ago)
    message("waiting", created_at=long_ago)
    assert delivery_tasks.forget() == 1
    assert set(Message.objects.values_list("dedup_key", flat=True)) == {"young", "dead", "waiting"}


@pytest.mark.parametrize(("age", "left"), [(399 * DAY, 1), (401 * DAY, 0)])
def test_alerts_go_with_what_was_said_of_them(age: timedelta, left: int) -> None:
    row = Alert.objects.create(fingerprint="f", starts_at=clock(), name="Slow", action="page", group="g")
    AlertFact.objects.create(alert=row, kind="fired")
    aged("alerts_alert", "last_heard_at", age)
    alerts_tasks.forget()
    assert Alert.objects.count() == AlertFact.objects.count() == left


def test_windows_that_alerts_remember_and_groups_that_sleep_go_too_but_never_one_that_is_open() -> None:
    for days in (399, 401):
        ended = clock() - days * DAY
        PastWindow.objects.create(window=f"MW-{days}", run_id=1, title="t", since=ended - DAY, ended_at=ended, scopes=[])
    for key, facts in {"idle": {}, "open": {"episode": 1}, "young": {"told_at": clock()}, "due": {"wake_at": clock()}}.items():
        AlertGroup.objects.create(key=key, **({"told_at": clock() - 31 * DAY} | facts))
    alerts_tasks.forget()
    assert set(PastWindow.objects.values_list("window", flat=True)) == {"MW-399"}
    assert set(AlertGroup.objects.values_list("key", flat=True)) == {"open", "young", "due"}


@pytest.mark.parametrize(("age", "left"), [(23, 1), (25, 0)])
def test_answers_sessions_and_failed_sign_ins_do_not_pile_up(age: int, left: int) -> None:
    StoredAnswer.objects.create(person_id=1, key="k", digest="d", request_id="r", status=200)
    FailedSignIn.objects.create(account="a", address="::1")
    Session.objects.create(session_key="s", session_data="", expire_date=clock() + 24 * timedelta(hours=1))
    for table, column in (("api_storedanswer", "created_at"), ("api_failedsignin", "at"), ("django_session", "expire_date")):
        aged(table, column, timedelta(hours=age))
    assert portal_tasks.forget() == 3 * (1 - left)
    assert StoredAnswer.objects.count() == FailedSignIn.objects.count() == Session.objects.count() == left


def test_forgetting_goes_in_small_bites_and_stops_where_it_must(django_assert_num_queries: Callable[..., Any]) -> None:
    run = runs.run_of(runs.step())
    StepLog.objects.bulk_create(StepLog(run=run, position=1, text=str(n)) for n in range(25))
    with django_assert_num_queries(3):
        assert forget(StepLog.objects.all(), batch=10) == 25
    StepLog.objects.bulk_create(StepLog(run=run, position=1, text=str(n)) for n in range(25))
    assert forget(StepLog.objects.all(), batch=10, most=2) == 20 and StepLog.objects.count() == 5, "the next tick goes on"
    with django_assert_num_queries(2):
        assert spare(StepLog.objects.exclude(text="kept"), batch=4, text="kept") == 5


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("execution_steplog", "at"), ("execution_gatereading", "at"), ("delivery_message", "delivered_at"),
        ("api_storedanswer", "created_at"), ("api_failedsignin", "at"), ("django_session", "expire_date"),
    ],
)  # fmt: skip
def test_an_index_knows_the_age(table: str, column: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        cursor.execute(f"explain select 1 from {table} where {column} < now() - interval '400 days'")
        assert "Index" in "".join(row[0] for row in cursor.fetchall())
