"""What `manage.py load_example` leaves in the database."""

from __future__ import annotations

import json
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from examples.shop.data import access, people
from examples.shop.layout import SECRETS, SERIES, TOKENS
from slo.objectives.queries import budget
from slo.telemetry.queries import ratio
from windows.alerts.models import Alert
from windows.audit.models import AuditEntry
from windows.catalogue.queries import authenticate_token
from windows.delivery.models import Message
from windows.delivery.queries import pages_to
from windows.flags.models import Node
from windows.incidents.models import Complaint, Incident, IncidentLink
from windows.reviews.measures import MEASURES, value_of
from windows.reviews.models import FollowUp
from windows.reviews.queries.counted import counted_runs
from windows.reviews.queries.facts import facts_of
from windows.scheduling.models import Window
from windows.scheduling.queries.windows import window_view

pytestmark = pytest.mark.django_db(transaction=True)
TABLES = ("scheduling_window", "execution_run", "telemetry_measurement", "catalogue_apitoken", "approvals_approval", "flags_node",
          "alerts_alert", "alerts_alertfact", "incidents_incident", "incidents_incidentlink", "incidents_complaintlink", "reviews_followup",
          "delivery_message")  # fmt: skip


def counted() -> dict[str, int]:
    with connection.cursor() as cursor:
        found = {}
        for table in TABLES:
            cursor.execute(f"select count(*) from {table}")
            (found[table],) = cursor.fetchone()
        return found


def test_loading_the_example_twice_is_loading_it_once(tmp_path: Path) -> None:
    call_command("load_example", state=tmp_path, verbosity=0)
    first, keys, entries = counted(), (tmp_path / SECRETS).read_text(), AuditEntry.objects.count()
    call_command("load_example", state=tmp_path, verbosity=0)
    assert counted() == first
    assert (tmp_path / SECRETS).read_text() == keys
    assert AuditEntry.objects.count() == entries
    the_past_adds_up()
    people_can_do_what_they_are()
    for name in (SECRETS, TOKENS):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    lost_keys_are_made_anew(tmp_path)


def the_past_adds_up() -> None:
    """Running sums as slo keeps them: any range is the sum of its minutes."""
    now = timezone.now()
    until = now.replace(second=0, microsecond=0)
    with connection.cursor() as cursor:
        for series in SERIES:
            for back in (timedelta(days=28), timedelta(days=3, hours=5, minutes=7), timedelta(hours=2)):
                cursor.execute(
                    "select sum(good), sum(total) from telemetry_measurement where series = %s and minute >= %s and minute < %s",
                    [series, until - back, until],
                )
                found = ratio(series, until - back, until)
                assert (found.good, found.total) == cursor.fetchone()
            assert 0 < budget(series, now).raw.remaining < 1
    assert Window.objects.filter(is_example=False).count() == 0
    assert set(Window.objects.values_list("status", flat=True)) >= {"completed", "rolled_back", "approved", "requested", "draft"}


def people_can_do_what_they_are() -> None:
    person = people.acting("chiara")
    assert person.sre
    assert people.acting("gwen").administrator


def lost_keys_are_made_anew(state: Path) -> None:
    before = json.loads((state / SECRETS).read_text())
    (state / SECRETS).unlink()
    access.load(state)
    told = json.loads((state / SECRETS).read_text())
    assert told["nodes"]["orders"]["shop-1"] != before["nodes"]["orders"]["shop-1"]
    assert Node.objects.filter(retired_at=None).count() == 6
    assert authenticate_token(told["push"]) is not None


def test_the_past_has_alerts_incidents_and_complaints_that_the_product_judged(tmp_path: Path) -> None:
    """A newcomer sees the ledger, on-call load, every measure and the reviews alive; all of it marked, and found as for real ones."""
    call_command("load_example", state=tmp_path, verbosity=0)
    assert not Alert.objects.filter(is_example=False).exists() and not Alert.objects.filter(ends_at=None).exists()
    told = {row.name: row for row in Alert.objects.all()}
    inside = {name: row.window != "" for name, row in told.items()}
    assert {name for name, is_inside in inside.items() if not is_inside} == {"OrdersErrorRate", "BasketsErrorRate", "CheckoutTimeouts"}
    assert told["OrdersWritesRefused"].is_expected and told["OrdersWritesRefused"].action == "ticket"
    assert told["OrdersWritesRefused"].step and "It is expected until" in told["OrdersWritesRefused"].reasons[-1]
    assert (told["InventoryDown"].action, bool(told["InventoryDown"].withheld)) == ("ticket", True)
    assert (told["BasketsNotReconciled"].action, told["PaymentsCertificateChanged"].action) == ("page", "annotate")
    assert told["MailQueueLong"].handed_over_at and told["MailQueueLong"].action == "page", "it still fired at the end (N4)"
    assert set(IncidentLink.objects.values_list("by", flat=True)) == {"scope", "dependency"}
    assert not Complaint.objects.filter(links=None).exists() and Incident.objects.filter(links=None).count() == 3
    now, reader = timezone.now(), people.acting("chiara")
    back = facts_of(window_view(Window.objects.get(title="Basket expiry column").pk, reader), reader, now)
    assert back and not [step for step in back.steps if step.stands], "what was compensated does not stand"
    assert back.paged[0].said.endswith("(baskets). It says that a rollback is required: such alerts always page.")
    runs = counted_runs(reader, now - timedelta(days=28), now)
    unknown = [name for name, measure in MEASURES.items() if value_of(measure, runs).value is None]
    assert unknown == []
    load = pages_to(now - timedelta(days=28))
    assert load["ivo@shop.example"] > 4 and load["jun@shop.example"] == load["chiara@shop.example"] > 1
    assert [row.owner.email for row in FollowUp.objects.order_by("due_on")] == [f"{who}@shop.example" for who in ("elif", "kim", "jun")]
    assert Message.objects.filter(dedup_key__startswith="example:").exclude(body__startswith="Made up by the example").count() == 0
