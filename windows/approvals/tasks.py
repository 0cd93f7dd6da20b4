"""Celery's door to what time brings: a tick looks at the tables."""

from celery import shared_task

from windows.approvals.commands import expire_requests
from windows.approvals.commands.emergencies import remind_of_emergencies
from windows.approvals.commands.expiry import end_left_open
from windows.approvals.commands.reminders import tell_approvers
from windows.audit.going_on import going_on


@shared_task(name="approvals.sweep")
def sweep() -> None:
    """Expire what nobody decided in time, end what is asked for windows that are called off, tell and remind who must sign."""
    for act in (expire_requests, end_left_open, tell_approvers, remind_of_emergencies):
        with going_on(act.__name__):
            act()
