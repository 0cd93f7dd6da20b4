"""The `silence` kind against a real Alertmanager: scoped, bounded, renewed, found again, and never in the way of a run."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from pydantic import ValidationError

from tests.given_runs import run_of, step
from tests.kind_context import FakeContext
from tests.servers import Alertmanager, free_ports
from windows.access.roles import ENGINE
from windows.actions.kinds import silence
from windows.actions.outcomes import Done, Outcome
from windows.actions.registry import perform
from windows.audit.queries import trail
from windows.delivery.models import Message
from windows.execution import reconciling
from windows.execution.commands.transitions import become
from windows.execution.models import Run, Surface, clock
from windows.execution.ports.limits import Limits
from windows.execution.ports.surfaces import Surfaces
from windows.execution.states import RunStatus

pytestmark = pytest.mark.django_db(transaction=True)
GOOD = {"service": "orders", "alerts": ["OrdersErrors", "OrdersSlow"], "environment": "production"}


@pytest.fixture
def run(alertmanager: Alertmanager, settings: Any) -> Run:
    settings.ALERTMANAGER_URL = alertmanager.url
    for old in alertmanager.silences("active", "pending"):
        alertmanager.take_away(old["id"])
    return run_of(step())


def act(run: Run, verb: str = "run", **given: Any) -> Outcome:
    told = silence.Params.model_validate({**GOOD, **given}).model_dump(mode="json")
    tags = {"maintenance.window": run.window.reference, "maintenance.step": "Expect noise", "maintenance.scope": "orders/production/r1"}
    return perform("silence", told, verb, FakeContext(surfaces=Surfaces(run, Limits.of(5, lambda: False)), tags=tags))


def look_now(run: Run) -> Surface:
    Surface.objects.filter(due_at__isnull=False).update(due_at=clock())
    for surface_id, _ in reconciling.due(clock()):
        reconciling.reconcile(surface_id)
    return Surface.objects.get(run=run, kind="silence")


def ends(silence: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(silence["endsAt"].replace("Z", "+00:00"))


def test_x01_it_covers_its_scope_and_no_more_and_ends_by_itself(run: Run, alertmanager: Alertmanager) -> None:
    outcome = act(run)
    assert isinstance(outcome, Done)
    [found] = alertmanager.silences("active")
    assert {(m["name"], m["value"], m["isRegex"]) for m in found["matchers"]} == {
        ("service", "orders", False), ("environment", "production", False), ("alertname", "OrdersErrors|OrdersSlow", True),
    }  # fmt: skip
    assert run.window.reference in found["comment"]
    assert timedelta(minutes=9) < ends(found) - clock() <= timedelta(minutes=10)
    act(run)  # tried again after a crash: found, not doubled
    assert len(alertmanager.silences("active")) == 1


def test_r_g07_it_has_its_own_end_in_alertmanager_and_never_lasts_longer_than_its_window(run: Run, alertmanager: Alertmanager) -> None:
    Run.objects.filter(pk=run.pk).update(window_ends_at=clock() + timedelta(seconds=90))
    run.refresh_from_db()
    act(run)
    assert ends(alertmanager.silences("active")[0]) - clock() <= timedelta(seconds=90)


def test_n02_one_whose_answer_was_lost_is_found_again_by_its_mark(run: Run, alertmanager: Alertmanager) -> None:
    act(run)
    row = Surface.objects.get(kind="silence")
    name = row.handle
    Surface.objects.update(handle="", status="wanted")  # the worker died between the placing and writing its name down
    act(run)
    assert [each["id"] for each in alertmanager.silences("active")] == [name]
    assert Surface.objects.get(kind="silence").handle == name


def test_it_is_renewed_in_place_when_two_minutes_have_gone(run: Run, alertmanager: Alertmanager, settings: Any) -> None:
    act(run)
    before = alertmanager.silences("active")[0]
    look_now(run)
    assert alertmanager.silences("active") == [before]  # not yet
    settings.ROADWORKS = replace(settings.ROADWORKS, silence_renew=timedelta(0), silence_ttl=timedelta(minutes=11))
    look_now(run)
    [after] = alertmanager.silences("active")
    assert after["id"] == before["id"]
    assert ends(after) > ends(before)


def test_it_is_taken_away_early_when_the_window_ends_early(run: Run, alertmanager: Alertmanager) -> None:
    act(run)
    with transaction.atomic():
        for status in (RunStatus.VALIDATING, RunStatus.SUCCEEDED):
            become(run, status, ENGINE, reason="done", now=clock())
    assert reconciling.due(clock())  # without waiting for its next look
    assert look_now(run).status == "ended"
    assert not alertmanager.silences("active")
    assert trail(window=run.window.reference, prefix="window.silences_gone"), "N4: that all silences are gone is told"


def test_r_g03_a_silence_that_cannot_be_taken_away_at_the_end_is_told_once_with_when_it_lapses(run: Run, settings: Any) -> None:
    act(run)
    with transaction.atomic():
        become(run, RunStatus.ABORTED, ENGINE, reason="stop", now=clock())
    settings.ALERTMANAGER_URL = f"http://127.0.0.1:{free_ports(1)[0]}"
    look_now(run)
    look_now(run)
    told = Message.objects.filter(title__contains="its silence has not", recipient="otto@example.org")
    assert told.count() == 1 and "It lapses by itself at" in told[0].body


def test_undoing_the_step_takes_it_away(run: Run, alertmanager: Alertmanager) -> None:
    act(run)
    assert act(run, "compensate") == Done("The silence is taken away.")
    assert not alertmanager.silences("active")


def test_a_failure_to_suppress_never_stops_a_run_and_is_made_good_later(run: Run, alertmanager: Alertmanager, settings: Any) -> None:
    settings.ALERTMANAGER_URL = away = f"http://127.0.0.1:{free_ports(1)[0]}"
    outcome = act(run)
    assert isinstance(outcome, Done)
    assert "tried again" in outcome.note
    assert Surface.objects.get(kind="silence").status == "drifted"
    settings.ALERTMANAGER_URL = alertmanager.url
    assert look_now(run).status == "in_place"
    assert len(alertmanager.silences("active")) == 1
    settings.ALERTMANAGER_URL = away  # and so with taking it away: whoever looks later does not place it again
    assert isinstance(act(run, "compensate"), Done)
    assert Surface.objects.get(kind="silence").status == "ending"
    settings.ALERTMANAGER_URL = alertmanager.url
    assert look_now(run).status == "ended"
    assert not alertmanager.silences("active")


def test_x10_what_lies_outside_the_windows_scope_is_not_silenced(run: Run, alertmanager: Alertmanager) -> None:
    for given in ({"service": "payments"}, {"environment": "staging"}):
        outcome = act(run, **given)
        assert isinstance(outcome, Done)
        assert "outside the scope" in outcome.note
    assert not alertmanager.silences("active")


def test_a_silence_somebody_widened_is_put_right(run: Run, alertmanager: Alertmanager) -> None:
    act(run)
    row = Surface.objects.get(kind="silence")
    row.desired["matchers"] = row.desired["matchers"][:1]
    reconciling.adapter("silence").mend(row, Limits.of(5, lambda: False))  # a person edits it: now it covers the whole service
    row = look_now(run)
    assert row.status == "in_place"
    active = alertmanager.silences("active")
    assert [len(each["matchers"]) for each in active] == [3]


@pytest.mark.parametrize(
    "given",
    [
        {"service": ""}, {"service": ".*"}, {"alerts": []}, {"alerts": [""]}, {"matching": {"alertname": ".*"}},
        {"matching": {"path": ".+"}}, {"matching": {"path": "("}}, {"matching": {"path": "|x"}}, {"labels": {"a b": "c"}},
    ],
)  # fmt: skip
def test_x10_a_blanket_silence_cannot_be_written(given: dict) -> None:
    with pytest.raises(ValidationError):
        silence.Params.model_validate({**GOOD, **given})


def test_every_step_of_its_life_is_on_the_trail(run: Run) -> None:
    act(run)
    act(run, "compensate")
    kinds = [entry.kind for entry in trail(window=run.window.reference) if entry.kind.startswith("surface.")]
    assert kinds == ["surface.wanted", "surface.in_place", "surface.ending", "surface.ended"]
