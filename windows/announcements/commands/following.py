"""Verb of the schedule: each announcement follows its window, once per change."""

from __future__ import annotations

from django.db import transaction

from windows.access.roles import SCHEDULE
from windows.announcements.models import Announcement, Update
from windows.announcements.states import PublicStatus, moved, public_status, sentence
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.audit.going_on import going_on
from windows.execution.models import Run
from windows.execution.states import RunStatus
from windows.lifecycle.states import WindowStatus

NOT_SHOWN = [one.value for one in (WindowStatus.CANCELLED, WindowStatus.EXPIRED, WindowStatus.REJECTED)]  # where nobody was told


def follow() -> int:
    """Write an update for each announced window that the public sees in another state, or at other times, than it is in; how many."""
    rows = Announcement.objects.filter(withdrawn_at=None).exclude(status=PublicStatus.COMPLETED.value)
    told = 0
    for pk in rows.exclude(status="", window__status__in=NOT_SHOWN).order_by("pk").values_list("pk", flat=True):
        with going_on("tell the public of a window", announcement=pk):
            told += follow_one(pk)
    return told


@transaction.atomic(durable=True)
def follow_one(pk: int) -> int:
    """1 where something was said, else 0."""
    row = Announcement.objects.select_for_update(of=("self",)).select_related("window").defer("window__vevent").filter(pk=pk).first()
    if row is None or row.withdrawn_at is not None:
        return 0
    window = WindowStatus(row.window.status)
    is_validating = Run.objects.filter(window=row.window_id, status=RunStatus.VALIDATING.value, rehearsal="").exists()
    status = public_status(window, is_validating, was_shown=bool(row.status))
    times = {"starts_at": row.window.starts_at, "ends_at": row.window.ends_at}
    has_moved = row.starts_at is not None and (row.starts_at, row.ends_at) != (times["starts_at"], times["ends_at"])
    if status is None or (row.status == status and not has_moved):
        return 0
    if row.status == status:
        said = moved(**times)
    else:
        said = row.text if status is PublicStatus.SCHEDULED and not row.status else sentence(status, window)
    now = clock()
    Update.objects.create(announcement=row, status=status.value, body=said, said_by=SCHEDULE.name, at=now)
    kept = {} if status is PublicStatus.COMPLETED and row.starts_at else times  # called off: as it was told, not as it was asked for since
    Announcement.objects.filter(pk=row.pk).update(status=status.value, updated_at=now, **kept)
    told = {"text": said, "status": status.value}
    record("announcement.updated", SCHEDULE, row.window.reference, window=row.window.reference, data=told)
    return 1
