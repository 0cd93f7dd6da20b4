"""A real Alertmanager sends to us, and is asked what its silences withhold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.callers import token_of
from tests.given_alerts import open_window
from tests.given_windows import person
from tests.kind_context import FakeContext
from tests.servers import Alertmanager
from windows.access.roles import Role
from windows.actions.kinds import silence
from windows.actions.ports import PortError
from windows.actions.registry import perform
from windows.alerts.commands.telling import tell_due
from windows.alerts.commands.withheld import hear_withheld
from windows.alerts.models import Alert, AlertFact
from windows.audit.clock import clock
from windows.delivery.models import Message
from windows.execution.models import Run
from windows.execution.ports.limits import Limits
from windows.execution.ports.surfaces import Surfaces

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sending(alertmanager: Alertmanager, live_server: Any, settings: Any) -> Iterator[Alertmanager]:
    """An Alertmanager whose webhook is this portal, and which our silences reach."""
    settings.ALERTMANAGER_URL = alertmanager.url
    for old in alertmanager.silences("active", "pending"):
        alertmanager.take_away(old["id"])
    token = token_of(person("ada", ("infra", Role.SRE)), "send_alerts")
    alertmanager.sends_to(f"{live_server.url}/api/v1/alerts/alertmanager", token)
    yield alertmanager
    alertmanager.sends_nowhere()


def fired(name: str, severity: str = "critical", **labels: str) -> dict[str, Any]:
    """As Prometheus sends it."""
    now = clock()
    named = {"alertname": name, "service": "orders", "environment": "production", "severity": severity} | labels
    times = {"startsAt": now, "endsAt": now + timedelta(hours=1)}
    return {"labels": named, "annotations": {"summary": "of a test"}, **{key: at.isoformat() for key, at in times.items()}}


def silenced(run: Run, *alerts: str) -> None:
    """A silence step of the run's runbook."""
    told = silence.Params(service="orders", alerts=list(alerts), environment="production").model_dump(mode="json")
    tags = {"maintenance.window": run.window.reference, "maintenance.step": "Expect noise", "maintenance.scope": "orders/production/r1"}
    perform("silence", told, "run", FakeContext(surfaces=Surfaces(run, Limits.of(5, lambda: False)), tags=tags))


def test_n03_what_a_real_alertmanager_sends_is_tagged_told_and_resolved(sending: Alertmanager, eventually: Callable[..., Any]) -> None:
    run = open_window()
    down = fired("OrdersDown")
    sending.fire(down, fired("OrdersWarm", "warning"), fired("MailDown", service="mail"))
    eventually(lambda: Alert.objects.count() == 3)
    rows = {row.name: (row.action, row.window) for row in Alert.objects.all()}
    reference = run.window.reference
    assert rows == {"OrdersDown": ("page", reference), "OrdersWarm": ("ticket", reference), "MailDown": ("page", "")}
    tell_due()
    assert Message.objects.filter(window=reference, recipient="otto@example.org", urgency="page").count() == 1
    sending.fire(down | {"endsAt": clock().isoformat()})
    eventually(lambda: Alert.objects.filter(name="OrdersDown", ends_at__isnull=False).exists())
    assert Alert.objects.count() == 3


def test_f03_n03_what_a_silence_withholds_stands_in_the_ledger_and_is_told_when_the_silence_goes(
    sending: Alertmanager, eventually: Callable[..., Any]
) -> None:
    run = open_window()
    silenced(run, "OrdersSlow")
    (placed,) = sending.silences("active")
    human = {"matchers": [{"name": "alertname", "value": "OrdersCold", "isRegex": False}], "startsAt": clock().isoformat(),
             "endsAt": (clock() + timedelta(hours=1)).isoformat(), "createdBy": "Hal", "comment": "known"}  # fmt: skip
    sending.post("/api/v2/silences", human)
    sending.fire(fired("OrdersSlow"), fired("OrdersCold"))
    eventually(lambda: hear_withheld() == 2)
    ours, theirs = Alert.objects.get(name="OrdersSlow"), Alert.objects.get(name="OrdersCold")
    assert (ours.action, ours.is_expected) == ("ticket", True) and run.window.reference in ours.withheld
    assert (theirs.action, theirs.is_expected) == ("annotate", False) and "Hal" in theirs.withheld
    tell_due()
    assert not Message.objects.filter(urgency="page").exists()
    sending.take_away(placed["id"])
    eventually(lambda: Alert.objects.get(name="OrdersSlow").action == "page")
    tell_due()
    assert Message.objects.filter(urgency="page", recipient="otto@example.org").count() == 1
    assert {"fired", "withheld", "told", "routed"} <= set(AlertFact.objects.filter(alert=ours).values_list("kind", flat=True))


def test_nothing_is_asked_while_no_window_is_open_and_an_absent_alertmanager_is_said(settings: Any) -> None:
    settings.ALERTMANAGER_URL = "http://127.0.0.1:9"
    assert hear_withheld() == 0
    open_window()
    with pytest.raises(PortError):
        hear_withheld()
