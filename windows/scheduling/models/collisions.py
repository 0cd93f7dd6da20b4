"""What stood in the way of a window when its conflicts were last asked for: so that each new one is told once, and its end too."""

from __future__ import annotations

from django.db import models

from windows.scheduling.models.windows import Window


class Collision(models.Model):
    """A hard or soft conflict of a window that is still ahead. Its people know of it; the row goes with the conflict."""

    window = models.ForeignKey(Window, models.CASCADE, related_name="collisions")
    key = models.CharField(max_length=24)  # names the facts, as ConflictFinding has it
    kind = models.CharField(max_length=20)
    severity = models.CharField(max_length=10)
    what = models.TextField()
    who = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["window", "key"], name="one_collision_of_a_conflict")]
        indexes = [models.Index(fields=["kind"], name="collision_by_kind")]

    def __str__(self) -> str:
        return f"{self.window_id}: {self.kind} {self.who}"


class ConflictQuestion(models.Model):
    """A window that is ahead: when its conflicts were asked for, and that something has happened since that may have changed them."""

    window = models.OneToOneField(Window, models.CASCADE, primary_key=True, related_name="+")
    due_at = models.DateTimeField(null=True)  # null: the answer is up to date
    asked_at = models.DateTimeField(null=True)  # null: never; the first answer is told to nobody

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="question_due", condition=models.Q(due_at__isnull=False))]

    def __str__(self) -> str:
        return f"conflicts of {self.window_id}"


class TrailReader(models.Model):
    """How far into the chain of the audit trail a reader has got."""

    name = models.CharField(max_length=40, primary_key=True)
    position = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.name} at {self.position}"
