"""Celery's door to the public page."""

from celery import shared_task

from portal.status.rendering import render
from windows.announcements.commands.following import follow


@shared_task(name="status.notify")
def notify() -> None:
    """Every announcement follows its window, and the page is rendered: also where nothing changed, so that its age stays small."""
    follow()
    render()
