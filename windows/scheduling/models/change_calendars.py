"""Change calendars of others: when changes may go out, as another system says it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class ChangeCalendar(models.Model):
    """A calendar in the form of AWS Change Calendar: open but for its events, or closed but for them. Replaced as a whole."""

    name = models.SlugField(max_length=63, unique=True)
    description = models.CharField(max_length=200, blank=True)
    opens_by_default = models.BooleanField()  # its events are closed periods; else they are the open ones
    events = models.JSONField(default=list)  # as they were read: plain values of ical_in.notices.Notice, unfolded at every question
    kept_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    kept_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"calendar:{self.name}"
