"""Which windows an incident or a complaint belongs to: by tag, time and scope. Pure; every link carries its reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from windows.incidents.states import LinkedBy

INCIDENT_AFTER = timedelta(minutes=30)  # as long as a window's SLIs stay watched after its end
COMPLAINT_AFTER = timedelta(hours=24)  # people complain when they come to it


@dataclass(frozen=True, slots=True)
class Happened:
    """What was reported. `environment` is "" where nobody said which; `needs` are the services that its service needs."""

    at: datetime
    service: str = ""
    environment: str = ""
    tag: str = ""
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Ran:
    """A window that has begun. `ended_at` is None while it runs; `places` are (service, environment)."""

    reference: str
    started_at: datetime
    ended_at: datetime | None
    places: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Link:
    reference: str
    by: LinkedBy
    reason: str


def links(one: Happened, windows: Sequence[Ran], after: timedelta) -> list[Link]:
    """Every window it belongs to, once each, by the strongest reason: tag, scope, dependency."""
    found = [link for window in windows if (link := linked(one, window, after)) is not None]
    return sorted(found, key=lambda link: (list(LinkedBy).index(link.by), link.reference))


def linked(one: Happened, window: Ran, after: timedelta) -> Link | None:
    if one.tag and one.tag == window.reference:
        return Link(window.reference, LinkedBy.TAG, f"It names {window.reference}.")
    when = in_time(one.at, window, after)
    if not when or not one.service:
        return None
    if touches(one.service, one.environment, window.places):
        unsure = "" if one.environment else "; it does not say in which environment"
        return Link(window.reference, LinkedBy.SCOPE, f"It began {when} {window.reference}, which touches {one.service}{unsure}.")
    for needed in sorted(one.needs):
        if touches(needed, one.environment, window.places):
            said = f"It began {when} {window.reference}, which touches {needed}; {one.service} needs it."
            return Link(window.reference, LinkedBy.DEPENDENCY, said)
    return None


def in_time(at: datetime, window: Ran, after: timedelta) -> str:
    """`inside` or `soon after`; empty where it is neither."""
    if at < window.started_at:
        return ""
    if window.ended_at is None or at <= window.ended_at:
        return "inside"
    return "soon after" if at <= window.ended_at + after else ""


def touches(service: str, environment: str, places: Iterable[tuple[str, str]]) -> bool:
    return any(service == there and environment in ("", where) for there, where in places)
