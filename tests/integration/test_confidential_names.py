"""A confidential window at work: its flag and its mode are there for all to see, its name is not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction

from portal.metrics.collectors import live
from tests import given_starts
from tests import given_windows as given
from tests.callers import Caller, token_of
from tests.given_runs import people, run_of, step
from tests.given_starts import answers, started
from windows.access.roles import Role
from windows.actions.ports import FlagAddress
from windows.catalogue.models import Person
from windows.execution.commands.emergencies import hold_others
from windows.execution.models import clock
from windows.execution.ports.flags import Flags
from windows.flags.api.flags import change
from windows.flags.models import Flag
from windows.flags.queries import history
from windows.flags.server import follow
from windows.outbound.limits import Limits
from windows.scheduling.models import Window

window = given_starts.window
pytestmark = pytest.mark.django_db
SECRET = "MW-7777"


def set_in_secret(service: str = "orders") -> None:
    given.service(service)
    port = Flags(SECRET, timedelta(seconds=60), Limits.of(30, lambda: False), confidential=True)
    port.set(FlagAddress(service, "production", "*", "*", "*"), "read_only", {}, expected=0)


def test_metrics_tell_the_place_and_no_names() -> None:
    window = people()
    Window.objects.filter(pk=window.pk).update(confidential=True)
    run_of(step(), window=window)
    (sample,) = live().samples
    assert {"service": "orders", "environment": "production", "window": "", "owner": "", "step": ""}.items() <= sample.labels.items()


def test_flags_their_history_and_what_nodes_read_do_not_name_it() -> None:
    set_in_secret()
    assert Flag.objects.get().window == SECRET, "its run knows its own"
    assert [change(row)["window"] for row in history()] == [""] and history(window=SECRET) == []
    with connection.cursor() as cursor:
        cursor.execute(follow.ROWS)
        (row,) = cursor.fetchall()
    assert "read_only" in row and SECRET not in row


def test_the_flag_list_does_not_name_it() -> None:
    set_in_secret()
    given.actor("ada", ("shop", Role.OWNER))
    program = Caller(token_of(Person.objects.get(name="Ada")))
    told = program.get("/api/v1/flags").json()["items"]
    assert [(row["mode"], row["window"]) for row in told] == [("read_only", "")] and "confidential" not in told[0]


def test_another_windows_preflight_and_those_it_holds_do_not_name_it(window: Window) -> None:
    run = started(window)
    set_in_secret()
    reason = answers(run)["flags_free"].reason
    assert "a confidential window" in reason and SECRET not in reason


def test_who_is_held_by_a_confidential_emergency_does_not_learn_its_name() -> None:
    other = run_of(step())
    urgent = given.window(given.actor("olga"), change_type="emergency", confidential=True, starts_at=given.soon(1))
    emergency = run_of(step(), window=urgent)
    with transaction.atomic():
        hold_others(emergency, clock())
    other.refresh_from_db()
    assert other.status == "held" and "A confidential emergency" in other.reason and urgent.reference not in other.reason
