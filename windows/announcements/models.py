"""Components, announcements and updates as the public reads them, and the page as it was last rendered."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from windows.announcements.states import PublicStatus
from windows.catalogue.models import Service
from windows.scheduling.models import Window
from windows.scheduling.models.windows import CONTROLS

STATUSES = [(one.value, one.value) for one in PublicStatus]


class Component(models.Model):
    """A service by the name the public knows. A service without one is not on the page."""

    service = models.OneToOneField(Service, models.CASCADE, related_name="component")
    name = models.CharField(max_length=100, unique=True)
    description = models.CharField(max_length=300, blank=True)
    position = models.PositiveIntegerField(default=100)  # on the page, from the top
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(name__regex=CONTROLS) & ~Q(name=""), name="component_name_plain")]

    def __str__(self) -> str:
        return self.name


class Announcement(models.Model):
    """A window in words for the public. Withdrawn, it is shown no more."""

    window = models.OneToOneField(Window, models.CASCADE, related_name="announcement")
    title = models.CharField(max_length=200)
    text = models.TextField(max_length=2000)
    announced_by = models.CharField(max_length=200)
    announced_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())
    withdrawn_at = models.DateTimeField(null=True)
    status = models.CharField(max_length=12, choices=[("", "not shown yet"), *STATUSES], blank=True, default="")  # as last told
    starts_at = models.DateTimeField(null=True)  # as last told: a move is told once it is approved
    ends_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(title__regex=CONTROLS) & ~Q(title=""), name="announcement_title_plain"),
            models.CheckConstraint(condition=Q(status__in=["", *(one.value for one in PublicStatus)]), name="announcement_status_known"),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(withdrawn_at=None) & ~Q(status=PublicStatus.COMPLETED.value), name="announcement_open")
        ]

    def __str__(self) -> str:
        return self.title


class Update(models.Model):
    """What was said when; never changed. `status` is what the public saw from then on."""

    announcement = models.ForeignKey(Announcement, models.CASCADE, related_name="updates")
    status = models.CharField(max_length=12, choices=STATUSES)
    body = models.TextField(max_length=2000)
    said_by = models.CharField(max_length=200)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(status__in=[one.value for one in PublicStatus]), name="update_status_known")]
        indexes = [models.Index(fields=["announcement", "-id"], name="update_newest")]

    def __str__(self) -> str:
        return f"{self.announcement_id} {self.status}"


class Edition(models.Model):
    """The public page as it was last rendered, one row: path → [content type, text]. The flag server serves it while all else is down."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    digest = models.CharField(max_length=64)  # SHA-256 of the copies
    copies = models.JSONField()
    rendered_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="edition_is_one")]

    def __str__(self) -> str:
        return self.digest[:8]
