"""Which process does what: every queue is consumed, and what others' servers hold up holds up nothing of ours."""

import pytest

from portal.bootstrap.portal import ROLES
from portal.celery import app
from portal.dashboards.queues import QUEUES, WAITING

CONSUMED = [role.split(":")[1].split(",") for role in ROLES if role != "beat"]
OUTSIDE = {
    "execution.reconcile",
    "runbooks.reconcile",
    "scheduling.poll_calendars",
    "signals.reconcile",
}  # these talk to servers that are not ours


def queue_of(task: str) -> str:
    return str(app.amqp.router.route({}, task)["queue"].name)


def test_every_queue_has_one_role_and_is_shown() -> None:
    asked = {queue_of(entry["task"]) for entry in app.conf.beat_schedule.values()} | {queue_of("execution.advance_run")}
    consumed = [queue for queues in CONSUMED for queue in queues]
    assert len(consumed) == len(set(consumed)) and asked == set(consumed) == set(QUEUES) == set(WAITING)


@pytest.mark.parametrize("urgent", ["execution.advance_run", "execution.measure", "execution.sweep", "delivery.notify"])
def test_no_gate_no_page_and_no_run_waits_for_others_servers(urgent: str) -> None:
    slow = {entry["task"] for entry in app.conf.beat_schedule.values() if entry["task"].endswith(".forget")} | OUTSIDE
    [together] = [queues for queues in CONSUMED if queue_of(urgent) in queues]
    assert not {task for task in slow if queue_of(task) in together}
