"""Soft conflicts that people go ahead in spite of."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from windows.scheduling.models.windows import Window


class Override(models.Model):
    """One soft conflict of one window: why it is accepted, who asked, who of another name agreed, and until when it holds.

    `key` names the finding's facts, `starts_at` and `ends_at` are the window's own when it was asked: other facts, no override.
    """

    window = models.ForeignKey(Window, models.CASCADE, related_name="overrides")
    key = models.CharField(max_length=24)
    what = models.TextField()
    who = models.TextField()
    why = models.TextField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.TextField(max_length=4000)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(db_default=Now())
    agreed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    agreed_at = models.DateTimeField(null=True)
    refused_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    refused_at = models.DateTimeField(null=True)
    refusal = models.TextField(blank=True, db_default="", max_length=4000)  # why not
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["window", "key"], name="one_override_of_a_conflict"),
            models.CheckConstraint(condition=Q(agreed_by__isnull=True) | ~Q(agreed_by=F("asked_by")), name="override_takes_two"),
            models.CheckConstraint(
                condition=Q(agreed_by__isnull=True, agreed_at__isnull=True) | Q(agreed_by__isnull=False, agreed_at__isnull=False),
                name="override_agreed_by_and_at",
            ),
            models.CheckConstraint(
                condition=Q(refused_by__isnull=True, refused_at__isnull=True, refusal="")
                | (Q(refused_by__isnull=False, refused_at__isnull=False, agreed_by__isnull=True) & ~Q(refusal="")),
                name="override_refused_with_a_reason",
            ),
            models.CheckConstraint(condition=Q(expires_at__lte=F("ends_at")), name="override_expires_with_its_window"),
        ]

    def __str__(self) -> str:
        return f"{self.window_id} in spite of {self.who}"
