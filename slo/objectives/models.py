"""Objectives: what is promised to users of a service."""

from django.db import models
from django.db.models import Q


class Objective(models.Model):
    """A ratio SLI (good ÷ total) with a target over a rolling window. `service` is a slug, a label."""

    slug = models.CharField(max_length=120, unique=True)
    service = models.CharField(max_length=63)
    environment = models.CharField(max_length=63, default="production")
    title = models.CharField(max_length=200)
    target = models.DecimalField(max_digits=8, decimal_places=6)  # 0.999
    window_days = models.PositiveIntegerField(default=28)  # rolling
    source = models.CharField(max_length=30, default="push")  # the name of a module in slo/telemetry/sources/
    query = models.JSONField(default=dict)  # for prometheus: {"good": PromQL, "total": PromQL}
    is_critical = models.BooleanField(default=False)
    is_example = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(target__gt=0, target__lt=1), name="objective_target_share")]
        indexes = [models.Index(fields=["service", "environment"], name="objective_by_service")]

    def __str__(self) -> str:
        return self.slug
