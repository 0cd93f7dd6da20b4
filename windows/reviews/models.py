"""Postmortems, follow-ups and reviews. What a postmortem rests on is kept with it: it outlives the telemetry it was drafted from."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from windows.reviews.states import FollowUpKind, FollowUpStatus, PostmortemStatus
from windows.scheduling.models import Window


class Postmortem(models.Model):
    """One per window. `draft` and `answers` are what the machine found, and are never edited; `text` is what people say, in Markdown."""

    window = models.OneToOneField(Window, models.PROTECT, related_name="postmortem")
    draft = models.JSONField()  # drafting: [{"title", "sentences": [{"text", "where", "href"}]}]
    answers = models.JSONField()  # questions: [{"question", "answer", "because", "is_good"}]
    text = models.TextField(blank=True, max_length=40_000)
    status = models.CharField(max_length=10, choices=[(s.value, s.value) for s in PostmortemStatus], default=PostmortemStatus.DRAFT.value)
    version = models.PositiveIntegerField(default=1)  # counts every edit: If-Match, ETag
    drafted_by = models.CharField(max_length=200)
    drafted_at = models.DateTimeField(db_default=Now())
    edited_by = models.CharField(max_length=200, blank=True)
    edited_at = models.DateTimeField(null=True)
    published_by = models.CharField(max_length=200, blank=True)
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status=PostmortemStatus.DRAFT.value, published_at__isnull=True)
                | Q(status=PostmortemStatus.PUBLISHED.value, published_at__isnull=False),
                name="postmortem_published_at",
            )
        ]

    def __str__(self) -> str:
        return f"postmortem of MW-{self.window_id}"


class SignOff(models.Model):
    """A person's word that a review task of a window was seen to, and what they found. `task` is its key: glass-<id>, emergency."""

    window = models.ForeignKey(Window, models.PROTECT, related_name="sign_offs")
    task = models.CharField(max_length=40)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    finding = models.TextField(max_length=4000)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["window", "task"], name="signed_off_once")]

    def __str__(self) -> str:
        return f"{self.task} of MW-{self.window_id}"


class Tick(models.Model):
    """A named person's word that an item of a window's checklist is done, where no machine can know. `item` is its key."""

    window = models.ForeignKey(Window, models.PROTECT, related_name="ticks")
    item = models.CharField(max_length=60)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    note = models.TextField(max_length=4000)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["window", "item"], name="ticked_once")]

    def __str__(self) -> str:
        return f"{self.item} of MW-{self.window_id}"


class FollowUp(models.Model):
    """What somebody will do because of a window. Its reference FU-<id> is what people say."""

    window = models.ForeignKey(Window, models.PROTECT, related_name="follow_ups")
    title = models.CharField(max_length=200)
    text = models.TextField(blank=True, max_length=4000)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="follow_ups")
    due_on = models.DateField()
    status = models.CharField(max_length=10, choices=[(s.value, s.value) for s in FollowUpStatus], default=FollowUpStatus.OPEN.value)
    outcome = models.TextField(blank=True, max_length=4000)  # what was done, or why it was dropped
    kind = models.CharField(
        max_length=10, choices=[(k.value, k.value) for k in FollowUpKind], default=FollowUpKind.FOLLOW_UP.value,
        db_default=FollowUpKind.FOLLOW_UP.value,
    )  # fmt: skip
    cost_per_hour = models.DecimalField(max_digits=14, decimal_places=2, null=True)  # of a leftover, until it is gone; null: not known
    made_by = models.CharField(max_length=200)
    made_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)  # its owner heard that its day is near
    told_at = models.DateTimeField(null=True)  # its owner heard that it is overdue

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status=FollowUpStatus.OPEN.value, ended_at__isnull=True)
                | (~Q(status=FollowUpStatus.OPEN.value) & Q(ended_at__isnull=False)),
                name="follow_up_ended_at",
            ),
            models.CheckConstraint(condition=~Q(status=FollowUpStatus.DROPPED.value, outcome=""), name="follow_up_dropped_because"),
            models.CheckConstraint(
                condition=Q(kind=FollowUpKind.LEFTOVER.value) | Q(cost_per_hour__isnull=True), name="follow_up_costs_as_leftover"
            ),
            models.UniqueConstraint(fields=["window", "title"], condition=Q(kind="leftover"), name="leftover_once"),
        ]
        indexes = [models.Index(fields=["due_on", "id"], condition=Q(status="open"), name="follow_up_due")]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"FU-{self.pk}"
