"""The ledger: heard once, tagged, told in groups to the right people, never muted, handed over at the end."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.callers import caller
from tests.given_alerts import SLOW, alert, call, heard, open_window
from tests.given_windows import person, service
from windows.access.roles import ENGINE, Role
from windows.alerts.commands import telling
from windows.alerts.commands.over import judge_overdue
from windows.alerts.commands.telling import tell_due
from windows.alerts.models import Alert, AlertFact, AlertGroup
from windows.audit.clock import clock
from windows.audit.models import AuditEntry
from windows.delivery.models import Message
from windows.execution.commands.transitions import become
from windows.execution.models import Run
from windows.execution.states import RunStatus
from windows.live.models import LiveScope

pytestmark = pytest.mark.django_db(transaction=True)
CARL, OTTO, SAM = "carl@example.org", "otto@example.org", "sam@example.org"


def said() -> list[tuple[str, str]]:
    """Whom, and how urgently, of what has been told so far."""
    return sorted(Message.objects.values_list("recipient", "urgency"))


def told_again_at_once() -> None:
    """The groups' rest is over."""
    AlertGroup.objects.update(told_at=clock() - timedelta(hours=1))
    AlertGroup.objects.filter(wake_at__isnull=False).update(wake_at=clock())
    tell_due()


def finish(run: Run) -> None:
    with transaction.atomic():
        for status in (RunStatus.VALIDATING, RunStatus.SUCCEEDED):
            become(run, status, ENGINE, reason="done", now=clock())
    tell_due()


def test_n03_a_critical_one_pages_a_warning_is_a_ticket_and_one_out_of_scope_is_as_on_any_day() -> None:
    run = open_window()
    given_mail = person("mia", ("post", Role.ON_CALL))
    service("mail", "post")
    heard(alert(), alert("OrdersWarm", severity="warning"), alert("MailDown", service="mail"))
    tell_due()
    reference = run.window.reference
    assert said() == sorted([(CARL, "page"), (CARL, "ticket"), (OTTO, "page"), (OTTO, "ticket"), (given_mail.email, "page")])
    page = Message.objects.get(recipient=OTTO, urgency="page")
    assert page.window == reference and page.title.startswith(f"{reference} alert: OrdersDown")
    for word in ("Step: Rebuild the index", "Coordinator: Carl", "Owner: Olga", f"/windows/{reference}", "It is not expected."):
        assert word in page.body
    untouched = Message.objects.get(recipient=given_mail.email)
    assert (untouched.window, untouched.title) == ("", "MailDown on mail/production")
    rows = dict(Alert.objects.values_list("name", "window"))
    assert rows == {"OrdersDown": reference, "OrdersWarm": reference, "MailDown": ""}
    assert Alert.objects.get(name="OrdersDown").step == "Rebuild the index"
    entry = AuditEntry.objects.filter(kind="alerts.heard").get()
    assert entry.data["new"] == 3 and entry.data["page"] == 2


def test_f03_an_expected_one_is_a_ticket_and_pages_when_its_time_is_over_and_it_still_fires() -> None:
    open_window(SLOW)
    heard(alert("OrdersSlow"))
    tell_due()
    assert said() == [(CARL, "ticket"), (OTTO, "ticket")]
    row = Alert.objects.get()
    assert row.is_expected and "the index is rebuilt" in row.reasons[-1]
    assert judge_overdue() == 0
    Alert.objects.update(expected_until=clock())
    LiveScope.objects.update(since=clock() - timedelta(minutes=31))
    assert judge_overdue() == 1
    tell_due()
    assert (OTTO, "page") in said()
    assert [fact.kind for fact in AlertFact.objects.order_by("pk")] == ["fired", "told", "routed", "told"]
    assert judge_overdue() == 0


def test_r_g01_of_500_critical_alerts_every_one_is_in_a_message_and_none_is_muted() -> None:
    open_window(SLOW)
    heard(*(alert(f"Down{n}") for n in range(500)))
    tell_due()
    told = Message.objects.get(recipient=OTTO)
    assert told.urgency == "page" and "and 499 more" in told.title
    assert not Alert.objects.filter(told_at=None).exists()
    assert AlertFact.objects.filter(kind="told").count() == 500


def test_r_g02_what_lies_outside_pages_on_call_though_a_window_is_open() -> None:
    open_window(SLOW)
    heard(*(alert("OrdersSlow", environment=place) for place in ("staging", "test")), alert("OrdersSlow", service="unheard-of"))
    tell_due()
    assert Alert.objects.filter(window="", action="page").count() == 3
    assert {(OTTO, "page"), (SAM, "page")} <= set(said()), "a service nobody owns pages the SREs"


def test_r_g04_calls_repeated_shuffled_and_out_of_order_are_one_alert_and_one_message() -> None:
    open_window()
    at = clock()
    calls = [(alert(f"A{n}", at=at, over=over),) for n in range(6) for over in (False, True) for _ in range(3)]
    dice = random.Random(4)
    for _ in range(3):
        dice.shuffle(calls)
        for one in calls:
            heard(*one)
        tell_due()
    assert Alert.objects.count() == 6
    assert not Alert.objects.filter(ends_at=None).exists()
    assert AlertFact.objects.filter(kind="fired").count() == AlertFact.objects.filter(kind="resolved").count() == 6
    assert Message.objects.filter(recipient=OTTO).count() <= 1
    assert not Alert.objects.filter(told_at=None).exists()


def test_r_g06_a_storm_is_a_message_at_once_and_one_a_minute() -> None:
    open_window()
    for burst in range(5):
        heard(*(alert(f"Down{burst}-{n}") for n in range(400)))
        tell_due()
    assert Message.objects.filter(recipient=OTTO).count() == 1, "the rest waits for its minute"
    told_again_at_once()
    assert Message.objects.filter(recipient=OTTO).count() == 2
    told_again_at_once()  # 1,600 in messages of 1,000
    assert Message.objects.filter(recipient=OTTO).count() == 3
    assert not Alert.objects.filter(told_at=None).exists()


def test_what_must_always_page_does_not_wait_for_the_storm() -> None:
    open_window()
    heard(*(alert(f"Down{n}") for n in range(20)))
    tell_due()
    heard(alert("DiskFull", class_="capacity_exhausted", severity="info"))
    tell_due()
    assert [m.title.partition(": ")[2] for m in Message.objects.filter(recipient=OTTO).order_by("pk")][
        -1
    ] == "DiskFull on orders/production"


def test_n04_down_before_pages_no_more_down_inside_is_handed_over_and_recovered_is_only_reported() -> None:
    run = open_window(SLOW, dict(SLOW, alert="NeverCame"))
    before, began = clock() - timedelta(hours=1), clock()
    heard(alert("Before", at=before), alert("OrdersSlow", at=began), alert("Warm", at=began, severity="warning"), alert("Down", at=began))
    heard(alert("Warm", at=began, severity="warning", over=True))
    tell_due()
    Message.objects.all().delete()
    finish(run)
    (page,) = Message.objects.filter(recipient=OTTO)
    assert page.urgency == "page" and "began inside it and still fires: OrdersSlow" in page.title
    assert "Before" not in page.body and "Down" not in page.title, "what has paged already does not page again"
    assert set(Alert.objects.exclude(handed_over_at=None).values_list("name", flat=True)) == {"OrdersSlow", "Down"}
    data = AuditEntry.objects.get(kind="alerts.handed_over").data
    assert (data["still_firing"], data["recovered"]) == (["OrdersSlow", "Down"], 1)
    assert [line.split()[0] for line in data["expected_but_missing"]] == ["NeverCame"]
    finished = clock()
    heard(alert("Late", at=began), alert("OrdersSlow", at=began), alert("After", at=finished))
    tell_due()
    assert Alert.objects.get(name="Late").window == run.window.reference, "heard of after the end, and it began inside"
    assert Alert.objects.get(name="After").window == ""
    assert Message.objects.filter(recipient=OTTO, body__contains="OrdersSlow").count() == 1


def test_one_that_is_reported_over_and_fires_again_much_later_is_told_again() -> None:
    open_window()
    at = clock()
    heard(alert(at=at))
    heard(alert(at=at, over=True))
    tell_due()
    Alert.objects.update(resolved_heard_at=clock() - timedelta(hours=1))
    assert heard(alert(at=at)).known == 1
    told_again_at_once()
    assert Message.objects.filter(recipient=OTTO).count() == 2
    assert AlertFact.objects.filter(kind="fired_again").exists() and Alert.objects.get().ends_at is None


def test_facts_of_the_ledger_never_change() -> None:
    heard(alert())
    with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
        AlertFact.objects.update(said="nothing happened")


def test_where_there_is_nobody_to_tell_the_ledger_says_so() -> None:
    heard(alert(service="nobodys"))
    tell_due()
    assert AlertFact.objects.filter(kind="unheard").exists() and not Message.objects.exists()
    assert AuditEntry.objects.filter(kind="alerts.unheard").exists()


def test_a_call_of_500_costs_a_constant_number_of_queries(django_assert_max_num_queries: Any) -> None:
    open_window(SLOW)
    sent = [alert(f"A{n}") for n in range(500)]
    with django_assert_max_num_queries(20):
        heard(*sent)
    with django_assert_max_num_queries(40):
        tell_due()


def test_only_a_token_that_may_send_alerts_reaches_the_ledger() -> None:
    sender = caller(person("sam", ("infra", Role.SRE)), "send_alerts")
    answer = sender.post("/alerts/alertmanager", call(alert()))
    assert answer.status_code == 200 and answer.json() == {"new": 1, "resolved": 0, "known": 0, "refused": []}
    for other in (caller(person("sam"), "read"), caller(person("mo", ("shop", Role.OWNER)))):
        assert other.post("/alerts/alertmanager", call(alert("Other"))).status_code == 403
    assert Alert.objects.count() == 1
    broken = sender.post("/alerts/alertmanager", {"version": "3"})
    assert broken.status_code == 422 and broken.json()["field"] == "version"


def test_a_group_that_cannot_be_told_is_put_off_and_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    open_window()
    heard(alert("Poison"), alert("Warm", severity="warning"))
    real = telling.tell

    def tell(rows: list[Alert], *rest: Any) -> None:
        if rows[0].name == "Poison":
            raise ValueError("a bug")
        real(rows, *rest)

    monkeypatch.setattr(telling, "tell", tell)
    assert tell_due() == 1 and {urgency for _, urgency in said()} == {"ticket"}
    waiting = AlertGroup.objects.get(wake_at__isnull=False)
    assert waiting.key.endswith(":page") and waiting.wake_at is not None and waiting.wake_at > clock(), "it is not asked at every tick"
    monkeypatch.setattr(telling, "tell", real)
    AlertGroup.objects.filter(pk=waiting.pk).update(wake_at=clock())
    assert tell_due() == 1 and ("otto@example.org", "page") in said()


def test_what_is_only_repeated_is_not_written_again() -> None:
    open_window()
    storm = [alert(f"Down{n}") for n in range(50)]
    heard(*storm)
    before = set(xmin())
    assert heard(*storm).known == 50 and set(xmin()) == before
    Alert.objects.update(last_heard_at=clock() - timedelta(hours=2))
    heard(*storm)
    assert not Alert.objects.filter(last_heard_at__lt=clock() - timedelta(hours=1)).exists(), "but that it still fires is kept"


def xmin() -> list[tuple[int, str]]:
    """Which transaction wrote each row last."""
    with connection.cursor() as cursor:
        cursor.execute("select id, xmin::text from alerts_alert order by id")
        return [(int(key), str(by)) for key, by in cursor.fetchall()]


def test_whoever_tells_locks_alerts_before_their_group_as_whoever_hears_does() -> None:
    open_window()
    for act in (lambda: heard(alert()), tell_due):
        with CaptureQueriesContext(connection) as asked:
            act()
        told = [one["sql"] for one in asked if "FOR UPDATE" in one["sql"]]
        locks = [table for sql in told for table in ("alerts_alertgroup", "alerts_alert") if f'FROM "{table}"' in sql]
        assert locks == sorted(locks), "alerts first"
        assert "alerts_alertgroup" in locks
