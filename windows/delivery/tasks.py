"""Celery's door to the outbox."""

from celery import shared_task

from windows.delivery import commands


@shared_task(name="delivery.notify")
def notify() -> None:
    """Send what is due."""
    while commands.send_due():
        pass
