"""The public page as Statuspage's v2 JSON (INTEROP §1). Pure: what the public may know and the clock in, documents out.

We publish maintenance only: incidents are an empty list, and the overall status speaks of maintenance and of nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from windows.announcements.queries import PublicComponent, PublicMaintenance, PublicUpdate
from windows.announcements.states import PublicStatus

Json = dict[str, Any]
UNDER_WAY = (PublicStatus.IN_PROGRESS, PublicStatus.VERIFYING)


@dataclass(frozen=True, slots=True)
class Page:
    """`url` is where the public reads it, without a slash at the end; `updated_at` when anything on it last changed."""

    name: str
    url: str
    updated_at: datetime


def documents(page: Page, components: Sequence[PublicComponent], maintenances: Sequence[PublicMaintenance]) -> dict[str, Json]:
    """Path below `api/v2/` → document."""
    head = {"page": page_of(page)}
    under_way = [one for one in maintenances if one.status in UNDER_WAY]
    upcoming = sorted((one for one in maintenances if one.status is PublicStatus.SCHEDULED), key=lambda one: one.starts_at)
    busy = {component for one in under_way for component in one.components}
    shown = {one.id: component_of(one, page, one.id in busy) for one in components}
    parts = {"components": list(shown.values())}
    verdict = {"status": verdict_of(bool(under_way))}

    def told(some: Sequence[PublicMaintenance]) -> list[Json]:
        return [maintenance_of(one, page, shown) for one in some]

    return {
        "summary.json": head | parts | {"incidents": [], "scheduled_maintenances": told([*under_way, *upcoming])} | verdict,
        "status.json": head | verdict,
        "components.json": head | parts,
        "incidents.json": head | {"incidents": []},
        "incidents/unresolved.json": head | {"incidents": []},
        "scheduled-maintenances.json": head | {"scheduled_maintenances": told(maintenances)},
        "scheduled-maintenances/upcoming.json": head | {"scheduled_maintenances": told(upcoming)},
        "scheduled-maintenances/active.json": head | {"scheduled_maintenances": told(under_way)},
    }


def page_of(page: Page) -> Json:
    return {"id": name_of("page", 1), "name": page.name, "url": page.url, "time_zone": "Etc/UTC", "updated_at": stamp(page.updated_at)}


def verdict_of(is_busy: bool) -> Json:
    if is_busy:
        return {"indicator": "maintenance", "description": "Service Under Maintenance"}
    return {"indicator": "none", "description": "No Maintenance Under Way"}


def component_of(one: PublicComponent, page: Page, is_busy: bool) -> Json:
    return {
        "id": name_of("component", one.id), "name": one.name, "status": "under_maintenance" if is_busy else "operational",
        "created_at": stamp(one.created_at), "updated_at": stamp(one.updated_at), "position": one.position,
        "description": one.description or None, "showcase": False, "group_id": None, "page_id": name_of("page", 1),
        "group": False, "only_show_if_degraded": False,
    }  # fmt: skip


def maintenance_of(one: PublicMaintenance, page: Page, components: dict[int, Json]) -> Json:
    code = name_of("maintenance", one.uid.hex)
    ended = first(one.updates, PublicStatus.COMPLETED)
    touched = [components[number] for number in one.components if number in components]
    return {
        "id": code, "name": one.title, "status": one.status.value, "impact": "maintenance", "page_id": name_of("page", 1),
        "created_at": stamp(one.announced_at), "updated_at": stamp(one.updated_at), "started_at": stamp(one.begun_at or one.starts_at),
        "monitoring_at": stamp(first(one.updates, PublicStatus.VERIFYING)), "resolved_at": stamp(ended),
        "scheduled_for": stamp(one.starts_at), "scheduled_until": stamp(one.ends_at), "shortlink": f"{page.url}/#{code}",
        "incident_updates": [update_of(update, code, touched) for update in one.updates], "components": touched,
    }  # fmt: skip


def update_of(one: PublicUpdate, code: str, touched: Sequence[Json]) -> Json:
    status = "under_maintenance" if one.status in UNDER_WAY else "operational"
    before = "operational" if one.status in (PublicStatus.SCHEDULED, PublicStatus.IN_PROGRESS) else "under_maintenance"
    return {
        "id": name_of("update", one.id), "status": one.status.value, "body": one.body, "incident_id": code, "created_at": stamp(one.at),
        "updated_at": stamp(one.at), "display_at": stamp(one.at),
        "affected_components": [
            {"code": part["id"], "name": part["name"], "old_status": before, "new_status": status} for part in touched
        ],
        "deliver_notifications": False, "custom_tweet": None, "tweet_id": None,
    }  # fmt: skip


def first(updates: Sequence[PublicUpdate], status: PublicStatus) -> datetime | None:
    """When it first was in that state; updates come the newest first."""
    return next((one.at for one in reversed(updates) if one.status is status), None)


def name_of(kind: str, number: int | str) -> str:
    """Twelve characters, as Statuspage's ids are; always the same for the same thing, and they tell nothing of its number here."""
    return hashlib.sha256(f"{kind} {number}".encode()).hexdigest()[:12]


def stamp(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
