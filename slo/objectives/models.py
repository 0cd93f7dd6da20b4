"""Objectives: what is promised to users of a service, and what maintenance was agreed to mean for it."""

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now

POLICIES = ["count", "exclude", "allow"]


class Objective(models.Model):
    """A ratio SLI (good ÷ total) with a target over a window of time. `service` is a slug, a label."""

    slug = models.CharField(max_length=120, unique=True)
    service = models.CharField(max_length=63)
    environment = models.CharField(max_length=63, default="production")
    title = models.CharField(max_length=200)
    description = models.CharField(max_length=1050, blank=True, default="", db_default="")
    target = models.DecimalField(max_digits=8, decimal_places=6)  # 0.999
    window_days = models.PositiveIntegerField(default=28)  # rolling; about so long where `calendar` says when it begins
    calendar = models.JSONField(
        default=dict, db_default=Value({}, models.JSONField())
    )  # {"start", "zone", "count", "unit"}, or {} for a rolling window
    slice_minutes = models.PositiveIntegerField(null=True)  # timeslices: a slice is good where `slice_target` of its events are
    slice_target = models.DecimalField(max_digits=8, decimal_places=6, null=True)
    slices_from = models.DateTimeField(null=True)  # the first day whose slices are still to be judged; null: all are
    maintenance = models.CharField(
        max_length=10, default="allow", db_default="allow"
    )  # how windows are treated from now on; see slo.budget.Policy
    source = models.CharField(max_length=30, default="push")  # the name of a module in slo/telemetry/sources/
    query = models.JSONField(default=dict)  # for prometheus: {"good": PromQL, "total": PromQL}
    rules = models.JSONField(
        default=list, db_default=Value([], models.JSONField())
    )  # burn-rate alerts of its own; [] for those of the SRE workbook
    labels = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    is_critical = models.BooleanField(default=False)
    is_example = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(target__gt=0, target__lt=1), name="objective_target_share"),
            models.CheckConstraint(condition=Q(maintenance__in=POLICIES), name="objective_maintenance_known"),
            models.CheckConstraint(
                condition=Q(slice_minutes__isnull=True, slice_target__isnull=True)
                | Q(slice_minutes__gt=0, slice_minutes__lte=1440, slice_target__gt=0, slice_target__lte=1),
                name="objective_slices_whole",
            ),
        ]
        indexes = [models.Index(fields=["service", "environment"], name="objective_by_service")]

    def __str__(self) -> str:
        return self.slug


class Adjustment(models.Model):
    """How an objective's minutes under a window are treated, written down before they happen: labels and values, no foreign keys.

    Rows never change and never go (trigger and privilege); one that excuses anything cannot begin in the past (trigger); the time is the
    database's. COUNT gives back what an earlier row of the same window took.
    """

    objective = models.CharField(max_length=120)
    window = models.CharField(max_length=20)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    policy = models.CharField(max_length=10)
    slack = models.FloatField(default=0.0)  # of ALLOW: a share of the whole budget
    authority = models.CharField(max_length=500)  # the approval it rests on
    approvers = models.JSONField(default=list)  # their names, as they signed
    recorded_at = models.DateTimeField(db_default=Now())
    is_example = models.BooleanField(db_default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="adjustment_ends_after_start"),
            models.CheckConstraint(condition=Q(policy__in=POLICIES), name="adjustment_policy_known"),
            models.CheckConstraint(
                condition=Q(policy="allow", slack__gt=0, slack__lte=1) | (~Q(policy="allow") & Q(slack=0)), name="adjustment_slack_of_allow"
            ),
            models.CheckConstraint(condition=~Q(authority="") & ~Q(window=""), name="adjustment_cites"),
            models.UniqueConstraint(fields=["objective", "window", "policy", "starts_at"], name="adjustment_once"),
        ]
        indexes = [
            models.Index(fields=["objective", "ends_at"], name="adjustment_by_end"),
            models.Index(fields=["window"], name="adjustment_by_window"),
        ]

    def __str__(self) -> str:
        return f"{self.objective} {self.policy} {self.window}"
