"""Celery's door to expiry: a tick looks at the table."""

from celery import shared_task

from windows.approvals.commands import expire_requests


@shared_task(name="approvals.sweep")
def sweep() -> None:
    """Expire what nobody decided in time."""
    expire_requests()
