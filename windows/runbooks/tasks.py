"""Celery's door to runbooks in Git: a tick looks at the table."""

from celery import shared_task

from windows.audit.going_on import going_on
from windows.runbooks.commands.sources import claim_due, pull_source


@shared_task(name="runbooks.reconcile")
def reconcile() -> None:
    """Pull the sources whose time has come."""
    for source_id in claim_due():
        with going_on("pull", source=source_id):
            pull_source(source_id)
