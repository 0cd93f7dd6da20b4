"""Standard changes: what was authorised once, to be done again without asking."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Now

from windows.catalogue.models import Team
from windows.lifecycle.states import Mode
from windows.runbooks.models import RunbookVersion


class ChangeTemplate(models.Model):
    """A standard change of a team. Never edited: another one takes its place, so that what was authorised stays on record."""

    name = models.CharField(max_length=120)
    team = models.ForeignKey(Team, models.PROTECT, related_name="+")
    reason = models.TextField(max_length=4000)
    scope = models.JSONField()  # rows as a person says them: service, environment, region, layers
    # What that meant when it was authorised: each place, as service/environment/region/layer, and the team whose owner agreed.
    authorised = models.JSONField(null=True)
    runbook_version = models.ForeignKey(RunbookVersion, models.PROTECT, null=True, related_name="+")
    parameters = models.JSONField(default=dict)
    mode = models.CharField(max_length=20, choices=[(m.value, m.value) for m in Mode])
    expected_impact = models.TextField(blank=True, max_length=4000)
    expected_alerts = models.JSONField(default=list, db_default=Value([], models.JSONField()))  # alerts.expected
    minutes = models.PositiveIntegerField()  # at most
    days = models.JSONField(default=list)  # MO to SU; empty: any
    opens = models.TimeField(null=True)  # wall clock of its zone
    closes = models.TimeField(null=True)
    timezone = models.CharField(max_length=60, default="UTC")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(db_default=Now())
    retired_at = models.DateTimeField(null=True)
    is_example = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], condition=Q(retired_at=None), name="change_template_once_a_name"),
            models.CheckConstraint(condition=Q(minutes__gte=1), name="change_template_lasts"),
            models.CheckConstraint(
                condition=Q(opens=None, closes=None) | Q(opens__isnull=False, closes__isnull=False), name="change_template_hours_whole"
            ),
        ]
        indexes = [models.Index(fields=["name", "id"], name="change_template_by_name")]

    def __str__(self) -> str:
        return f"change-template:{self.pk}"
