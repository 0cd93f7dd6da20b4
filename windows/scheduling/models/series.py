"""A series: what recurs, by which rule, and how far its occurrences have been made."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from windows.catalogue.models import Team


class Series(models.Model):
    """Each occurrence is a Window of its own. Times here are wall-clock times of `timezone`, as 2027-03-28T02:30:00.

    "This and following" splits a series: the earlier one ends before, the later one `follows` it.
    """

    team = models.ForeignKey(Team, models.PROTECT, related_name="series")
    said = models.JSONField()  # the fields of a Draft but its period: what a new occurrence is made of
    starts = models.CharField(max_length=19)  # DTSTART; an occurrence itself
    timezone = models.CharField(max_length=60)
    lasts = models.DurationField()
    rrule = models.CharField(max_length=500, blank=True)
    rdates = models.JSONField(default=list)
    exdates = models.JSONField(default=list)
    known_until = models.DateTimeField(null=True)  # occurrences that begin before are made; null: all there will ever be
    follows = models.ForeignKey("self", models.PROTECT, null=True, related_name="followed_by")
    stalled = models.TextField(blank=True, default="")  # why no further occurrence can be made
    version = models.PositiveIntegerField(default=1)
    uid = models.UUIDField(unique=True, default=uuid.uuid4)  # one iCal UID for all its occurrences
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    is_example = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "series"
        constraints = [
            models.CheckConstraint(condition=~Q(follows=F("id")), name="series_follows_another"),
        ]
        indexes = [models.Index(fields=["known_until"], name="series_horizon")]

    def __str__(self) -> str:
        return f"series:{self.pk}"
