"""Celery's door to the store."""

from celery import shared_task

from windows.flags import commands


@shared_task(name="flags.sweep", ignore_result=True)
def sweep() -> None:
    """No flag is forgotten: alarm for, or clear, what nobody renewed."""
    commands.expire_leases()
