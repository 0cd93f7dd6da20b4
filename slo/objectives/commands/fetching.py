"""Verb of the schedule: ask each objective's source for the minutes that were not counted yet."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from slo.objectives.queries import Promise, promises
from slo.telemetry import commands, registry
from slo.telemetry.queries import counted
from slo.telemetry.readings import Push, Reading, shared_out

BACK = 3  # minutes: one that failed is made up for
SETTLED = timedelta(seconds=30)  # a minute is asked for when its last scrape has had time to arrive
log = logging.getLogger(__name__)


def fetch_all(now: datetime, maintained: Mapping[tuple[str, str], Collection[str]]) -> None:
    """The last finished minutes of every objective. A tick missed or doubled changes nothing.

    What a minute's events are tagged with is asked for the places in `maintained` only: (service, environment) with windows in these
    minutes. The tag of another window is anybody's word: it counts for nothing.
    """
    last = (now - SETTLED).replace(second=0, microsecond=0) - timedelta(minutes=1)
    minutes = [last - timedelta(minutes=back) for back in range(BACK)]
    for one in promises():
        try:
            fetch(one, minutes, maintained.get((one.service, one.environment), ()))
        except Exception:  # one objective's mistake costs the others no minute
            log.exception("objective %s could not be measured", one.slug)


def fetch(one: Promise, minutes: Sequence[datetime], windows: Collection[str]) -> None:
    """Count the minutes that were not counted yet, newest first; give up at the first that its source fails to answer for."""
    done = counted(one.slug, one.source, [minute.isoformat() for minute in minutes])
    for minute in minutes:
        if minute.isoformat() in done:
            continue
        source = registry.known()[one.source]
        found = source.events(one.slug, one.query, minute)
        if found is None:
            return
        if isinstance(found, Reading):
            log.warning("objective %s has no measurement for %s: %s", one.slug, minute, found.error or found.reason)
            if found.error:
                return
        else:
            told = registry.tags(source, one.slug, one.query, minute) if windows and found.total else {}
            parts = shared_out(found, {window: ratio for window, ratio in told.items() if window in windows})
            samples = [
                Push(f"{minute.isoformat()} {window}".strip(), minute, part.good, part.total, source=one.source, window=window)
                for window, part in parts.items()
            ]
            commands.push(one.slug, samples, one.slicing)
