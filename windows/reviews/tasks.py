"""Celery's door to reviews."""

from __future__ import annotations

from celery import shared_task

from windows.audit.going_on import going_on
from windows.reviews.commands.closing import close_reviewed
from windows.reviews.commands.digests import send_digests
from windows.reviews.commands.follow_ups import tell_overdue
from windows.reviews.commands.leftovers import remind_of_leftovers


@shared_task(name="reviews.sweep")
def sweep() -> None:
    """Tell who is late with a follow-up; remind of what must be torn down; send the digests that are due; close
    the windows that have nothing left to review."""
    for act in (tell_overdue, remind_of_leftovers, send_digests):
        with going_on(act.__name__):
            act()
    after: int | None = 0
    while after is not None:
        after = close_reviewed(after)
