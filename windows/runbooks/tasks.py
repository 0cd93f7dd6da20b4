"""Celery's door to runbooks in Git: a tick looks at the table."""

import time

from celery import shared_task

from windows.audit.going_on import going_on
from windows.runbooks.commands.sources import claim_due, pull_source

LONGEST = 30.0  # seconds after which one tick pulls no further source: the next one goes on


@shared_task(name="runbooks.reconcile")
def reconcile() -> None:
    """Pull the sources whose time has come, each claimed when its turn comes: one that was claimed early would be due again before it."""
    until = time.monotonic() + LONGEST
    while time.monotonic() < until and (source_id := claim_due()) is not None:
        with going_on("pull", source=source_id):
            pull_source(source_id)
