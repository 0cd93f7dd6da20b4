"""Celery's doors to the ledger."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.db.models import F
from django.db.models.functions import Now
from structlog import get_logger

from windows.actions.ports import PortError
from windows.alerts.commands.ending import end_groups
from windows.alerts.commands.over import judge_overdue
from windows.alerts.commands.telling import tell_due
from windows.alerts.commands.withheld import hear_withheld
from windows.alerts.models import Alert, AlertFact, AlertGroup, PastWindow
from windows.audit.forgetting import forget as forgotten
from windows.audit.going_on import going_on

KEPT = timedelta(days=400)  # as long as the windows' own evidence
IDLE = timedelta(days=30)
log = get_logger(__name__)


@shared_task(name="alerts.notify")
def notify() -> None:
    """Tell what is due, and that groups are over."""
    with going_on("judge what was expected"):
        judge_overdue()
    tell_due()
    end_groups()


@shared_task(name="alerts.reconcile")
def reconcile() -> None:
    """What silences withhold, into the ledger. An Alertmanager that is away is asked again at the next tick."""
    try:
        hear_withheld()
    except PortError as error:
        log.info("alertmanager does not tell what it withholds", error=str(error))


@shared_task(name="alerts.forget")
def forget() -> int:
    """Forget alerts that nobody has heard of for long, with what was said of them; the windows they belonged to, and groups that sleep."""
    forgotten(AlertGroup.objects.filter(wake_at__isnull=True, told_at__lt=Now() - IDLE, over__gte=F("episode")))
    forgotten(PastWindow.objects.filter(ended_at__lt=Now() - KEPT))
    forgotten(AlertFact.objects.filter(alert__last_heard_at__lt=Now() - KEPT))
    return forgotten(Alert.objects.filter(last_heard_at__lt=Now() - KEPT))
