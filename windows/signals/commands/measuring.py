"""Verbs: count what the counters of services grew by, for the objectives that ask for them; ask the sources of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from slo.errors import Invalid
from slo.objectives.commands.fetching import fetch_all
from slo.objectives.queries import Promise, promises
from slo.telemetry.commands import COUNTERS, push_points
from slo.telemetry.increases import Point
from slo.telemetry.selectors import Selector, selector
from windows.access.roles import Actor
from windows.audit.clock import clock
from windows.lifecycle.states import WindowStatus
from windows.scheduling.models import LONGEST_RESERVATION, WindowScope
from windows.signals.commands.keeping import Taken, admitted, belonging, known, together
from windows.signals.records import Found, Measured

SOURCE = "otlp"
LATE = timedelta(minutes=10)  # a minute is made up for within three, and a series that ended is seen for five more


@dataclass(frozen=True, slots=True)
class Wish:
    """An objective and the counters it asks for, by what they count for."""

    promise: Promise
    parts: Mapping[str, Selector]

    def of(self, one: Measured) -> list[Point]:
        if one.service != self.promise.service or one.environment not in ("", self.promise.environment):
            return []
        taken = [part for part, wanted in self.parts.items() if wanted.takes(one.metric, one.attributes)]
        return [Point(part, one.stream, one.began, one.at, one.value, one.is_delta, one.window) for part in taken]


def count(actor: Actor, found: Found[Measured]) -> Taken:
    """Count the points that some objective of their service asks for; a point that none asks for is passed over."""
    allowed, refused = admitted(actor, found.records)
    told = [found.refused, refused]
    kept: set[str] = set()
    services = {one.service for one in allowed}
    asked = [one for one in promises(services=services) if one.source == SOURCE] if services else []
    records = belonging(actor, known(allowed)) if asked else []
    for wish in (Wish(one, {part: selector(text) for part, text in one.query.items()}) for one in asked):
        points = [point for one in records for point in wish.of(one)]
        if points:
            kept |= {one.stream for one in points}
            told.append(pushed(wish, points))
    counted = sum(one.stream in kept for one in records)
    return Taken(counted, len(allowed) - counted, together(*told))


def pushed(wish: Wish, points: Sequence[Point]) -> dict[str, int]:
    """What of an objective's points could not be counted."""
    one = wish.promise
    try:
        found = push_points(one.slug, points, one.source, one.slicing, by_bad="bad" in wish.parts)
    except Invalid as error:
        return {f"{one.slug}: {error.detail}": len(points)}
    part = "bad" if "bad" in wish.parts else "good"
    reasons = {
        f"{one.slug}: in the last hour there were minutes with more that was {part} than there was in all": found.owing,
        f"{one.slug}: only {COUNTERS} counters are counted, select by fewer attributes": found.left_out,
    }
    return {why: many for why, many in reasons.items() if many}


def measure() -> None:
    """Ask for the last minutes of every objective that is not pushed, and for their tags where a window can have put any there."""
    now = clock()
    fetch_all(now, maintained(now))


def maintained(now: datetime) -> Mapping[tuple[str, str], set[str]]:
    """The places, (service, environment), of windows that are under way or were a few minutes ago, each with these: only their series can
    carry a tag, and only theirs. One query."""
    under_way = Q(window__status=WindowStatus.RUNNING.value)
    over = Q(window__starts_at__gt=now - LONGEST_RESERVATION - LATE, window__ended_at__gt=now - LATE)
    found: dict[tuple[str, str], set[str]] = {}
    scope = WindowScope.objects.filter(under_way | over).values_list("service__slug", "environment", "window_id").distinct()
    for service, environment, window in scope:
        found.setdefault((service, environment), set()).add(f"MW-{window}")
    return found
