"""Verb: define an objective. Who may is decided in windows.catalogue, which calls this in its own transaction."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import transaction

from slo.errors import Invalid, Stale
from slo.objectives.models import Objective
from slo.telemetry import registry

SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,118}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Definition:
    """What an objective promises. `target` is a share: 0.999; `query` is what the source needs (see its `check`)."""

    slug: str
    service: str
    title: str
    target: Decimal
    environment: str = "production"
    window_days: int = 28
    source: str = "push"
    query: Mapping[str, str] = field(default_factory=dict)
    is_critical: bool = False
    is_example: bool = False


FIELDS = tuple(Definition.__dataclass_fields__)


@transaction.atomic
def define(wanted: Definition, version: int | None = None) -> tuple[Objective, dict[str, Any]]:
    """The objective as wanted, new or changed, and what changed: {field: [before, after]}, before None for a new one, {} for no change.

    Invalid names a bad field. Stale where `version` is given and another is in force. A service and a slug never change hands:
    measurements hang on the slug.
    """
    check(wanted)
    there = Objective.objects.select_for_update().filter(slug=wanted.slug).first()
    if there is None:
        if version:
            raise Stale(0)
        return Objective.objects.create(**{name: getattr(wanted, name) for name in FIELDS}), {"slug": [None, wanted.slug]}
    if version is not None and version != there.version:
        raise Stale(there.version)
    if there.service != wanted.service:
        raise Invalid("service", f"“{wanted.slug}” is an objective of {there.service}.")
    changed = {
        name: [plain(getattr(there, name)), plain(getattr(wanted, name))]
        for name in FIELDS
        if getattr(there, name) != getattr(wanted, name)
    }
    if changed:
        for name in changed:
            setattr(there, name, getattr(wanted, name))
        there.version += 1
        there.save(update_fields=[*changed, "version"])
    return there, changed


def check(wanted: Definition) -> None:
    if not SLUG.fullmatch(wanted.slug):
        raise Invalid("slug", "Use lower-case letters, digits and inner hyphens, at most 120 characters.")
    if not 0 < len(wanted.service) <= 63 or not 0 < len(wanted.environment) <= 63:
        raise Invalid("service", "Name the service and the environment.")
    if not 0 < len(wanted.title.strip()) <= 200:
        raise Invalid("title", "Say in at most 200 characters what is promised.")
    if not wanted.target.is_finite() or not 0 < wanted.target < 1 or wanted.target != round(wanted.target, 6):
        raise Invalid("target", "The target is a share between 0 and 1 with at most six decimals, like 0.999.")
    if not 1 <= wanted.window_days <= 366:
        raise Invalid("window_days", "The window is 1 to 366 days long.")
    sources = registry.known()
    if wanted.source not in sources:
        raise Invalid("source", f"There is no source “{wanted.source}”; there are {', '.join(sources)}.")
    sources[wanted.source].check(wanted.query)


def plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else dict(value) if isinstance(value, Mapping) else value
