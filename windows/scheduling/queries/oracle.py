"""What closes a service to changes: freezes, windows that hold it, error budgets that are spent. And who is in maintenance below it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from slo.objectives.queries import health, promises
from windows.access.roles import Actor
from windows.audit.clock import clock
from windows.catalogue.models import Environment, Service
from windows.errors import NotFound
from windows.lifecycle.states import WindowStatus
from windows.scheduling.conflicts import OVERRUN, neighbours
from windows.scheduling.models import WindowScope
from windows.scheduling.oracle import Advice, Answer, Closing, answer
from windows.scheduling.queries.change_calendars import calendar_closings
from windows.scheduling.queries.conflicts import hidden_from
from windows.scheduling.queries.freezes import freezes_for
from windows.scheduling.queries.slots import slots
from windows.scheduling.queries.surroundings import surroundings
from windows.scheduling.queries.windows import ScopeView

AHEAD = timedelta(days=31)  # how far the next transition is looked for
CANARY = 0.25  # of a budget must be left before everything goes out at once
FREEZES = {"hard": Advice.CLOSED, "soft": Advice.CANARY_ONLY}
WILL = [WindowStatus.APPROVED.value, WindowStatus.RUNNING.value]
DEEP = 20
FOREIGN = "calendar:"


@dataclass(frozen=True, slots=True)
class Below:
    """A window at work on the service or on something it needs; `path` is the way there."""

    reference: str
    service: str
    environment: str
    region: str
    mode: str
    ends_at: datetime
    path: tuple[str, ...]


def change_oracle(names: Iterable[str], at: datetime | None, viewer: Actor) -> Answer:
    """Whether changes may go out while all of these are open: `service`, `service/environment`, or `calendar:name` for a change calendar
    of others. A service without an environment means every one. NotFound names what is unknown."""
    now = clock()
    moment = at or now
    return answer([one for name in dict.fromkeys(names) for one in closings_of(name, moment, now, viewer)], moment)


def closed_times(names: Iterable[str], now: datetime, viewer: Actor) -> list[Closing]:
    """What closes any of these from now on, as far ahead as is looked, each once. NotFound as `change_oracle`."""
    found = [replace(one, calendar="") for name in names for one in closings_of(name, now, now, viewer)]
    return [one for one in dict.fromkeys(found) if one.begins < now + AHEAD and (one.ends is None or one.ends > now)]


def closings_of(name: str, at: datetime, now: datetime, viewer: Actor) -> list[Closing]:
    if name.startswith(FOREIGN):
        return calendar_closings(name.removeprefix(FOREIGN), at, at + AHEAD, now)
    service, _, environment = name.partition("/")
    return [replace(one, calendar=name) for one in closings(service, environment, at, now, viewer)]


def closings(service: str, environment: str, at: datetime, now: datetime, viewer: Actor) -> list[Closing]:
    row = Service.objects.select_related("team").filter(slug=service).first()
    if row is None:
        raise NotFound(f"There is no service {service} here.")
    environments = [environment] if environment else list(Environment.objects.values_list("slug", flat=True))
    if environment and not Environment.objects.filter(slug=environment).exists():
        raise NotFound(f"There is no environment {environment} here.")
    scope = [ScopeView(row.slug, row.name, row.team.slug, row.tier, one, "", "") for one in environments]
    found = [
        Closing(FREEZES[one.severity], one.starts_at, one.ends_at, one.title, f"The change freeze “{one.title}” covers {service}.", one.id)
        for one in freezes_for(scope, at, at + AHEAD)
        if one.severity in FREEZES
    ]
    found += held(row, environments, at, now, viewer)
    wanted = [one for one in promises(services={service}) if one.environment in environments]
    for promise, one in zip(wanted, health(wanted, now), strict=True):
        left = one.figures.adjusted.remaining
        if left is not None and left < CANARY:
            advice = Advice.CLOSED if left <= 0 else Advice.CANARY_ONLY
            found.append(
                Closing(advice, min(now, at), None, promise.slug, f"{100 * max(left, 0):.0f} % of the budget of {promise.slug} is left.")
            )
    return found


def held(service: Service, environments: list[str], at: datetime, now: datetime, viewer: Actor) -> list[Closing]:
    """The exclusive windows that are at work on the service, or will be. What is running runs on until it ends."""
    rows = slots([service.pk], at - OVERRUN, at + AHEAD).filter(environment__in=environments, window__status__in=WILL)
    going = WindowScope.objects.filter(
        service=service, holds_slot=True, environment__in=environments, window__status=WindowStatus.RUNNING.value
    )
    found = {row.window_id: row.window for row in [*rows.select_related("window"), *going.select_related("window")]}
    hidden = hidden_from(viewer, {pk for pk, window in found.items() if window.confidential})
    closing = []
    for pk, window in found.items():
        who = "a confidential window" if pk in hidden else window.reference
        begins, ends = window.starts_at, window.ends_at
        if window.status == WindowStatus.RUNNING:
            begins, ends = min(begins, window.started_at or begins), max(ends, now + OVERRUN)
        does = "works on" if window.status == WindowStatus.RUNNING else "is planned to work on"
        closing.append(Closing(Advice.CLOSED, begins, ends, who, f"{who[0].upper()}{who[1:]} {does} {service.slug}."))
    return closing


def in_maintenance(service: str, environment: str, viewer: Actor) -> list[Below]:
    """The windows at work on a service and on everything it needs, however deep; the service itself first. Who may not know a
    confidential one learns that there is something, not what."""
    if not Service.objects.filter(slug=service).exists():
        raise NotFound(f"There is no service {service} here.")
    near = surroundings([service], [], [], depth=DEEP)
    paths = {other: path for other, path in neighbours({service}, near.needs, DEEP).items() if path[1].startswith("needs ")}
    paths[service] = (service,)
    rows = WindowScope.objects.filter(window__status=WindowStatus.RUNNING.value, service__slug__in=paths)
    rows = rows.filter(environment=environment) if environment else rows
    found = list(rows.select_related("window", "service").order_by("window_id", "service__slug", "environment", "region"))
    hidden = hidden_from(viewer, {row.window_id for row in found if row.window.confidential})
    told = {
        Below(
            "a confidential window" if row.window_id in hidden else row.window.reference,
            row.service.slug, row.environment, row.region, row.window.mode, row.window.ends_at, paths[row.service.slug],
        )
        for row in found
    }  # fmt: skip
    return sorted(told, key=lambda one: (len(one.path), one.service, one.environment, one.region, one.reference))
