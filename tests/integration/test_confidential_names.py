"""A confidential window at work: its flag and its mode are there for all to see, its name is not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction

from portal.metrics.collectors import live
from tests import given_starts
from tests import given_windows as given
from tests.callers import Caller, token_of
from tests.given_alerts import alert, heard, open_window
from tests.given_runs import people, run_of, step
from tests.given_starts import answers, started
from windows.access.roles import Role
from windows.actions.ports import FlagAddress
from windows.alerts.commands.ending import end_groups
from windows.alerts.commands.telling import tell_due
from windows.alerts.models import Alert
from windows.catalogue.models import OnCallSchedule, OnCallShift, Person, Service
from windows.delivery.commands.reaching import stand_in
from windows.delivery.models import Channel, Message
from windows.execution.commands.asking import ask
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


def pager() -> Channel:
    """A channel of the team shop, which nobody knows the readers of."""
    return Channel.objects.create(
        team="shop", kind="pagerduty", name="Pager", address="https://pager.example/", urgencies=["page", "ticket"], made_by="Olga"
    )


def on_shift(name: str) -> Person:
    """Somebody of no team, whom the calendar of orders names as being on call now."""
    schedule = OnCallSchedule.objects.create(url="https://rota.example/")
    Service.objects.filter(slug="orders").update(on_call_schedule_url=schedule.url)
    shift = given.person(name)
    now = clock()
    OnCallShift.objects.create(
        schedule=schedule, person=shift, who=name, starts_at=now - timedelta(hours=1), ends_at=now + timedelta(days=1)
    )
    return shift


def told(message: Message) -> str:
    """Everything that leaves with a message."""
    return " ".join((message.title, message.body, message.window, str(message.facts)))


def secret_run() -> list[str]:
    """A confidential window that asks, and what nobody outside may read of it."""
    window = people()
    Window.objects.filter(pk=window.pk).update(confidential=True, title="Merge with Beta")
    window.refresh_from_db()
    with transaction.atomic():
        ask(run_of(step(), window=window), "Step “move the ledger” failed.", "failed")
    return [window.reference, "Merge with Beta", "ledger"]


def test_a_confidential_run_asks_its_own_people_in_full_and_everybody_else_without_a_name() -> None:
    pager()
    given.service("orders", "shop")
    ivan = on_shift("ivan")
    secrets = secret_run()
    mails = {message.recipient: message for message in Message.objects.filter(target=None)}
    assert mails.keys() == {f"{name}@example.org" for name in ("olga", "carl", "dora", "ivan")}
    assert all(word in told(mails["carl@example.org"]) for word in secrets)
    for outside in (mails[ivan.email], Message.objects.get(channel="pagerduty")):
        assert outside.title == "A confidential window needs its people" and not [word for word in secrets if word in told(outside)]


def test_what_stands_in_for_a_page_of_a_confidential_run_does_not_name_it_either() -> None:
    secrets = secret_run()
    pager()
    with transaction.atomic():
        stand_in(Message.objects.get(recipient="carl@example.org"))
    found = told(Message.objects.get(channel="pagerduty"))
    assert not [word for word in secrets if word in found]


def test_alerts_of_a_confidential_window_reach_channels_as_on_any_day_and_are_over_by_the_same_name() -> None:
    pager()
    run = open_window(confidential=True, title="Merge with Beta")
    heard(alert())
    tell_due()
    secrets = (run.window.reference, "Merge with Beta", "Rebuild the index")
    paged = Message.objects.get(channel="pagerduty")
    assert paged.title == "OrdersDown on orders/production" and "It belongs to a confidential window." in paged.body
    assert not [word for word in secrets if word in told(paged)] and paged.facts["component"] == "orders"
    assert all(word in told(Message.objects.get(recipient="otto@example.org")) for word in secrets)
    Message.objects.update(status="delivered", wake_at=None)
    Alert.objects.update(ends_at=clock())
    assert end_groups() == 1
    over = Message.objects.get(facts__event_action="resolve")
    assert over.facts["dedup_key"] == paged.facts["dedup_key"] and not [word for word in secrets if word in told(over)]
