"""Celery's door to notices."""

from celery import shared_task

from windows.audit.going_on import going_on
from windows.notices.commands.following import ENTRIES, read_changes
from windows.notices.commands.telling import tell_ahead

BATCHES = 20  # of one tick; the next goes on


@shared_task(name="notices.notify")
def notify() -> None:
    """Tell those whom a window touches, a day before it begins, and whenever it changes."""
    tell_ahead()
    with going_on("tell what became of windows"):
        for _ in range(BATCHES):
            if read_changes(ENTRIES) < ENTRIES:
                break
