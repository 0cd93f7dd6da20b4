"""Verb: count what the counters of services grew by, for the objectives that ask for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from slo.errors import Invalid
from slo.objectives.queries import Promise, promises
from slo.telemetry.commands import push_points
from slo.telemetry.increases import Point
from slo.telemetry.selectors import Selector, selector
from windows.access.roles import Actor
from windows.signals.commands.keeping import Taken, admitted, known, together
from windows.signals.records import Found, Measured

SOURCE = "otlp"


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
    records = known(allowed) if asked else []
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
        _, wrong = push_points(one.slug, points, SOURCE, one.slicing, by_bad="bad" in wish.parts)
    except Invalid as error:
        return {f"{one.slug}: {error.detail}": len(points)}
    part = "bad" if "bad" in wish.parts else "good"
    return {f"{one.slug}: in the last hour there were minutes with more that was {part} than there was in all": wrong} if wrong else {}
