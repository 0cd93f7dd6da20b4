"""Celery's door to forgetting what the portal itself remembers."""

from datetime import timedelta

from celery import shared_task
from django.contrib.sessions.models import Session
from django.db.models.functions import Now

from portal.api.idempotency import KEPT_HOURS
from portal.api.models import FailedSignIn, StoredAnswer
from windows.audit.forgetting import forget as forgotten

ANSWERS, FAILURES = timedelta(hours=KEPT_HOURS), timedelta(days=1)  # a wrong password counts for minutes; a day is for whoever looks


@shared_task(name="portal.forget")
def forget() -> int:
    """Forget sessions that ran out, answers nobody may ask for again, and failed sign-ins that bar nobody any more."""
    return (
        forgotten(Session.objects.filter(expire_date__lt=Now()))
        + forgotten(StoredAnswer.objects.filter(created_at__lt=Now() - ANSWERS))
        + forgotten(FailedSignIn.objects.filter(at__lt=Now() - FAILURES))
    )
