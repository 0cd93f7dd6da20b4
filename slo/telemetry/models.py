"""Good and total per minute with running sums, so that any range costs a few rows (PERFORMANCE D)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now


class Measurement(models.Model):
    """One minute of one series; after 35 days the last minute of an hour stands for the hour, except near a window (retention.py).

    `good_sum` and `total_sum` run from the start of its UTC day up to and including this minute.
    """

    series = models.CharField(max_length=140)  # an objective's slug, as a label; or the verdicts of its slices (slices.py)
    minute = models.DateTimeField()  # UTC, truncated to the minute
    good = models.BigIntegerField()
    total = models.BigIntegerField()
    good_sum = models.BigIntegerField()
    total_sum = models.BigIntegerField()
    window = models.CharField(max_length=20, blank=True)  # a maintenance window it was measured under: near it, minutes are kept
    is_example = models.BooleanField(db_default=False)  # generated for the example, never measured

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "minute"], include=["good_sum", "total_sum"], name="measurement_once"),
            models.CheckConstraint(condition=Q(good__gte=0, total__gte=F("good")), name="measurement_good_within_total"),
        ]
        indexes = [models.Index(fields=["series", "minute"], condition=~Q(window=""), name="measurement_in_window")]

    def __str__(self) -> str:
        return f"{self.series} {self.minute:%Y-%m-%d %H:%M}"


class TaggedMinute(models.Model):
    """What of a minute was measured under a window's tag. Many senders share a minute: not all of them tag, or not with the same window."""

    series = models.CharField(max_length=140)
    minute = models.DateTimeField()
    window = models.CharField(max_length=20)  # a label
    good = models.BigIntegerField()
    total = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "minute", "window"], name="tagged_minute_once"),
            models.CheckConstraint(condition=Q(good__gte=0, total__gte=F("good")), name="tagged_minute_good_within_total"),
        ]

    def __str__(self) -> str:
        return f"{self.series} {self.minute:%Y-%m-%d %H:%M} {self.window}"


class DayTotal(models.Model):
    """One UTC day of one series, and running sums over all days up to and including it."""

    series = models.CharField(max_length=140)
    day = models.DateField()
    good = models.BigIntegerField()
    total = models.BigIntegerField()
    good_sum = models.BigIntegerField()
    total_sum = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "day"], include=["good_sum", "total_sum"], name="day_total_once")]

    def __str__(self) -> str:
        return f"{self.series} {self.day}"


class Sample(models.Model):
    """What was pushed, as it came: the gates of a running window are judged by it (≤ 5 s apart), and the same push twice counts once."""

    series = models.CharField(max_length=120)
    at = models.DateTimeField()
    good = models.BigIntegerField()  # events since the sample before
    total = models.BigIntegerField()
    source = models.CharField(max_length=120, blank=True)  # the node that pushed it
    key = models.CharField(max_length=120)  # the sender's own, once per series and source
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "source", "key"], name="sample_once")]
        indexes = [
            models.Index(fields=["series", "at"], include=["good", "total"], name="sample_by_time"),
            models.Index(fields=["received_at"], name="sample_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.series} {self.at}"


class Counter(models.Model):
    """How far a counter of somebody's was counted for a series (increases.py); forgotten when it is silent for long."""

    series = models.CharField(max_length=120)
    part = models.CharField(max_length=5)  # good, bad, total
    stream = models.CharField(max_length=40)
    began = models.DateTimeField(null=True)  # since when it counts, by its sender
    at = models.DateTimeField()
    value = models.BigIntegerField()
    told = ArrayField(models.DateTimeField(), default=list, db_default=Value([], ArrayField(models.DateTimeField())))  # the newest deltas

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "part", "stream"], name="counter_once")]
        indexes = [models.Index(fields=["at"], name="counter_by_age")]

    def __str__(self) -> str:
        return f"{self.series} {self.part} {self.stream}"


class Owed(models.Model):
    """Good events of a minute that came before the total they are of; below 0, bad ones (increases.py). Most minutes have none."""

    series = models.CharField(max_length=120)
    minute = models.DateTimeField()
    window = models.CharField(max_length=20)  # a label, empty for none
    good = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "minute", "window"], name="owed_once")]

    def __str__(self) -> str:
        return f"{self.series} {self.minute:%Y-%m-%d %H:%M} {self.good:+}"
