"""Verb of the schedule: each announcement follows its window, once per change."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

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
    """Write an update for each announced window that the public sees in another state, or at other times, than it is in; how many.

    Only what is to be told is locked, and judged once more then.
    """
    rows = Announcement.objects.filter(withdrawn_at=None).exclude(status=PublicStatus.COMPLETED.value)
    rows = rows.exclude(status="", window__status__in=NOT_SHOWN).select_related("window").defer("window__vevent").order_by("pk")
    validating = set(being_validated().filter(window__announcement__in=rows).values_list("window", flat=True))
    told = 0
    for row in rows:
        if to_tell(row, is_validating=row.window_id in validating):
            with going_on("tell the public of a window", announcement=row.pk):
                told += follow_one(row.pk)
    return told


@transaction.atomic(durable=True)
def follow_one(pk: int) -> int:
    """1 where something was said, else 0."""
    row = Announcement.objects.select_for_update(of=("self",)).select_related("window").defer("window__vevent").filter(pk=pk).first()
    if row is None or row.withdrawn_at is not None:
        return 0
    found = to_tell(row, is_validating=being_validated().filter(window=row.window_id).exists())
    if found is None:
        return 0
    status, said = found
    now, window = clock(), row.window
    Update.objects.create(announcement=row, status=status.value, body=said, said_by=SCHEDULE.name, at=now)
    as_it_was = status is PublicStatus.COMPLETED and row.starts_at  # called off: as it was told, not as it was asked for since
    kept = {} if as_it_was else {"starts_at": window.starts_at, "ends_at": window.ends_at}
    Announcement.objects.filter(pk=row.pk).update(status=status.value, updated_at=now, **kept)
    told = {"text": said, "status": status.value}
    record("announcement.updated", SCHEDULE, window.reference, window=window.reference, data=told)
    return 1


def being_validated() -> QuerySet[Run]:
    return Run.objects.filter(status=RunStatus.VALIDATING.value, rehearsal="")


def to_tell(row: Announcement, *, is_validating: bool) -> tuple[PublicStatus, str] | None:
    """What the public sees from now on and is told of it; None where it knows already."""
    window = WindowStatus(row.window.status)
    status = public_status(window, is_validating, was_shown=bool(row.status))
    times = row.window.starts_at, row.window.ends_at
    has_moved = row.starts_at is not None and (row.starts_at, row.ends_at) != times
    if status is None or (row.status == status and not has_moved):
        return None
    if row.status == status:
        return status, moved(*times)
    return status, row.text if status is PublicStatus.SCHEDULED and not row.status else sentence(status, window)
