"""Verb: define an objective. Who may is decided in windows.catalogue, which calls this in its own transaction."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from django.db import transaction

from slo.budget import Policy
from slo.burn_rate import WINDOWS
from slo.errors import Invalid, Stale
from slo.objectives.models import Objective
from slo.objectives.queries.promises import promise
from slo.periods import STAMP, UNITS, calendar_in
from slo.telemetry import registry
from slo.telemetry.commands import first_day

SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,118}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Definition:
    """What an objective promises. `target` is a share: 0.999; `query` is what the source needs (see its `check`).

    `calendar` as slo.periods.Calendar (then `window_days` follows from it), `rules` as slo.burn_rate.rules_in reads them.
    """

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
    description: str = ""
    calendar: Mapping[str, Any] = field(default_factory=dict)
    slice_minutes: int | None = None
    slice_target: Decimal | None = None
    maintenance: str = "allow"
    rules: Sequence[Mapping[str, Any]] = field(default_factory=list)
    labels: Mapping[str, Any] = field(default_factory=dict)


FIELDS = tuple(Definition.__dataclass_fields__)


@transaction.atomic
def define(wanted: Definition, version: int | None = None) -> tuple[Objective, dict[str, Any]]:
    """The objective as wanted, new or changed, and what changed: {field: [before, after]}, before None for a new one, {} for no change.

    Invalid names a bad field. Stale where `version` is given and another is in force. A service and a slug never change hands:
    measurements hang on the slug.
    """
    check(wanted)
    there = Objective.objects.select_for_update().filter(slug=wanted.slug).first()
    values = {name: getattr(wanted, name) for name in FIELDS}
    if calendar := calendar_in(wanted.calendar):
        values["window_days"] = calendar.days
    if there is None:
        if version:
            raise Stale(0)
        made = Objective.objects.create(**values)
        sliced(wanted.slug)
        return made, {"slug": [None, wanted.slug]}
    if version is not None and version != there.version:
        raise Stale(there.version)
    if there.service != wanted.service:
        raise Invalid("service", f"“{wanted.slug}” is an objective of {there.service}.")
    changed = {name: [plain(getattr(there, name)), plain(value)] for name, value in values.items() if getattr(there, name) != value}
    if changed:
        for name in changed:
            setattr(there, name, values[name])
        there.version += 1
        there.save(update_fields=[*changed, "version"])
        if {"slice_minutes", "slice_target"} & set(changed):
            sliced(wanted.slug)
    return there, changed


def sliced(slug: str) -> None:
    """Its slices are to be judged from the first day on: by the task, for a month of minutes is too much for who waits for an answer."""
    if promise(slug).slicing:
        Objective.objects.filter(slug=slug).update(slices_from=first_day(slug))


def check(wanted: Definition) -> None:
    if not SLUG.fullmatch(wanted.slug):
        raise Invalid("slug", "Use lower-case letters, digits and inner hyphens, at most 120 characters.")
    if not 0 < len(wanted.service) <= 63 or not 0 < len(wanted.environment) <= 63:
        raise Invalid("service", "Name the service and the environment.")
    if not 0 < len(wanted.title.strip()) <= 200:
        raise Invalid("title", "Say in at most 200 characters what is promised.")
    if len(wanted.description) > 1050:
        raise Invalid("description", "At most 1050 characters.")
    if not is_share(wanted.target) or wanted.target == 1:
        raise Invalid("target", "The target is a share between 0 and 1 with at most six decimals, like 0.999.")
    if not 1 <= wanted.window_days <= 366:
        raise Invalid("window_days", "The window is 1 to 366 days long.")
    if wanted.maintenance not in {policy.value for policy in Policy}:
        raise Invalid("maintenance", f"Maintenance is treated by one of {', '.join(policy.value for policy in Policy)}.")
    check_time(wanted)
    check_rules(wanted.rules)
    sources = registry.known()
    if wanted.source not in sources:
        raise Invalid("source", f"There is no source “{wanted.source}”; there are {', '.join(sources)}.")
    sources[wanted.source].check(wanted.query)


def is_share(value: Decimal) -> bool:
    return value.is_finite() and 0 < value <= 1 and value == round(value, 6)


def check_time(wanted: Definition) -> None:
    """Calendar periods and timeslices."""
    if wanted.calendar:
        told = wanted.calendar
        if set(told) != {"start", "zone", "count", "unit"}:
            raise Invalid("calendar", "A calendar window has a start, a zone, a count and a unit.")
        try:
            datetime.strptime(str(told["start"]), STAMP)  # noqa: DTZ007 - a wall-clock time, its zone stands beside it
        except ValueError:
            raise Invalid("calendar", "Write the start as 2026-01-01 00:00:00.") from None
        if told["zone"] not in available_timezones():
            raise Invalid("calendar", f"There is no time zone “{str(told['zone'])[:60]}”.")
        if told["unit"] not in UNITS or type(told["count"]) is not int or told["count"] < 1:
            raise Invalid("calendar", f"A period is a whole number of {', '.join(UNITS)}.")
        if (calendar := calendar_in(told)) is None or calendar.days > 366:
            raise Invalid("calendar", "A period is at most a year long.")
    if (wanted.slice_minutes is None) != (wanted.slice_target is None):
        raise Invalid("slice_minutes", "Timeslices have both a length and a target.")
    if wanted.slice_minutes is not None and not 1 <= wanted.slice_minutes <= 1440:
        raise Invalid("slice_minutes", "A slice is 1 to 1440 whole minutes long.")
    if wanted.slice_target is not None and not is_share(wanted.slice_target):
        raise Invalid("slice_target", "A slice's target is a share above 0 and at most 1, like 0.95.")


def check_rules(rules: Sequence[Mapping[str, Any]]) -> None:
    if len(rules) > 10:
        raise Invalid("rules", "At most ten burn-rate alerts.")
    for one in rules:
        if set(one) != {"urgency", "factor", "long", "short"} or one["urgency"] not in {"page", "ticket"}:
            raise Invalid("rules", "A burn-rate alert has an urgency (page or ticket), a factor, a long and a short window.")
        if one["long"] not in WINDOWS or one["short"] not in WINDOWS or WINDOWS[one["short"]] >= WINDOWS[one["long"]]:
            raise Invalid("rules", f"Burn rates are known over {', '.join(WINDOWS)}; the short window is shorter than the long one.")
        if isinstance(one["factor"], bool) or not isinstance(one["factor"], int | float) or not 0 < one["factor"] <= 1000:
            raise Invalid("rules", "The factor is how many times faster than allowed the budget goes: above 0, at most 1000.")


def plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else dict(value) if isinstance(value, Mapping) else value
