"""Celery's doors to what planning does by itself: a tick looks at the table."""

from celery import shared_task

from windows.audit.clock import clock
from windows.audit.going_on import going_on
from windows.scheduling.commands.asking_again import ENTRIES, WINDOWS, ask_again, read_trail
from windows.scheduling.commands.calendars_in.polls import poll_due
from windows.scheduling.commands.change_calendar_polls import poll_change_calendars
from windows.scheduling.commands.change_periods import unfold_due
from windows.scheduling.commands.freeze_series import due_freezes, extend_freezes
from windows.scheduling.commands.occurrences import extend_series
from windows.scheduling.commands.on_call import poll_on_call
from windows.scheduling.queries.series import due_series


@shared_task(name="scheduling.sweep")
def sweep() -> None:
    """Make the occurrences that have come within the horizon: of windows, of freezes and of the change calendars of others."""
    for series_id in due_series(clock()):
        with going_on("extend", series=series_id):
            extend_series(series_id)
    for series_id in due_freezes(clock()):
        with going_on("extend freeze", series=series_id):
            extend_freezes(series_id)
    unfold_due()


@shared_task(name="scheduling.poll_calendars")
def poll_calendars() -> None:
    """Ask the calendars of others that are due; one that hangs holds up only those behind it, and those not for long."""
    poll_due()
    poll_on_call()
    poll_change_calendars()


BATCHES = 20  # of one tick; the next goes on


@shared_task(name="scheduling.ask_conflicts")
def ask_conflicts() -> None:
    """Ask again for the conflicts that an act may have changed since the last tick. Two at once do no harm."""
    for _ in range(BATCHES):
        if read_trail(ENTRIES) < ENTRIES:
            break
    for _ in range(BATCHES):
        if not ask_again(WINDOWS):
            break
