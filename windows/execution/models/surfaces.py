"""What runs hold in a state outside their own rows."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from windows.execution.models.runs import Run
from windows.execution.states import SurfaceStatus
from windows.scheduling.models import Window


class Surface(models.Model):
    """Something a window holds in a state outside its own rows: desired beside observed, compared again and again (N1).

    `kind` names the file in ports/adapters/ that observes, mends and ends it.
    """

    run = models.ForeignKey(Run, models.PROTECT, related_name="surfaces")  # the run that wanted it last
    window = models.ForeignKey(Window, models.PROTECT, related_name="surfaces")
    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=200)
    desired = models.JSONField()
    on_drift = models.CharField(max_length=10, choices=[(p, p) for p in ("mend", "show")], default="mend")
    status = models.CharField(max_length=12, choices=[(s.value, s.value) for s in SurfaceStatus], default=SurfaceStatus.WANTED.value)
    handle = models.CharField(max_length=200, blank=True)  # what the other side calls it
    observed = models.JSONField(default=dict)
    observed_note = models.TextField(blank=True)  # one sentence
    observed_at = models.DateTimeField(null=True)
    drift = models.JSONField(default=dict)  # what was observed when it last drifted …
    drifted_at = models.DateTimeField(null=True)  # … and when
    accepted_by = models.CharField(max_length=200, blank=True)
    accepted_reason = models.TextField(blank=True)
    lapses_at = models.DateTimeField(null=True)  # when it goes by itself unless it is renewed
    due_at = models.DateTimeField(null=True)  # when it is looked at again; null when ended
    generation = models.PositiveIntegerField(default=0, db_default=0)  # grows with each wish: what was done for an older one is void
    is_rehearsed = models.BooleanField(default=False, db_default=False)  # a rehearsal's own: beside the window's, never in its place
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["window", "kind", "name", "is_rehearsed"], name="one_surface_each"),
            models.CheckConstraint(
                condition=Q(status=SurfaceStatus.ENDED.value, due_at__isnull=True)
                | (~Q(status=SurfaceStatus.ENDED.value) & Q(due_at__isnull=False)),
                name="ended_surfaces_sleep",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="surface_due")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"
