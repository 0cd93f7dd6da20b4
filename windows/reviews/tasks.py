"""Celery's door to reviews."""

from __future__ import annotations

from celery import shared_task

from windows.reviews.commands.closing import close_reviewed
from windows.reviews.commands.digests import send_digests
from windows.reviews.commands.follow_ups import AT_ONCE, tell_overdue
from windows.reviews.commands.leftovers import AT_ONCE as SOON_AT_ONCE
from windows.reviews.commands.leftovers import remind_of_leftovers


@shared_task(name="reviews.sweep")
def sweep() -> None:
    """Tell who is late with a follow-up; remind of what must be torn down; send the digests that are due; close
    the windows that have nothing left to review."""
    while tell_overdue() == AT_ONCE:
        pass
    while remind_of_leftovers() == SOON_AT_ONCE:
        pass
    send_digests()
    after: int | None = 0
    while after is not None:
        after = close_reviewed(after)
