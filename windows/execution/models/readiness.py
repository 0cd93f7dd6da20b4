"""Who answers for a window that begins although its telemetry may lack its tag (N13)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from windows.scheduling.models import Window


class AcceptedGap(models.Model):
    """Somebody accepts, by name, that what critical services tell may not carry this window's tag. For this window only."""

    window = models.OneToOneField(Window, models.PROTECT, related_name="accepted_gap")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.TextField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="accepted_gap_has_a_reason")]

    def __str__(self) -> str:
        return f"{self.window_id} by {self.person_id}"
