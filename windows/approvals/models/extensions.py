"""More time for a window that runs: its own small request, with its own approval."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from windows.approvals.models.requests import Decision
from windows.scheduling.models import Window


class Extension(models.Model):
    """Until when a running window should go on, why, and who agreed. The window's own end and its approvals stay as they are."""

    window = models.ForeignKey(Window, models.CASCADE, related_name="extensions")
    ends_at = models.DateTimeField()  # the end that holds when it is asked
    until = models.DateTimeField()
    reason = models.TextField(max_length=4000)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(db_default=Now())
    decision = models.CharField(max_length=10, blank=True, db_default="", choices=[(d.value, d.value) for d in Decision])
    approver = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    answer = models.TextField(blank=True, max_length=4000, db_default="")
    decided_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)  # nobody decided before the run ended

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(until__gt=F("ends_at")), name="extension_is_longer"),
            models.CheckConstraint(condition=Q(approver__isnull=True) | ~Q(approver=F("asked_by")), name="nobody_extends_their_own"),
            models.CheckConstraint(
                condition=Q(decision="", approver__isnull=True, decided_at__isnull=True)
                | Q(decision__in=["approved", "rejected"], approver__isnull=False, decided_at__isnull=False),
                name="extension_decided_by_somebody",
            ),
            models.UniqueConstraint(fields=["window"], condition=Q(decision="", closed_at__isnull=True), name="one_open_extension"),
        ]

    def __str__(self) -> str:
        return f"{self.window_id} until {self.until}"
