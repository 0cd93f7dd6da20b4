"""Emergencies that began by right, and who answered for them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value

from windows.approvals.models.requests import Decision
from windows.scheduling.models import Window


class EmergencyApproval(models.Model):
    """An emergency that began by right, without a request: until when somebody else must answer for it, and what they said."""

    window = models.OneToOneField(Window, models.CASCADE, related_name="emergency_approval")
    begun_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    begun_at = models.DateTimeField()
    due_at = models.DateTimeField()
    skipped = models.JSONField(default=list, db_default=Value([], models.JSONField()))  # the checks that did not pass when it began
    decision = models.CharField(max_length=10, blank=True, db_default="", choices=[(d.value, d.value) for d in Decision])
    approver = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.TextField(blank=True, max_length=4000, db_default="")
    decided_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    overdue_at = models.DateTimeField(null=True)  # when it was told that it is overdue

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(due_at__gt=F("begun_at")), name="emergency_due_after_begin"),
            models.CheckConstraint(
                condition=Q(approver__isnull=True) | Q(begun_by__isnull=True) | ~Q(approver=F("begun_by")),
                name="nobody_approves_their_emergency",
            ),
            models.CheckConstraint(
                condition=Q(decision="", approver__isnull=True, decided_at__isnull=True)
                | (Q(decision__in=["approved", "rejected"], approver__isnull=False, decided_at__isnull=False) & ~Q(reason="")),
                name="emergency_decided_with_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(decision=""), name="emergency_undecided"),
            models.Index(fields=["begun_at"], name="emergency_by_begin"),
        ]

    def __str__(self) -> str:
        return f"{self.window_id} until {self.due_at}"
