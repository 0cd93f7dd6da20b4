"""What the public page is made of, and what stands beside a window for those who write it. The public part reads nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, Prefetch, Q
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Coalesce

from windows.announcements.models import Announcement, Component, Edition, Update
from windows.announcements.states import PublicStatus
from windows.catalogue.models import Service
from windows.scheduling.models import WindowScope

NEWEST = 50  # maintenances on the page, as Statuspage has it
SHOWN = Q(withdrawn_at=None, window__confidential=False) & ~Q(status="")


@dataclass(frozen=True, slots=True)
class PublicUpdate:
    id: int
    status: PublicStatus
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PublicComponent:
    id: int
    name: str
    description: str
    position: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class PublicMaintenance:
    """One announced window. `updates` newest first; `components` are ids."""

    uid: UUID
    title: str
    status: PublicStatus
    starts_at: datetime
    ends_at: datetime
    begun_at: datetime | None
    announced_at: datetime
    updated_at: datetime
    updates: tuple[PublicUpdate, ...]
    components: tuple[int, ...]

    @property
    def is_called_off(self) -> bool:
        return self.status is PublicStatus.COMPLETED and self.begun_at is None

    def called(self, status: PublicStatus) -> str:
        """How people read one of its states."""
        is_last = status is PublicStatus.COMPLETED
        return "called off" if is_last and self.is_called_off else status.value.replace("_", " ")


def components() -> tuple[PublicComponent, ...]:
    rows = Component.objects.order_by("position", "name").values_list("pk", "name", "description", "position", "created_at", "updated_at")
    return tuple(PublicComponent(*row) for row in rows)


def maintenances(limit: int = NEWEST) -> tuple[PublicMaintenance, ...]:
    """What is under way or ahead, then what is past, the newest first; `limit` in all."""
    told = Prefetch("updates", Update.objects.order_by("-pk"))
    rows = Announcement.objects.filter(SHOWN).select_related("window").prefetch_related(told)
    rows = rows.defer("window__vevent").order_by(Coalesce("starts_at", "window__starts_at").desc(), "-pk")
    is_open = ~Q(status=PublicStatus.COMPLETED.value)
    found = list(rows.filter(is_open)[:limit])
    found += list(rows.exclude(is_open)[: limit - len(found)])
    touched: dict[int, list[int]] = {}
    places = WindowScope.objects.filter(window__in=[row.window_id for row in found], service__component__isnull=False)
    pairs = places.order_by("service__component__position").values_list("window_id", "service__component__id").distinct()
    for window_id, component_id in pairs:
        touched.setdefault(window_id, []).append(component_id)
    return tuple(maintenance(row, touched.get(row.window_id, [])) for row in found)


def maintenance(row: Announcement, touched: Sequence[int]) -> PublicMaintenance:
    window = row.window
    updates = tuple(PublicUpdate(one.pk, PublicStatus(one.status), one.body, one.at) for one in row.updates.all())
    return PublicMaintenance(
        uid=window.uid, title=row.title, status=PublicStatus(row.status), starts_at=row.starts_at or window.starts_at,
        ends_at=row.ends_at or window.ends_at,
        begun_at=window.started_at, announced_at=row.announced_at, updated_at=row.updated_at, updates=updates, components=tuple(touched),
    )  # fmt: skip


def part_of_edition(path: str) -> tuple[tuple[str, str] | None, datetime] | None:
    """One part of the page as it was last rendered, (content type, text), None where it has no such part, and when that was; None where
    it never was. Of the kept copies only this one is read."""
    kept = Edition.objects.annotate(part=KeyTransform(path, "copies")).values_list("part", "rendered_at").first()
    return kept and (kept[0] and (kept[0][0], kept[0][1]), kept[1])


def announcement_of(window_id: int) -> Announcement | None:
    """With its updates, the newest first; withdrawn or not. Whether somebody may see the window is for the caller to ask."""
    told = Prefetch("updates", Update.objects.order_by("-pk"))
    return Announcement.objects.filter(window=window_id).prefetch_related(told).first()


def services_and_names() -> list[Service]:
    """Every service, those that the public knows first, in the order of the page."""
    return list(Service.objects.select_related("component", "team").order_by(F("component__position").asc(nulls_last=True), "name"))
