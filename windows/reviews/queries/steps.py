"""Automated steps: tried, and succeeded without a person [M7]."""

from __future__ import annotations

from django.db.models import CharField, Count, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Concat

from windows.audit.models import AuditEntry
from windows.execution.models import StepRun
from windows.execution.states import StepStatus

BY_HAND = ("step.confirmed", "step.attested", "step.retried", "step.skipped", "run.resumed")  # a resume names a step where it retried one
OPEN = (StepStatus.PENDING.value, StepStatus.STARTED.value, StepStatus.WAITING.value)
TRIED = Count("pk")
ALONE = Count("pk", filter=(Q(status=StepStatus.SUCCEEDED.value) | Q(done=True)) & Q(helped=False))


def tried_steps() -> QuerySet[StepRun]:
    """Automated steps that were begun, to be counted by TRIED and ALONE. Of a step that was undone the trail tells whether it had
    succeeded before."""
    reference = Concat(Value("MW-"), Cast(OuterRef("run__window_id"), CharField()))
    place = Cast(OuterRef("position"), CharField())  # JSON keeps it as a number: compared as text
    told = AuditEntry.objects.annotate(place=KeyTextTransform("position", "data")).filter(
        window=reference, run_id=OuterRef("run_id"), place=place
    )
    helped, done = Exists(told.filter(kind__in=BY_HAND)), Exists(told.filter(kind="step.succeeded"))
    tried = StepRun.objects.filter(intended_at__isnull=False, run__rehearsal="").exclude(kind="manual").exclude(status__in=OPEN)
    return tried.annotate(helped=helped, done=done)
