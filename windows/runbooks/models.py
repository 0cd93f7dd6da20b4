"""Runbooks and their immutable versions (a trigger in migration 0002 refuses changes)."""

from django.db import models
from django.db.models.functions import Now


class Runbook(models.Model):
    slug = models.CharField(max_length=63, unique=True)
    title = models.CharField(max_length=200)
    team = models.CharField(max_length=63)  # the owning team's slug
    is_example = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.title


class RunbookVersion(models.Model):
    """One text, for ever. `digest` is the SHA-256 of the source's bytes; `number` counts within its runbook from 1."""

    runbook = models.ForeignKey(Runbook, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, unique=True)
    source = models.TextField()
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["runbook", "number"], name="runbook_version_once")]

    def __str__(self) -> str:
        return f"{self.runbook_id} v{self.number}"
