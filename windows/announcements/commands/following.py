"""Verb of the schedule: each announcement follows its window, once per change."""

from __future__ import annotations

from django.db import transaction

from windows.access.roles import SCHEDULE
from windows.announcements.models import Announcement, Update
from windows.announcements.states import PublicStatus, public_status, sentence
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.execution.models import Run
from windows.execution.states import RunStatus
from windows.lifecycle.states import WindowStatus

NOT_SHOWN = [one.value for one in (WindowStatus.CANCELLED, WindowStatus.EXPIRED, WindowStatus.REJECTED)]  # where nobody was told


def follow() -> int:
    """Write an update for each announced window that the public sees in another state than it is in; how many."""
    rows = Announcement.objects.filter(withdrawn_at=None).exclude(status=PublicStatus.COMPLETED.value)
    return sum(follow_one(pk) for pk in rows.exclude(status="", window__status__in=NOT_SHOWN).order_by("pk").values_list("pk", flat=True))


@transaction.atomic(durable=True)
def follow_one(pk: int) -> int:
    """1 where something was said, else 0."""
    row = Announcement.objects.select_for_update(of=("self",)).select_related("window").defer("window__vevent").filter(pk=pk).first()
    if row is None or row.withdrawn_at is not None:
        return 0
    window = WindowStatus(row.window.status)
    is_validating = Run.objects.filter(window=row.window_id, status=RunStatus.VALIDATING.value, rehearsal="").exists()
    status = public_status(window, is_validating, was_shown=bool(row.status))
    if status is None or row.status == status:
        return 0
    said = row.text if status is PublicStatus.SCHEDULED and not row.status else sentence(status, window)
    now = clock()
    Update.objects.create(announcement=row, status=status.value, body=said, said_by=SCHEDULE.name, at=now)
    Announcement.objects.filter(pk=row.pk).update(status=status.value, updated_at=now)
    told = {"text": said, "status": status.value}
    record("announcement.updated", SCHEDULE, row.window.reference, window=row.window.reference, data=told)
    return 1
