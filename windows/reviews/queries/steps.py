"""Automated steps: tried, and succeeded without a person [M7]. What counts as falling short of that is said here and nowhere else.

A step has been tried once it came to something: it succeeded, failed, could not be decided, fell into doubt, or a person had to help. One
that was cut off before, because its run turned back, came to nothing: it is neither. That it was undone later is no fault of its own.
"""

from __future__ import annotations

from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Concat

from windows.audit.models import AuditEntry
from windows.execution.models import StepRun
from windows.execution.states import StepStatus

BY_HAND = ("step.confirmed", "step.attested", "step.retried", "step.skipped", "run.resumed")  # a resume names a step where it retried one
FAILED = ("step.failed", "step.undecided", "step.doubted")
SHORT = (*FAILED, *BY_HAND)
OPEN = (StepStatus.PENDING.value, StepStatus.STARTED.value, StepStatus.WAITING.value)
WRONG = (StepStatus.FAILED.value, StepStatus.IN_DOUBT.value)
TRIED = Count("pk")
ALONE = Count("pk", filter=Q(is_short=False))


def tried_steps() -> QuerySet[StepRun]:
    """Automated steps that came to something, to be counted by TRIED and ALONE; `is_short` marks those that did not succeed without a
    person. Of a step that was undone the trail tells what it had come to before."""
    reference = Concat(Value("MW-"), Cast(OuterRef("run__window_id"), CharField()))
    place = Cast(OuterRef("position"), CharField())  # JSON keeps it as a number: compared as text
    told = AuditEntry.objects.annotate(place=KeyTextTransform("position", "data")).filter(
        window=reference, run_id=OuterRef("run_id"), place=place
    )
    short, done = Exists(told.filter(kind__in=SHORT)), Exists(told.filter(kind="step.succeeded"))
    tried = StepRun.objects.filter(intended_at__isnull=False, run__rehearsal="").exclude(kind="manual").exclude(status__in=OPEN)
    came_to = Q(is_short=True) | Q(done=True) | Q(status=StepStatus.SUCCEEDED.value)
    return tried.annotate(is_short=Case(When(status__in=WRONG, then=True), default=short), done=done).filter(came_to)


def fell_short() -> QuerySet[AuditEntry]:
    """The entries that say so, of real runs: failed, undecided, in doubt, or helped by a person. Not that a person ticked a step which is
    a person's own, nor that one was left out before it was tried."""
    told = AuditEntry.objects.filter(kind__in=[kind for kind in SHORT if kind.startswith("step.")])
    is_tried = ~Q(kind="step.skipped") | Q(data__attempt__gt=0)
    return told.filter(is_tried, Q(data__kind=None) | Q(data__kind__isnull=True) | ~Q(data__kind="manual"))
