"""Verb of the schedule: read the counters of services that tell them as Prometheus's text, for the objectives that ask for them.

As what comes by OTLP: what a counter grew by is counted, once, under the window that its label `maintenance_window` names.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from prometheus_client.parser import text_string_to_metric_families
from structlog import get_logger

from slo.objectives.queries import Promise, promises
from slo.telemetry.selectors import Selector
from slo.telemetry.sources import scrape as source
from windows.actions.ports import PortError
from windows.audit.clock import clock
from windows.audit.going_on import going_on
from windows.outbound.exchange import exchange
from windows.outbound.limits import Limits
from windows.signals.commands.keeping import belonging, known
from windows.signals.commands.measuring import Wish, pushed
from windows.signals.records import Measured

SOURCE, TAG = "scrape", "maintenance_window"
AT_ONCE, BUDGET = 8, 4.0  # addresses; seconds of the five between two times
GAUGES = {"gauge", "info", "stateset", "summary"}
WANTED = {"Accept": "text/plain; version=0.0.4", "User-Agent": "Roadworks"}
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    service: str
    environment: str


def scrape_all() -> int:
    """Each address once, whatever the number of objectives that read it; how many answered. They are read side by side, and what is not
    begun in BUDGET seconds is left for the next time: one that hangs, or cannot be understood, holds up no other."""
    asked, there = [one for one in promises() if one.source == SOURCE], dict[str, dict[str, tuple[str, Selector]]]()
    for one in asked:
        with going_on("understand what an objective reads", objective=one.slug):
            there[one.slug] = {part: source.told(text) for part, text in one.query.items()}
    addresses, now, ends = sorted({where for parts in there.values() for where, _ in parts.values()}), clock(), time.monotonic() + BUDGET
    answered = 0
    with ThreadPoolExecutor(AT_ONCE) as readers:
        for address, text in zip(addresses, readers.map(lambda address: tried(address, ends), addresses), strict=True):
            for one in asked if text else ():
                parts = {part: what for part, (where, what) in there.get(one.slug, {}).items() if where == address}
                with going_on("count what was read", objective=one.slug, address=address):
                    count(one, parts, address, text, now)
            answered += bool(text)
    return answered


def tried(address: str, ends: float) -> str:
    """What it told; nothing where it could not be read, which is logged. In a thread: nothing of the database is touched."""
    try:
        if time.monotonic() > ends:
            raise ValueError("there was no time left for it")
        return read(address)
    except (PortError, ValueError) as error:
        log.warning("counters could not be read", address=address, why=str(error)[:300])
        return ""


def read(address: str) -> str:
    limits = Limits.of(settings.ROADWORKS.gate_timeout.total_seconds(), lambda: False)
    answer = exchange("GET", address, limits, headers=WANTED, allowed=settings.HTTP_ALLOWED_HOSTS)
    if answer.status != 200:
        raise ValueError(f"it answered {answer.status}")
    return answer.body.decode()


def count(one: Promise, parts: dict[str, Selector], address: str, text: str, now: datetime) -> None:
    if not parts:
        return
    wish = Wish(one, parts)
    names, here = {wanted.metric for wanted in parts.values()}, Place(one.service, one.environment)
    points = [point for record in belonging(None, known(records(here, names, address, text, now))) for point in wish.of(record)]
    for why in pushed(wish, points) if points else ():
        log.warning("what was read could not be counted", objective=one.slug, why=why)


def records(here: Place, names: Collection[str], address: str, text: str, now: datetime) -> Sequence[Measured]:
    """The counters of these names. One that carries a window's tag is another than the one without: both are told side by side."""
    found = []
    for family in text_string_to_metric_families(text):
        for sample in family.samples if family.type not in GAUGES else ():
            if sample.name not in names or not math.isfinite(sample.value) or not 0 <= sample.value < 2**53:
                continue
            stream = hashlib.sha256(repr((address, sample.name, sorted(sample.labels.items()))).encode()).hexdigest()[:40]
            found.append(
                Measured(
                    service=here.service, environment=here.environment, window=sample.labels.get(TAG, ""), metric=sample.name,
                    attributes=dict(sample.labels), stream=stream, began=None, at=now, value=round(sample.value), is_delta=False,
                )
            )  # fmt: skip
    return found
