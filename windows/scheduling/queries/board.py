"""The lanes of a calendar and what lies in them: only those that are sent. Five queries, whatever is stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Q, QuerySet, Subquery, Value
from django.db.models.functions import Concat, Lower

from windows.access.roles import Actor, Subject, Verb, permitted
from windows.catalogue.models import Environment, Region, Service, Team
from windows.lifecycle.states import HOLDS_SLOT, WindowStatus
from windows.lifecycle.words import counted
from windows.scheduling.models import WindowScope
from windows.scheduling.queries.calendar import CalendarFilter, check, chosen, near
from windows.scheduling.queries.freezes import FreezeView, freezes

LANES = 60  # the most that are sent at once
BARS = 240  # and no further lane once these are
BY = {"service": "service__slug", "team": "window__team__slug", "environment": "environment", "region": "region"}
AHEAD = {status.value for status in HOLDS_SLOT} | {WindowStatus.DRAFT.value}
FIELDS = ("id", "title", "status", "change_type", "starts_at", "ends_at", "is_example", "version", "timezone")
PEOPLE = ("coordinator_id", "deputy_id", "owner_id")


@dataclass(frozen=True, slots=True)
class LaneHead:
    """A row of the calendar; `services` and `team` say which freezes bind it."""

    slug: str
    name: str
    note: str = ""
    team: str = ""
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A window as a bar needs it."""

    id: int
    title: str
    status: str
    change_type: str
    starts_at: datetime
    ends_at: datetime
    is_example: bool
    version: int
    timezone: str
    team: str = ""  # this and the people in lanes alone
    coordinator_id: int | None = None
    deputy_id: int | None = None
    owner_id: int | None = None
    places: frozenset[str] = frozenset()  # of the lane it lies in: service/environment/region; in lanes alone

    @property
    def reference(self) -> str:
        return f"MW-{self.id}"

    def may_be_moved(self, by: Actor) -> bool:
        """A draft, by whom the role table lets edit it. That these eyes may see it is taken for granted: it is on their calendar."""
        people = {name: getattr(self, name) for name in PEOPLE}
        return self.status == WindowStatus.DRAFT and permitted(by, Verb.DRAFT, Subject(team=self.team, **people))


@dataclass(frozen=True, slots=True)
class Row:
    head: LaneHead
    planned: tuple[Planned, ...]
    freezes: tuple[FreezeView, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """`onward` is the last lane sent, where more follow; `total` counts all that fit the filter."""

    rows: tuple[Row, ...]
    freezes: tuple[FreezeView, ...]
    total: int
    onward: str = ""
    planned: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """Which lanes: by what, after which, those of some teams alone (their services, whoever plans there), those with windows alone."""

    by: str = "service"
    after: str = ""
    teams: frozenset[str] = field(default_factory=frozenset)  # empty: of all
    busy: bool = False
    most: int = LANES


def board(wanted: CalendarFilter, lanes: Lanes, viewer: Actor) -> Board:
    """The next lanes with their windows and freezes. A confidential window shows to its own only."""
    check(wanted)
    windows = chosen(replace(wanted, after=None), viewer)
    scopes = WindowScope.objects.filter(window__in=windows.values("id"), **near(wanted, "window__"))  # from the windows to their places
    if wanted.service is not None:
        scopes = scopes.filter(service__slug=wanted.service)
    if wanted.environment is not None:
        scopes = scopes.filter(environment=wanted.environment)
    key = BY[lanes.by]
    heads, total = lane_heads(wanted, lanes, scopes)
    sent = heads[: lanes.most]
    here = scopes.filter(**{f"{key}__in": [head.slug for head in sent]})
    counted = dict(here.values_list(key).annotate(n=Count("window", distinct=True)))
    sent = affordable(sent, counted)
    inside = laid(here, key, sent)
    frozen = tuple(freezes(wanted.since, wanted.until))
    rows = tuple(
        Row(head, tuple(inside.get(head.slug, ())), tuple(one for one in frozen if binds(one, head, lanes.by, wanted))) for head in sent
    )
    return Board(rows, frozen, total, sent[-1].slug if len(heads) > len(sent) else "", sum(len(row.planned) for row in rows))


def lane_heads(wanted: CalendarFilter, lanes: Lanes, scopes: QuerySet[WindowScope]) -> tuple[list[LaneHead], int]:
    """One more than is sent, in the order they are shown; and how many there are in all."""
    rows = every_lane(wanted, lanes)
    if lanes.busy:
        rows = rows.filter(slug__in=scopes.values(BY[lanes.by]))
    chosen = (
        rows.filter(slug__gt=lanes.after).order_by("slug").select_related("team") if lanes.by == "service" else by_name(rows, lanes.after)
    )
    if lanes.by == "team":
        chosen = chosen.annotate(owned=ArrayAgg("services__slug", filter=Q(services__isnull=False), default=[]))
    found = list(chosen[: lanes.most + 1])
    total = rows.count() if lanes.after or len(found) > lanes.most else len(found)
    if lanes.by == "service":
        return [LaneHead(one.slug, one.slug, f"{one.team.name} · tier {one.tier}", one.team.slug, (one.slug,)) for one in found], total
    if lanes.by == "team":
        return [LaneHead(one.slug, one.name, counted(len(one.owned), "service"), one.slug, tuple(one.owned)) for one in found], total
    return [LaneHead(one.slug, one.name) for one in found], total


def by_name(rows: QuerySet[Any], after: str) -> QuerySet[Any]:
    """What is shown by its name stands in the order of names; services are shown by their slugs."""
    rows = rows.annotate(called=Lower("name"))
    if after:
        passed = Subquery(rows.model._default_manager.filter(slug=after).annotate(called=Lower("name")).values("called"))
        rows = rows.filter(Q(called__gt=passed) | Q(called=passed, slug__gt=after))
    return rows.order_by("called", "slug")


def every_lane(wanted: CalendarFilter, lanes: Lanes) -> QuerySet[Any]:
    match lanes.by:
        case "service":
            rows: QuerySet[Any] = Service.objects.all()
            if wanted.service is not None:
                rows = rows.filter(slug=wanted.service)
            if wanted.environment is not None:
                rows = rows.filter(deployments__environment__slug=wanted.environment).distinct()
            return rows.filter(team__slug__in=lanes.teams) if lanes.teams else rows
        case "team":
            return Team.objects.filter(slug__in=lanes.teams) if lanes.teams else Team.objects.all()
        case "environment":
            return Environment.objects.filter(slug=wanted.environment) if wanted.environment is not None else Environment.objects.all()
        case _:
            return Region.objects.all()


def affordable(heads: list[LaneHead], counts: dict[str, int]) -> list[LaneHead]:
    """The first lanes whose windows fit into BARS together, and never none."""
    sent: list[LaneHead] = []
    bars = 0
    for head in heads:
        bars += counts.get(head.slug, 0)
        if sent and bars > BARS:
            break
        sent.append(head)
    return sent


def laid(scopes: QuerySet[WindowScope], key: str, heads: Iterable[LaneHead]) -> dict[str, list[Planned]]:
    """The windows of each lane by begin, each once in a lane, with the places of this lane that it touches."""
    slugs = [head.slug for head in heads]
    names = [f"window__{name}" for name in (*FIELDS, *PEOPLE, "team__slug")]
    called = (*FIELDS, *PEOPLE, "team")
    rows = scopes.filter(**{f"{key}__in": slugs}).order_by("window__starts_at", "window__id").values_list(key, *names)
    place = ArrayAgg(Concat("service__slug", Value("/"), "environment", Value("/"), "region"), distinct=True)
    found: dict[str, list[Planned]] = {}
    for slug, *values, places in rows.annotate(places=place)[: BARS * 4]:
        found.setdefault(slug, []).append(Planned(**dict(zip(called, values, strict=True)), places=frozenset(places)))
    return found


def collide(one: Planned, other: Planned) -> bool:
    """Whether two windows of one lane may not run at the same time: both are still to come or under way, in a place both touch."""
    return one.status in AHEAD and other.status in AHEAD and not one.places.isdisjoint(other.places)


def binds(freeze: FreezeView, head: LaneHead, by: str, wanted: CalendarFilter) -> bool:
    """Whether a lane shows this freeze: something in the lane may not run inside it."""
    if wanted.environment is not None and freeze.environments and wanted.environment not in freeze.environments:
        return False
    if by == "environment":
        return not freeze.environments or head.slug in freeze.environments
    if by == "region":
        return True
    return (not freeze.services or not set(freeze.services).isdisjoint(head.services)) and (not freeze.teams or head.team in freeze.teams)
