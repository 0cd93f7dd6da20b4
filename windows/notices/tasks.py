"""Celery's door to notices."""

from celery import shared_task

from windows.notices.commands.telling import tell_ahead


@shared_task(name="notices.notify")
def notify() -> None:
    """Tell those whom a window touches, a day before it begins."""
    tell_ahead()
