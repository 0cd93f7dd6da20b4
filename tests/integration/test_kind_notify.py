"""The `notify` kind: who hears it, once, and nobody is told by a message to nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from tests import given_windows as given
from windows.access.roles import Role
from windows.actions.gates import Answer, Reading, Verdict
from windows.actions.kinds import notify
from windows.actions.outcomes import Done, Failed
from windows.actions.registry import perform
from windows.audit.clock import clock
from windows.delivery.models import Message
from windows.execution.intent import Intent
from windows.execution.models import GateReading, Run, StepLog, StepRun
from windows.execution.ports.context import StepContext, build
from windows.scheduling.models import Window


@pytest.fixture
def ctx(db: None) -> StepContext:
    actor = given.actor("ada", ("shop", Role.OWNER))
    given.person("bo", ("shop", Role.ON_CALL))
    given.person("cy", ("shop", Role.ON_CALL))
    window = given.window(actor)
    run = Run.objects.create(window=window, number=1, window_ends_at=window.ends_at, started_by="ada")
    step = StepRun.objects.create(
        run=run, position=0, name="Tell", sentence="", kind="notify", is_repeatable=True, timeout=timedelta(seconds=30), backoff=timedelta()
    )
    intent = Intent(
        run_id=run.pk,
        position=0,
        direction="forward",
        fence=3,
        attempt=1,
        deadline=clock() + timedelta(seconds=30),
        kind="notify",
        verb="run",
        params={},
        checkpoint={},
        interruptible=True,
    )
    return build(step, run, intent, lambda: False)


def params(*recipients: str, **more: str) -> dict:
    told = {"recipients": list(recipients), "title": "Writes are frozen", "text": "For ten minutes.", **more}
    return notify.Params.model_validate(told).model_dump(mode="json")


def test_everybody_hears_it_once(ctx: StepContext) -> None:
    told = params("team:shop/on_call", "window:coordinator", "bo@example.org", "press@example.net", urgency="page")
    assert perform("notify", told, "run", ctx) == Done("Told 4 people.")
    perform("notify", told, "run", ctx)  # the same step again
    messages = Message.objects.all()
    assert sorted(m.recipient for m in messages) == ["ada@example.org", "bo@example.org", "cy@example.org", "press@example.net"]
    assert {(m.urgency, m.body) for m in messages} == {("page", "For ten minutes.")}
    assert messages[0].title.endswith(": Writes are frozen")
    assert messages[0].window.startswith("MW-")


def test_x06_a_confidential_windows_name_is_in_no_subject_and_stays_with_its_people(ctx: StepContext) -> None:
    Window.objects.update(confidential=True)
    ctx.notify.window.refresh_from_db()
    told = params("window:coordinator", "press@example.net")
    assert perform("notify", told, "run", ctx) == Done("Told 2 people.")
    found = {message.recipient: (message.title, message.window) for message in Message.objects.all()}
    name = ctx.notify.window.reference
    assert found == {"ada@example.org": ("Writes are frozen", name), "press@example.net": ("Writes are frozen", "")}


@pytest.mark.parametrize("nobody", ["team:shop/sre", "team:absent/on_call", "window:deputy"])
def test_a_message_to_nobody_fails(ctx: StepContext, nobody: str) -> None:
    outcome = perform("notify", params("bo@example.org", nobody), "run", ctx)
    assert isinstance(outcome, Failed)
    assert outcome.permanent
    assert not Message.objects.exists()


@pytest.mark.parametrize("wrong", ["", "everybody", "team:shop", "team:shop/king", "window:cat", "a@b\r\nBcc: c@d"])
def test_it_refuses(wrong: str) -> None:
    with pytest.raises(ValidationError):
        params(wrong)


def test_x04_the_context_carries_tags_key_and_log(ctx: StepContext) -> None:
    assert ctx.idempotency_key == f"{ctx.run_id}:0:forward"
    assert ctx.tags["maintenance.scope"] == "orders/production/r1"
    assert ctx.tags["maintenance.owner"] == "Ada"
    assert ctx.http.headers["Maintenance-Step"] == "Tell"
    assert ctx.command.environment["MAINTENANCE_WINDOW"] == ctx.tags["maintenance.window"]
    ctx.log("a\x00b")
    assert StepLog.objects.get().text == "a�b"
    ctx.measured("gate", Reading(float("nan")), Verdict(Answer.INCONCLUSIVE, "nan is not a finite number"))
    assert GateReading.objects.get().value is None
    assert ctx.sleep(0.01) is False
