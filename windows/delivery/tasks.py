"""Celery's door to the outbox."""

from datetime import timedelta

from celery import shared_task
from django.db.models.functions import Now

from windows.audit.forgetting import forget as forgotten
from windows.delivery import commands
from windows.delivery.commands.outbox import take_out_secrets
from windows.delivery.models import Message, MessageStatus

KEPT = timedelta(days=400)  # as long as the step logs of what they told


@shared_task(name="delivery.notify")
def notify() -> None:
    """Send what is due."""
    while commands.send_due():
        pass


@shared_task(name="delivery.forget")
def forget() -> int:
    """Forget what was delivered long ago, and secrets worth nothing any more. What was not delivered stays until somebody has seen it."""
    take_out_secrets()
    return forgotten(Message.objects.filter(status=MessageStatus.DELIVERED.value, delivered_at__lt=Now() - KEPT))
