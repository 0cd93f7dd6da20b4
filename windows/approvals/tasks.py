"""Celery's door to expiry: a tick looks at the table."""

from celery import shared_task

from windows.approvals.commands import expire_requests
from windows.approvals.commands.expiry import end_left_open


@shared_task(name="approvals.sweep")
def sweep() -> None:
    """Expire what nobody decided in time, and end what is asked for windows that are called off."""
    expire_requests()
    end_left_open()
