"""Other people's maintenance: what stands in a period, and which of our services it reaches. Three queries, whatever is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import connection
from django.db.models import Q

from windows.catalogue.models import Deployment
from windows.ical_in.states import STANDS
from windows.scheduling.conflicts import Place
from windows.scheduling.models import ExternalWindow, period
from windows.scheduling.models.external import EVERYTHING

MOST = 2000
MAPPED = """select p.provider, p.object, p.environment, p.region, s.slug, t.slug from scheduling_providerobject p
    join catalogue_service s on s.id = p.service_id join catalogue_team t on t.id = s.team_id where {column} = any(%s)"""
Mapped = tuple[str, str, str, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalView:
    """A vendor's window as every surface shows it; times are UTC. `places` are ours; `unmapped` the objects that lead to none."""

    id: int
    provider: str
    uid: str
    title: str
    status: str
    impact: str
    starts_at: datetime
    ends_at: datetime
    sequence: int
    account: str
    references: tuple[str, ...]
    objects: tuple[str, ...]
    link: str
    is_example: bool
    places: tuple[Place, ...] = ()
    unmapped: tuple[str, ...] = ()

    @property
    def reference(self) -> str:
        return f"{self.provider} {self.references[0]}" if self.references else f"{self.provider}: {self.title}"

    @property
    def services(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(place.service for place in self.places))


def external_windows(
    since: datetime, until: datetime, services: Iterable[str] | None = None, *, called_off: bool = False
) -> list[ExternalView]:
    """What providers announced that overlaps [since, until), by begin. With `services` (slugs) only what reaches one of them; what is
    cancelled or over only on request. A mapping that names no environment or region reaches each one the service runs in."""
    rows = ExternalWindow.objects.alias(period=period()).filter(period__overlap=(since, until))
    if not called_off:
        rows = rows.filter(status__in=[status.value for status in STANDS])
    if services is None:
        found = [view(row) for row in rows.order_by("starts_at", "id")[:MOST]]
        return with_places(found, mapped("p.provider", {one.provider for one in found}))
    maps = mapped("s.slug", services)
    if not maps:
        return []
    found = [view(row) for row in rows.filter(reaching(maps)).order_by("starts_at", "id")[:MOST]]
    return [one for one in with_places(found, maps) if one.places]


def mapped(column: str, values: Iterable[str]) -> list[Mapped]:
    """The mappings in which the column has one of these values: provider, object, environment, region, service, its team."""
    if not (sought := sorted(values)):
        return []
    with connection.cursor() as cursor:
        cursor.execute(MAPPED.format(column=column), [sought])
        return list(cursor.fetchall())


def reaching(maps: Iterable[Mapped]) -> Q:
    """The windows that name an object of these mappings, or whose provider is mapped as a whole."""
    names: dict[str, list[str]] = {}
    for provider, name, *_ in maps:
        names.setdefault(provider, []).append(name)
    found = Q(provider__in=[provider for provider, here in names.items() if EVERYTHING in here])
    for provider, here in names.items():
        found |= Q(provider=provider, objects_named__has_any_keys=here)
    return found


def with_places(found: list[ExternalView], rows: list[Mapped]) -> list[ExternalView]:
    """The same windows with the places that these mappings lead to, and the objects that lead nowhere."""
    runs: dict[str, list[tuple[str, str]]] = {}
    deployed = Deployment.objects.filter(service__slug__in={row[4] for row in rows})
    for service, environment, region in deployed.values_list("service__slug", "environment__slug", "region__slug"):
        runs.setdefault(service, []).append((environment, region))
    leads: dict[tuple[str, str], set[Place]] = {}
    for provider, name, environment, region, service, team in rows:
        meant = [(e, r) for e, r in runs.get(service, []) if environment in ("", e) and region in ("", r)]
        if environment and region:
            meant = [(environment, region)]
        leads.setdefault((provider, name), set()).update(Place(service, e, r, team) for e, r in meant)
    return [placed(one, leads) for one in found]


def placed(one: ExternalView, leads: Mapping[tuple[str, str], set[Place]]) -> ExternalView:
    everywhere = leads.get((one.provider, EVERYTHING), set())
    reached = everywhere.union(*(leads.get((one.provider, name), set()) for name in one.objects))
    lost = () if everywhere else tuple(name for name in one.objects if (one.provider, name) not in leads)
    return replace(one, places=tuple(sorted(reached, key=lambda place: (place.service, place.environment, place.region))), unmapped=lost)


def view(row: ExternalWindow) -> ExternalView:
    return ExternalView(
        id=row.pk,
        provider=row.provider,
        uid=row.uid,
        title=row.title,
        status=row.status,
        impact=row.impact,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        sequence=row.sequence,
        account=row.account,
        references=tuple(row.references),
        objects=tuple(row.objects_named),
        link=row.link,
        is_example=row.is_example,
    )
