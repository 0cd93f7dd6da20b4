"""What teams agree about windows at the same time: how many, and who moves."""

from __future__ import annotations

from enum import StrEnum

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from windows.catalogue.models import Service, Team
from windows.scheduling.models.windows import Window


class ConcurrencyLimit(models.Model):
    """At most so many windows at once: of one team's services, of a platform with everything that needs it, in an environment."""

    title = models.CharField(max_length=120, unique=True)
    at_most = models.PositiveIntegerField()
    severity = models.CharField(max_length=10, choices=[(s, s) for s in ("hard", "soft", "advisory")])
    team = models.ForeignKey(Team, models.CASCADE, null=True, related_name="+")
    platform = models.ForeignKey(Service, models.CASCADE, null=True, related_name="+")
    environment = models.CharField(max_length=63, blank=True)  # a slug; empty means any

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(at_most__gte=1), name="limit_at_least_1"),
            models.CheckConstraint(condition=Q(team__isnull=False) | Q(platform__isnull=False), name="limit_of_team_or_platform"),
        ]

    def __str__(self) -> str:
        return self.title


class Answer(StrEnum):
    OPEN = "open"
    AGREED = "agreed"  # by moving
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class MoveRequest(models.Model):
    """“Please move yours”: one window's people ask another's. One question at a time between two windows."""

    window = models.ForeignKey(Window, models.CASCADE, related_name="asked_to_move")
    asking = models.ForeignKey(Window, models.CASCADE, related_name="asks_to_move")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(db_default=Now())
    message = models.TextField(max_length=4000)
    status = models.CharField(max_length=10, choices=[(a.value, a.value) for a in Answer], default=Answer.OPEN.value)
    answered_by = models.CharField(max_length=120, blank=True)
    answered_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True, max_length=4000)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["window", "asking"], condition=Q(status="open"), name="one_open_move_request"),
            models.CheckConstraint(condition=~Q(window=F("asking")), name="move_request_of_two"),
        ]

    def __str__(self) -> str:
        return f"{self.asking_id} asks {self.window_id} to move"
