"""Playbooks and their immutable versions (a trigger in migration 0002 refuses changes), and what each is opened by."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Playbook(models.Model):
    slug = models.CharField(max_length=63, unique=True)
    title = models.CharField(max_length=200)
    team = models.CharField(max_length=63)  # the owning team's slug
    is_example = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.title


class PlaybookVersion(models.Model):
    """One text, for ever. `digest` is the SHA-256 of the source's bytes; `number` counts within its playbook from 1."""

    playbook = models.ForeignKey(Playbook, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    source = models.TextField()
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["playbook", "number"], name="playbook_version_once"),
            models.UniqueConstraint(fields=["playbook", "digest"], name="playbook_text_once"),
        ]

    def __str__(self) -> str:
        return f"{self.playbook_id} v{self.number}"


class PlaybookTrigger(models.Model):
    """What opens a playbook, by its newest version. `alert` is empty for a situation in words."""

    playbook = models.ForeignKey(Playbook, models.CASCADE, related_name="triggers")
    alert = models.CharField(max_length=200, blank=True)
    service = models.CharField(max_length=63, blank=True)  # empty: of any service
    when = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(alert="", when=""), name="playbook_trigger_says_when")]
        indexes = [models.Index(fields=["alert"], condition=~Q(alert=""), name="playbook_by_alert")]

    def __str__(self) -> str:
        return self.alert or self.when
