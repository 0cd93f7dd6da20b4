"""A calendar as somebody likes to see it: its address, by a name."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class SavedView(models.Model):
    """One person's own. `query` is the calendar's address after the question mark, without a date: it opens at today."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)
    is_default = models.BooleanField(default=False)  # what “Calendar” opens
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "name"], name="saved_view_once_a_name"),
            models.UniqueConstraint(fields=["person"], condition=Q(is_default=True), name="one_default_saved_view"),
        ]

    def __str__(self) -> str:
        return self.name
