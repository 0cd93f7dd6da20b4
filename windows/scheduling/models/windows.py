"""Windows, their scopes and reservations, feeds. What may not be stands in constraints."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Now
from django.db.models.lookups import LessThanOrEqual

from windows.catalogue.models import Service, Team
from windows.lifecycle.states import ChangeType, Mode, WindowStatus
from windows.runbooks.models import RunbookVersion

LAYERS = [(f"L{n}", f"L{n}") for n in range(1, 11)]  # SPEC §21
LONGEST_RESERVATION = timedelta(days=7)  # so that a look-up by begin alone finds every overlap
CONTROLS = r"[\x01-\x1f\x7f]"  # one poisoned title would break a whole calendar feed


def period() -> Func:
    """The planned period as a range, as the GiST index holds it: `alias(period=period()).filter(period__overlap=…)`."""
    return Func(F("starts_at"), F("ends_at"), function="tstzrange", output_field=DateTimeRangeField())


def begin() -> Func:
    """Where a reservation begins, as the index of slots holds it."""
    return Func(F("reserved"), function="lower", output_field=models.DateTimeField())


def finish() -> Func:
    """Where it ends."""
    return Func(F("reserved"), function="upper", output_field=models.DateTimeField())


def length() -> models.ExpressionWrapper[Any]:
    """How long it is."""
    return models.ExpressionWrapper(finish() - begin(), output_field=models.DurationField())


class Window(models.Model):
    """A maintenance window. Its reference MW-<id> is what people say; ids start at 1001 (migration 0002)."""

    title = models.CharField(max_length=200)
    reason = models.TextField(max_length=4000)  # why
    team = models.ForeignKey(Team, models.PROTECT, related_name="windows")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    coordinator = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    deputy = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    edited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")  # of what approvals bind to
    status = models.CharField(max_length=20, choices=[(s.value, s.value) for s in WindowStatus], default=WindowStatus.DRAFT.value)
    mode = models.CharField(max_length=20, choices=[(m.value, m.value) for m in Mode], default=Mode.DEGRADED.value)
    change_type = models.CharField(max_length=20, choices=[(c.value, c.value) for c in ChangeType], default=ChangeType.NORMAL.value)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    timezone = models.CharField(max_length=60, default="UTC")  # the window's own zone, IANA
    wall_start = models.CharField(max_length=19, blank=True, default="")  # the local time that was meant: shows when a zone's rules change
    wall_end = models.CharField(max_length=19, blank=True, default="")
    starts_itself = models.BooleanField(default=True)  # beat starts it at its time; else a person does
    runbook_version = models.ForeignKey(RunbookVersion, models.PROTECT, null=True, related_name="windows")
    parameters = models.JSONField(default=dict)
    expected_impact = models.TextField(blank=True, max_length=4000)
    expected_users = models.PositiveBigIntegerField(null=True)
    slack = models.FloatField(default=0.0)  # share of the error budget asked for, 0..1
    expected_alerts = models.JSONField(
        default=list, db_default=Value([], models.JSONField())
    )  # alerts.expected: what becomes a ticket instead of a page, where and how long
    confidential = models.BooleanField(default=False)
    external_ref = models.CharField(max_length=200, null=True, unique=True)  # an integration's own key: upsert
    scope_said = models.JSONField(default=list, db_default=[])  # its scope as somebody said it, "*" and all; empty: as its rows stand
    series = models.ForeignKey("scheduling.Series", models.PROTECT, null=True, related_name="windows")
    recurrence_id = models.CharField(
        max_length=19, blank=True, default="", db_default=""
    )  # the wall-clock time that the series' rule gave it, for ever
    strayed_at = models.DateTimeField(null=True)  # changed alone: what is said of "all that follow" leaves it
    is_example = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)  # counts every edit: If-Match, ETag
    sequence = models.PositiveIntegerField(default=0)  # RFC 5545 SEQUENCE
    uid = models.UUIDField(unique=True)  # the iCal UID is <uid>@host
    vevent = models.BinaryField(default=b"")  # its VEVENT block as bytes, rewritten with every edit
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())
    published_at = models.DateTimeField(null=True)  # first left draft: from then on calendars hold it and must be told of everything
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="window_ends_after_start"),
            models.CheckConstraint(condition=Q(status__in=[s.value for s in WindowStatus]), name="window_status_known"),
            models.CheckConstraint(condition=Q(slack__gte=0, slack__lte=1), name="window_slack_share"),
            models.CheckConstraint(condition=~Q(title__regex=CONTROLS), name="window_title_plain"),
            models.CheckConstraint(
                condition=Q(series__isnull=True, recurrence_id="") | (Q(series__isnull=False) & ~Q(recurrence_id="")),
                name="window_recurrence_named",
            ),
            models.UniqueConstraint(fields=["series", "recurrence_id"], condition=Q(series__isnull=False), name="occurrence_once"),
        ]
        indexes = [
            models.Index(fields=["status", "starts_at"], name="window_due"),
            models.Index(fields=["starts_at", "id"], name="window_by_start"),
            GistIndex(period(), name="window_period"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"MW-{self.pk}"


class WindowScope(models.Model):
    """One row per service, environment, region and layer, wildcards expanded. `reserved` may outgrow the planned period."""

    window = models.ForeignKey(Window, models.CASCADE, related_name="scopes")
    service = models.ForeignKey(Service, models.PROTECT, related_name="scopes")
    environment = models.CharField(max_length=63)
    region = models.CharField(max_length=63)
    layer = models.CharField(max_length=3, choices=LAYERS)
    reserved = DateTimeRangeField()
    holds_slot = models.BooleanField(default=False)  # exclusive and requested, approved or running; kept by the transition command

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["window", "service", "environment", "region", "layer"], name="scope_once"),
            ExclusionConstraint(
                name="one_window_at_a_time",
                expressions=[
                    ("service", RangeOperators.EQUAL),  # the first column decides how well the index finds
                    ("environment", RangeOperators.EQUAL),
                    ("region", RangeOperators.EQUAL),
                    ("reserved", RangeOperators.OVERLAPS),
                    ("window", RangeOperators.NOT_EQUAL),
                ],
                condition=Q(holds_slot=True),
            ),
            models.CheckConstraint(condition=LessThanOrEqual(length(), LONGEST_RESERVATION), name="scope_reserved_bounded"),
        ]
        indexes = [
            models.Index(fields=["service", "window"], name="scope_by_service"),
            models.Index(F("service"), begin(), finish(), name="scope_slots"),  # see queries.slots and queries.loads
        ]

    def __str__(self) -> str:
        return f"{self.window_id}: {self.service_id}/{self.environment}/{self.region}/{self.layer}"


class Feed(models.Model):
    """A secret iCal address. Only the token's SHA-256 is stored; permissions are asked again at every read."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="feeds")
    kind = models.CharField(max_length=10, choices=[(k, k) for k in ("all", "team", "service", "person", "queue")])
    target = models.CharField(max_length=63, blank=True)  # a team's or service's slug, a person's id
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.target}".strip()
