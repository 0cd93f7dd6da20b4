"""Runs, their steps and what was measured on the way. What may not be wrong stands in constraints."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Now

from windows.execution.rehearsing import Rehearsal
from windows.execution.states import RUN_LIVE, Phase, RunStatus, StepStatus
from windows.runbooks.models import RunbookVersion
from windows.scheduling.models import Window

LIVE = sorted(state.value for state in RUN_LIVE)


class Run(models.Model):
    """One execution of a window's runbook. Its plan is copied into step rows when it starts, its watch gates into `watch`."""

    window = models.ForeignKey(Window, models.PROTECT, related_name="runs")
    runbook_version = models.ForeignKey(RunbookVersion, models.PROTECT, null=True, related_name="runs")
    number = models.PositiveIntegerField()  # 1, 2, … within the window
    status = models.CharField(max_length=20, choices=[(s.value, s.value) for s in RunStatus], default=RunStatus.PREFLIGHT.value)
    reason = models.TextField(blank=True)  # why it is in this state, one sentence for people
    rehearsal = models.CharField(max_length=10, blank=True, default="", db_default="", choices=[(r.value, r.value) for r in Rehearsal])
    staged = models.JSONField(
        default=dict, db_default=Value({}, models.JSONField()), blank=True
    )  # of a rehearsal: {"environment", "parameters", "faults"}
    started_by = models.CharField(max_length=200)
    started_by_id = models.BigIntegerField(null=True)
    watch = models.JSONField(default=list)  # gates judged during the whole run: runbooks.spec.WatchSpec.to_json()
    measured_at = models.DateTimeField(null=True)  # when its gates were last looked at
    watched_since = models.DateTimeField(null=True)  # verdicts before count no more: it was held and a person let it go on
    gap_at = models.DateTimeField(null=True)  # it is held because its tags did not arrive, as seen at this moment
    covered_since = models.DateTimeField(null=True)  # tags before are not asked for any more: it was held for them and let go on
    wake_at = models.DateTimeField(null=True)  # when a worker must look at it; null when final
    lease_until = models.DateTimeField(null=True)
    fence = models.BigIntegerField(default=0)  # the fencing token: grows with every new owner
    turn_back_at = models.DateTimeField(null=True)  # window end − rollback reserve
    window_ends_at = models.DateTimeField()
    overrun_policy = models.CharField(max_length=20, choices=[(p, p) for p in ("roll_back", "hold")], default="roll_back")
    hold_until = models.DateTimeField(null=True)  # when a hold runs out
    hold_action = models.CharField(max_length=20, blank=True, choices=[(p, p) for p in ("roll_back", "resume")])
    warned_at = models.DateTimeField(null=True)  # on-call was told that turn-back time is near
    overrun_at = models.DateTimeField(null=True)  # seen to be under way after its window's end
    back_to = models.PositiveIntegerField(null=True)  # a rollback ends at this step, a checkpoint; null: it undoes everything
    revision = models.PositiveIntegerField(default=0)  # grows when a person changes a step: the owner reads its steps again
    freezes_met = models.JSONField(default=list)  # ids: each freeze is met once, a person who resumes has seen it
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["window"], condition=Q(status__in=LIVE, rehearsal=""), name="one_live_run"),
            models.UniqueConstraint(fields=["window"], condition=Q(status__in=LIVE) & ~Q(rehearsal=""), name="one_live_rehearsal"),
            models.UniqueConstraint(fields=["window", "number"], name="run_number_once"),
            models.CheckConstraint(
                condition=Q(status__in=LIVE) | Q(wake_at__isnull=True, lease_until__isnull=True), name="final_runs_sleep"
            ),
        ]
        indexes = [models.Index(fields=["wake_at"], condition=Q(wake_at__isnull=False), name="run_due")]

    def __str__(self) -> str:
        return f"run {self.pk}"

    @property
    def called(self) -> str:
        """“run 2”, or the reference of a rehearsal."""
        return f"rehearsal RH-{self.pk}" if self.rehearsal else f"run {self.number}"

    @property
    def tag(self) -> str:
        """What its telemetry carries as maintenance.window: a rehearsal is not its window."""
        return f"RH-{self.pk}" if self.rehearsal else self.window.reference


class StepRun(models.Model):
    run = models.ForeignKey(Run, models.CASCADE, related_name="steps")
    position = models.PositiveIntegerField()
    phase = models.CharField(max_length=12, choices=[(p.value, p.value) for p in Phase], default=Phase.STEP.value)
    name = models.CharField(max_length=120)
    sentence = models.CharField(max_length=500)  # what it does, as people read it
    kind = models.CharField(max_length=30)
    params = models.JSONField(default=dict)
    undo = models.JSONField(null=True)  # {"kind": …, "params": {…}}, or null with no_undo_reason
    no_undo_reason = models.CharField(max_length=500, blank=True)
    is_repeatable = models.BooleanField()
    timeout = models.DurationField()
    max_attempts = models.PositiveIntegerField(default=1)
    backoff = models.DurationField()  # before the second attempt; doubles, with jitter
    is_checkpoint = models.BooleanField(default=False, db_default=False)  # a rollback may end here
    on_fail = models.CharField(
        max_length=12, choices=[(p, p) for p in ("roll_back", "checkpoint")], default="roll_back", db_default="roll_back"
    )
    round = models.PositiveIntegerField(default=1, db_default=1)  # grows when it is done anew after a rollback to a checkpoint
    quiesces = models.CharField(max_length=200, blank=True, db_default="")  # what this step stops …
    resumes = models.CharField(max_length=200, blank=True, db_default="")  # … and what this one lets go on again
    resume_within = models.DurationField(null=True)
    forgotten_at = models.DateTimeField(null=True)  # people heard that what it stopped was not let go on
    status = models.CharField(max_length=20, choices=[(s.value, s.value) for s in StepStatus], default=StepStatus.PENDING.value)
    attempt = models.PositiveIntegerField(default=0)
    undo_attempt = models.PositiveIntegerField(default=0)
    checkpoint = models.JSONField(default=dict)
    prepared_at = models.DateTimeField(null=True)  # when its kind was asked what to keep, once, before anything was done
    wake_at = models.DateTimeField(null=True)
    prompt = models.TextField(blank=True)  # what a person is asked
    outcome = models.TextField(blank=True)  # the last outcome in one sentence
    intended_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    undo_started_at = models.DateTimeField(null=True)
    undo_ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="step_position_once"),
            models.CheckConstraint(
                condition=Q(status=StepStatus.WAITING.value, wake_at__isnull=False)
                | (~Q(status=StepStatus.WAITING.value) & (Q(wake_at__isnull=True) | Q(status=StepStatus.COMPENSATING.value))),
                name="waiting_means_wake_at",
            ),
        ]
        indexes = [models.Index(fields=["run"], condition=~Q(quiesces=""), name="step_quiesces")]

    def __str__(self) -> str:
        return f"{self.run_id}:{self.position}"


class StepLog(models.Model):
    run = models.ForeignKey(Run, models.CASCADE, related_name="logs")
    position = models.PositiveIntegerField()
    at = models.DateTimeField(db_default=Now())
    level = models.CharField(max_length=10, default="info")
    text = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["run", "id"], name="step_log_by_run"), BrinIndex(fields=["at"], name="step_log_by_age")]

    def __str__(self) -> str:
        return self.text[:60]


class CheckResult(models.Model):
    """One preflight check of one run: name, three-valued verdict, evidence and time."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="checks")
    name = models.CharField(max_length=60)
    verdict = models.CharField(max_length=12, choices=[(v, v) for v in ("pass", "fail", "inconclusive")])
    reason = models.TextField()
    evidence = models.JSONField(default=dict)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="check_once")]

    def __str__(self) -> str:
        return f"{self.name}: {self.verdict}"


class GateReading(models.Model):
    """One measurement of one gate of a run and what it was judged to be. `position` is null for watch gates."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="readings")
    gate = models.CharField(max_length=120)
    position = models.PositiveIntegerField(null=True)
    at = models.DateTimeField(db_default=Now())
    value = models.FloatField(null=True)
    verdict = models.CharField(max_length=12, choices=[(v, v) for v in ("pass", "fail", "inconclusive")])
    is_error = models.BooleanField(default=False)  # refused, timed out, malformed: inconclusive, and counted by itself
    reason = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["run", "gate", "-id"], name="readings_by_gate"),
            BrinIndex(fields=["at"], name="readings_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.gate}: {self.verdict}"


class Signature(models.Model):
    """A person's half of a decision that takes two (abort)."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="signatures")
    verb = models.CharField(max_length=20)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.TextField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "verb", "person"], name="one_signature_each")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.verb} by {self.person_id}"
