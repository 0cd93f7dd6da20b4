"""Celery's doors: measuring, and forgetting (SPEC §23)."""

from __future__ import annotations

from datetime import datetime, timedelta

from celery import shared_task
from django.db.models import CharField, DateTimeField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from windows.audit.clock import clock
from windows.audit.forgetting import forget as forgotten
from windows.audit.forgetting import spare
from windows.scheduling.models import WindowScope
from windows.signals.commands import measuring, scraping
from windows.signals.commands.sweeping import sweep
from windows.signals.models import Room, StoredLine, StoredSpan
from windows.signals.nearness import NEAR

KEPT, KEPT_NEAR = timedelta(days=7), timedelta(days=400)


@shared_task(name="telemetry.measure")
def measure() -> None:
    """Ask each objective's source for its last finished minutes."""
    measuring.measure()


@shared_task(name="signals.reconcile")
def scrape() -> None:
    """Read the counters of services that have no Prometheus."""
    scraping.scrape_all()


@shared_task(name="signals.forget")
def forget() -> int:
    """Forget what need not be kept any more; how many rows went."""
    return forget_at(clock())


def forget_at(now: datetime) -> int:
    """What carries a window's tag stays as long as the window's own evidence, and so does what lies near a window that ran; the rest
    goes after a week, when each row is judged once; what is left of a canary goes after an hour. In batches: the next tick goes on."""
    gone = 0
    for rows, at in ((StoredSpan.objects.all(), "begins_at"), (StoredLine.objects.all(), "at")):
        gone += forgotten(rows.filter(**{f"{at}__lt": now - KEPT_NEAR}))
        due = rows.filter(window="", stays=False, **{f"{at}__lt": now - KEPT})
        gone += forgotten(due.filter(~near(at)))
        spare(due.filter(near(at)), stays=True)
    gone += sweep(now)
    return gone + forgotten(Room.objects.filter(used_at__lt=now - KEPT_NEAR)) + forgotten(days().filter(used_at__lt=now - KEPT - NEAR))


def days() -> QuerySet[Room]:
    """The rooms of days, not of windows."""
    return Room.objects.exclude(holder__startswith="MW-")


def near(at: str) -> Exists:
    """Whether a row lies near a window that ran: within a day of it, from a service in it."""
    scopes = WindowScope.objects.filter(service__slug=OuterRef("service"), window__started_at__isnull=False)
    scopes = scopes.alias(said=ExpressionWrapper(OuterRef("environment"), output_field=CharField()))
    scopes = scopes.filter(Q(said="") | Q(environment=F("said")))
    before = ExpressionWrapper(OuterRef(at) + NEAR, output_field=DateTimeField())
    after = ExpressionWrapper(OuterRef(at) - NEAR, output_field=DateTimeField())
    ended = Coalesce(F("window__ended_at"), F("window__ends_at"))
    return Exists(scopes.alias(ended=ended).filter(window__started_at__lte=before, ended__gte=after))
