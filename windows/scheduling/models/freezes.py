"""Change freezes: those that stand, those that recur, and who is excepted."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now

from windows.scheduling.models.windows import Window, period


class FreezeSeries(models.Model):
    """A freeze that recurs: its rule, in its own zone. Each time is a Freeze of its own, made 13 months ahead."""

    rrule = models.CharField(max_length=500)
    timezone = models.CharField(max_length=60)
    wall_start = models.CharField(max_length=19)  # the local time of the first one
    lasts = models.DurationField()
    made_until = models.DateTimeField()  # how far ahead its times have been made
    ended_at = models.DateTimeField(null=True)  # lifted: no further ones are made

    class Meta:
        verbose_name_plural = "freeze series"

    def __str__(self) -> str:
        return self.rrule


class Freeze(models.Model):
    """A change freeze: no window may run in its scope. Empty lists mean "any".

    One that recurs has a row for every time it occurs, so that whoever asks for freezes asks one table.
    """

    title = models.CharField(max_length=200)
    reason = models.TextField(blank=True, max_length=4000)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    severity = models.CharField(max_length=10, choices=[(s, s) for s in ("hard", "soft", "advisory")])
    services = models.JSONField(default=list)  # slugs
    teams = models.JSONField(default=list)
    environments = models.JSONField(default=list)
    tiers = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    series = models.ForeignKey(FreezeSeries, models.CASCADE, null=True, related_name="occurrences")
    occurrence = models.CharField(max_length=19, blank=True, db_default="")  # the wall-clock time its rule says: its name within the series
    on_running = models.CharField(  # what a run does that is under way when it begins
        max_length=20, choices=[(p, p) for p in ("finish_step", "hold", "roll_back", "continue")], default="hold"
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    lifted_at = models.DateTimeField(null=True)
    is_example = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="freeze_ends_after_start"),
            models.UniqueConstraint(fields=["series", "occurrence"], name="freeze_occurs_once"),
        ]
        indexes = [GistIndex(period(), name="freeze_period", condition=Q(lifted_at__isnull=True))]

    def __str__(self) -> str:
        return self.title


class FreezeException(models.Model):
    """A window, or a team, that a freeze does not bind; with the reason and whoever answers for it. Of a series: of all its times."""

    freeze = models.ForeignKey(Freeze, models.CASCADE, null=True, related_name="exceptions")
    series = models.ForeignKey(FreezeSeries, models.CASCADE, null=True, related_name="exceptions")
    window = models.ForeignKey(Window, models.CASCADE, null=True, related_name="+")
    team = models.CharField(max_length=63, blank=True)  # its slug
    reason = models.TextField(max_length=4000)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(freeze=None) ^ Q(series=None), name="exception_of_one_freeze"),
            models.CheckConstraint(condition=Q(window=None) ^ Q(team=""), name="exception_for_window_or_team"),
        ]

    def __str__(self) -> str:
        return f"{self.window_id or self.team} is excepted"
