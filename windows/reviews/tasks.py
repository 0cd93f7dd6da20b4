"""Celery's door to reviews."""

from __future__ import annotations

from celery import shared_task

from windows.reviews.commands.follow_ups import AT_ONCE, tell_overdue


@shared_task(name="reviews.sweep")
def sweep() -> None:
    """Tell who is late with a follow-up."""
    while tell_overdue() == AT_ONCE:
        pass
