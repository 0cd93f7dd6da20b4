"""Which work must have been rehearsed, and who answered for work that was not (N15)."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from windows.lifecycle.words import counted
from windows.runbooks.models import RunbookVersion
from windows.scheduling.models import Window


class RehearsalPolicy(models.Model):
    """The one row that says what must be rehearsed; without it rehearsing.STANDARD holds. Read through queries.rehearsals.rule()."""

    tier = models.PositiveSmallIntegerField(default=1)  # services of this tier and of more critical ones; 0: none
    environments = ArrayField(models.CharField(max_length=63), default=list)
    good_for_days = models.PositiveIntegerField(default=90)
    since = models.DateTimeField(null=True)  # a major change: what was rehearsed before it no longer counts
    edited_by = models.CharField(max_length=200)
    edited_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="one_rehearsal_policy"),
            models.CheckConstraint(condition=Q(tier__lte=4), name="rehearsal_policy_tier"),
            models.CheckConstraint(condition=Q(good_for_days__gte=1), name="rehearsal_policy_good_for"),
        ]

    def __str__(self) -> str:
        return f"tier {self.tier}, {counted(self.good_for_days, 'day')}"


class BreakGlass(models.Model):
    """Somebody answers by name for work that was not rehearsed (N15). For this window and this runbook version only."""

    window = models.ForeignKey(Window, models.PROTECT, related_name="broken_glass")
    runbook_version = models.ForeignKey(RunbookVersion, models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.TextField()
    because = models.TextField(blank=True, default="", db_default="")  # what was lacking then: never rehearsed, failed, too long ago
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["window", "runbook_version"], name="glass_broken_once")]

    def __str__(self) -> str:
        return f"{self.window_id} by {self.person_id}"
