"""Windows as rows, for lists: filtered, for these eyes only, a page at a time. One query, whatever stands in the table."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import JSONObject

from windows.access.paging import known_only
from windows.access.roles import Actor
from windows.errors import Invalid
from windows.lifecycle.states import HOLDS_SLOT, ChangeType, Mode, WindowStatus
from windows.scheduling.models import Window, WindowScope
from windows.scheduling.times import parse

FILTERS = ("status", "team", "service", "environment", "change_type", "mode", "since", "until", "q", "external_ref")
KNOWN = {"status": WindowStatus, "change_type": ChangeType, "mode": Mode}
COLUMNS = (
    "id",
    "title",
    "status",
    "mode",
    "change_type",
    "starts_at",
    "ends_at",
    "timezone",
    "confidential",
    "is_example",
    "version",
    "external_ref",
)


def for_eyes_of(viewer: Actor) -> Q:
    """The windows this viewer may know of: `access.roles.visible` as a condition."""
    if viewer.is_system or viewer.administrator or viewer.sre:
        return Q()
    teams = {team for team, _ in viewer.roles}
    touched = WindowScope.objects.filter(window=OuterRef("pk"), service__team__slug__in=teams)
    me = viewer.person_id
    named = Q(owner_id=me) | Q(coordinator_id=me) | Q(deputy_id=me)
    return Q(confidential=False) | Q(team__slug__in=teams) | named | Q(Exists(touched))


def wanted(filters: Mapping[str, str]) -> Q:
    """Filters as sent (FILTERS) as a condition; Invalid names the one that cannot be."""
    found = Q()
    for name, sent in filters.items():
        match name:
            case "status" | "change_type" | "mode":
                values = sent.split(",")
                known_only(values, KNOWN[name], name)
                found &= Q(**{f"{name}__in": values})
            case "team":
                found &= Q(team__slug=sent)
            case "service":
                found &= Q(Exists(WindowScope.objects.filter(window=OuterRef("pk"), service__slug=sent)))
            case "environment":
                found &= Q(Exists(WindowScope.objects.filter(window=OuterRef("pk"), environment=sent)))
            case "since":
                found &= Q(ends_at__gt=parse(sent, name))
            case "until":
                found &= Q(starts_at__lt=parse(sent, name))
            case "external_ref":
                found &= Q(external_ref=sent)
            case "q":
                found &= about(sent)
            case _:
                raise Invalid(f"There is no filter “{name[:40]}”.", field=name[:40])
    return found


def about(text: str) -> Q:
    """What people type into the search box: a reference, part of a title, a service."""
    text = text.strip()[:100].replace("\0", "")
    if reference := re.fullmatch(r"(?:MW-)?(\d{1,18})", text, re.IGNORECASE):
        return Q(pk=int(reference[1]))
    touched = WindowScope.objects.filter(window=OuterRef("pk")).filter(Q(service__slug__icontains=text) | Q(service__name__icontains=text))
    return Q(title__icontains=text) | Q(Exists(touched))


def windows(
    viewer: Actor,
    filters: Mapping[str, str],
    *,
    limit: int,
    after: tuple[datetime, int] | None = None,
    condition: Q | None = None,
    ascending: bool = False,
) -> list[dict[str, Any]]:
    """Up to `limit` + 1 rows, the latest start first unless ascending, beyond the (starts_at, id) given. `condition` narrows further."""
    places = JSONObject(service="service__slug", environment="environment", region="region", layer="layer")
    scope = WindowScope.objects.filter(window=OuterRef("pk")).order_by("service__slug", "environment", "region", "layer")
    rows = Window.objects.filter(for_eyes_of(viewer), wanted(filters), condition or Q())
    if after:
        way = "gt" if ascending else "lt"
        rows = rows.filter(Q(**{f"starts_at__{way}": after[0]}) | Q(**{"starts_at": after[0], f"id__{way}": after[1]}))
    told = rows.annotate(
        scope=ArraySubquery(scope.annotate(place=places).values("place")),
        team_slug=F("team__slug"),
        owner_name=F("owner__name"),
        coordinator_name=F("coordinator__name"),
    )
    order = ("starts_at", "id") if ascending else ("-starts_at", "-id")
    chosen = told.order_by(*order).values(*COLUMNS, "scope", "team_slug", "owner_name", "coordinator_name")[: limit + 1]
    return [shaped(row) for row in chosen]


def shaped(row: Any) -> dict[str, Any]:
    found = {"reference": f"MW-{row['id']}", **row}
    for name in ("team_slug", "owner_name", "coordinator_name"):
        found[name.split("_", maxsplit=1)[0]] = found.pop(name)
    return found


def next_windows(services: Collection[str], viewer: Actor, now: datetime) -> dict[str, Window]:
    """For each of the services its next window that is asked for, approved or running, for these eyes only. One query."""
    wanted = Window.objects.filter(for_eyes_of(viewer), status__in=[status.value for status in HOLDS_SLOT], ends_at__gt=now)
    rows = WindowScope.objects.filter(service__slug__in=services, window__in=wanted).select_related("window", "service")
    return {row.service.slug: row.window for row in rows.order_by("service__slug", "window__starts_at", "window").distinct("service__slug")}
