"""How many windows a month a service may have: a policy (X17)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from windows.catalogue.models import Service


class WindowBudget(models.Model):
    """At most so many windows a month (UTC): of one service, else of a tier, else of every service. The narrowest one holds."""

    service = models.ForeignKey(Service, models.CASCADE, null=True, related_name="+")
    tier = models.PositiveSmallIntegerField(null=True)
    at_most = models.PositiveIntegerField()
    severity = models.CharField(max_length=10, choices=[(s, s) for s in ("hard", "soft", "advisory")], default="soft")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["service", "tier"], nulls_distinct=False, name="one_window_budget_each"),
            models.CheckConstraint(condition=Q(service__isnull=True) | Q(tier__isnull=True), name="window_budget_of_service_or_tier"),
            models.CheckConstraint(condition=Q(at_most__gte=1), name="window_budget_at_least_1"),
        ]

    def __str__(self) -> str:
        return f"window-budget:{self.pk}"
