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
from windows.audit.models import AuditEntry
from windows.catalogue.queries import authenticate_token
from windows.flags.models import Node
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db(transaction=True)
TABLES = ("scheduling_window", "execution_run", "telemetry_measurement", "catalogue_apitoken", "approvals_approval", "flags_node")


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
