"""Change calendars of others: when changes may go out, as another system says it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class ChangeCalendar(models.Model):
    """A calendar in the form of AWS Change Calendar: open but for its events, or closed but for them. Replaced as a whole.

    With an address it is polled; without one it is kept from files.
    """

    name = models.SlugField(max_length=63, unique=True)
    description = models.CharField(max_length=200, blank=True)
    opens_by_default = models.BooleanField()  # its events are closed periods; else they are the open ones
    events = models.JSONField(default=list)  # as they were read: plain values of ical_in.notices.Notice
    unfolded_since = models.DateTimeField(null=True)  # its periods are all there from here …
    unfolded_until = models.DateTimeField(null=True)  # … to here; null: not yet, or not any more
    untold = models.CharField(max_length=500, blank=True, default="", db_default="")  # why its times cannot be told: closed throughout
    url = models.URLField(max_length=1000, blank=True, default="", db_default="")
    etag = models.CharField(max_length=300, blank=True, default="", db_default="")  # as the server said them, for the next question
    last_modified = models.CharField(max_length=100, blank=True, default="", db_default="")
    digest = models.CharField(max_length=64, blank=True, default="", db_default="")
    polled_at = models.DateTimeField(null=True)
    succeeded_at = models.DateTimeField(null=True)
    next_poll_at = models.DateTimeField(null=True)  # null: never
    failures = models.PositiveIntegerField(default=0, db_default=0)  # in a row
    error = models.CharField(max_length=500, blank=True, default="", db_default="")  # of the last try; empty where it went well
    kept_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    kept_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(url="") | Q(next_poll_at=None), name="change_calendar_of_files_is_not_asked"),
        ]
        indexes = [models.Index(fields=["next_poll_at"], name="change_calendar_due", condition=Q(next_poll_at__isnull=False))]

    def __str__(self) -> str:
        return f"calendar:{self.name}"


class ChangePeriod(models.Model):
    """A time that a change calendar names, [starts_at, ends_at): each time of what recurs, as far ahead as its calendar is unfolded."""

    calendar = models.ForeignKey(ChangeCalendar, models.CASCADE, related_name="periods")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    title = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="change_period_ends_after_start")]
        indexes = [models.Index(fields=["calendar", "starts_at"], name="change_period_by_start")]

    def __str__(self) -> str:
        return f"{self.calendar_id}: {self.title}"
