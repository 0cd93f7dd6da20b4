"""Runbooks, their immutable versions (a trigger in migration 0002 refuses changes), and the places in Git they come from."""

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
    repository = models.CharField(max_length=500, default="", db_default="")  # where it was first seen in Git; empty: uploaded
    path = models.CharField(max_length=500, default="", db_default="")
    commit = models.CharField(max_length=64, default="", db_default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["runbook", "number"], name="runbook_version_once")]

    def __str__(self) -> str:
        return f"{self.runbook_id} v{self.number}"


class RunbookSource(models.Model):
    """A folder of a Git repository whose YAML files are a team's runbooks. `due_at` is when it is pulled next."""

    repository = models.CharField(max_length=500)
    branch = models.CharField(max_length=200, default="")  # empty: the repository's own
    folder = models.CharField(max_length=500, default="")  # empty: all of it
    team = models.CharField(max_length=63)
    commit = models.CharField(max_length=64, default="")  # what the last good pull found
    pulled_at = models.DateTimeField(null=True)  # the last good pull
    trouble = models.CharField(max_length=1000, default="")  # why the last pull was none; empty: it was good
    due_at = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "branch", "folder"], name="runbook_source_once")]

    def __str__(self) -> str:
        return f"{self.repository} {self.branch} {self.folder}".strip()


class SourceFile(models.Model):
    """A file of a source as the last good pull found it. `digest` is of its text; `trouble` says why it is no version here.

    A file that knows its runbook and is gone from Git keeps its row with an empty digest: the runbook has drifted to nothing.
    """

    source = models.ForeignKey(RunbookSource, models.CASCADE, related_name="files")
    path = models.CharField(max_length=500)
    runbook = models.OneToOneField(Runbook, models.PROTECT, null=True, related_name="file")
    digest = models.CharField(max_length=64, default="")
    trouble = models.CharField(max_length=1000, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "path"], name="runbook_source_file_once")]

    def __str__(self) -> str:
        return self.path
