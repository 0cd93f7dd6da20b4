"""What a person may say about a window, checked field by field and applied. Shared by drafts and by amendments of approved windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Model
from psycopg.types.range import TimestamptzRange

from windows.alerts.expected import from_plain, plain
from windows.audit.models import AuditEntry
from windows.catalogue.models import Person, Team
from windows.catalogue.queries import Place, expand_scope
from windows.errors import Invalid, Stale
from windows.lifecycle.states import ChangeType, Mode
from windows.runbooks.models import RunbookVersion
from windows.scheduling import texts, times
from windows.scheduling.models import LAYERS, LONGEST_RESERVATION, Window, WindowScope

KNOWN_LAYERS = {value for value, _ in LAYERS}
MOST_ROWS = 500
MOST_USERS = 10**12


@dataclass(frozen=True, slots=True)
class ScopeRow:
    """What a window touches, as a person says it: "*" means every one; one layer or several."""

    service: str
    environment: str
    region: str = "*"
    layers: str | tuple[str, ...] = "L3"


@dataclass(frozen=True, slots=True)
class ConcreteRow:
    """One row of a scope, wildcards expanded."""

    place: Place
    layer: str

    @property
    def told(self) -> str:
        return f"{self.place.service}/{self.place.environment}/{self.place.region}/{self.layer}"


def member(value: object, of: type[Mode] | type[ChangeType], field: str) -> str:
    if value not in {item.value for item in of}:
        raise Invalid(f"Choose one of: {', '.join(item.value for item in of)}.", field=field)
    return str(value)


def truth(value: object, field: str) -> bool:
    if not isinstance(value, bool):
        raise Invalid("Say true or false.", field=field)
    return value


def number_between(value: object, low: float, high: float, field: str, *, whole: bool) -> Any:
    kinds: tuple[type, ...] = (int,) if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:  # type: ignore[operator]
        raise Invalid(f"Write a {'whole ' if whole else ''}number from {low:g} to {high:g}.", field=field)
    return value if whole else float(value)  # type: ignore[arg-type]


def there_is(model: type[Model], key: object, field: str, what: str, **also: Any) -> int:
    """The primary key of an existing row; Invalid otherwise."""
    if (
        isinstance(key, bool)
        or not isinstance(key, int)
        or not 0 < key < 2**63
        or not model._default_manager.filter(pk=key, **also).exists()
    ):
        raise Invalid(f"There is no such {what}.", field=field)
    return key


def team_id(slug: object) -> int:
    found = Team.objects.filter(slug=texts.line(slug, "team", longest=63, required=True)).values_list("pk", flat=True).first()
    if found is None:
        raise Invalid(f"There is no team “{slug}”.", field="team")
    return found


def column(field: str, value: Any) -> dict[str, Any]:
    """The column (and its value) that a field of the request sets. Every rule of one field stands here."""
    match field:
        case "title":
            return {"title": texts.line(value, field, required=True)}
        case "reason":
            return {"reason": texts.lines(value, field, required=True)}
        case "expected_impact":
            return {"expected_impact": texts.lines(value, field)}
        case "team":
            return {"team_id": team_id(value)}
        case "owner_id" | "coordinator_id":
            return {field: there_is(Person, value, field, "person", is_active=True)}
        case "deputy_id":
            return {field: None if value is None else there_is(Person, value, field, "person", is_active=True)}
        case "starts_at" | "ends_at":
            return {field: times.parse(value, field)}
        case "timezone":
            return {field: times.zone(value, field).key}
        case "mode":
            return {field: member(value, Mode, field)}
        case "change_type":
            return {field: member(value, ChangeType, field)}
        case "starts_itself" | "confidential":
            return {field: truth(value, field)}
        case "runbook_version_id":
            return {field: None if value is None else there_is(RunbookVersion, value, field, "runbook version")}
        case "parameters":
            if not isinstance(value, Mapping):
                raise Invalid("Write an object of names and values.", field=field)
            return {field: texts.plain_json(dict(value), field)}
        case "expected_users":
            return {field: None if value is None else number_between(value, 0, MOST_USERS, field, whole=True)}
        case "expected_alerts":
            if not isinstance(value, list | tuple):
                raise Invalid("Write a list of expected alerts.", field=field)
            return {field: plain(from_plain(value))}
        case "slack":
            return {field: number_between(value, 0, 1, field, whole=False)}
        case "external_ref":
            return {field: None if value is None else texts.line(value, field, required=True)}
    raise Invalid(f"A window has no field “{field[:60]}” that can be set.", field=field[:60])


def columns_of(changes: Mapping[str, Any]) -> dict[str, Any]:
    """All fields but `scope` as columns; the first that is wrong raises Invalid."""
    found: dict[str, Any] = {}
    for field, value in changes.items():
        if field != "scope":
            found |= column(field, value)
    return found


def longest_window() -> timedelta:
    """How long a window may be."""
    return min(settings.ROADWORKS.longest_window, LONGEST_RESERVATION)


def check_whole(window: Window, now: datetime, *, start_is_new: bool) -> None:
    """The rules that need more than one field: the period, and two people in two roles."""
    times.check_period(window.starts_at, window.ends_at, longest=longest_window(), now=now, start_is_new=start_is_new)
    if window.deputy_id is not None and window.deputy_id == window.coordinator_id:
        raise Invalid("The deputy must be somebody else than the coordinator.", field="deputy_id")
    window.wall_start = times.wall(window.starts_at, window.timezone)
    window.wall_end = times.wall(window.ends_at, window.timezone)


def expanded(rows: Any) -> list[ConcreteRow]:
    """A scope as said, wildcards expanded through the deployments; Invalid(field="scope.0.service") names what is wrong."""
    if not isinstance(rows, list | tuple) or not rows:
        raise Invalid("Say what the window touches: at least one service.", field="scope")
    found: dict[str, ConcreteRow] = {}
    for index, row in enumerate(rows):
        at = f"scope.{index}"
        if not isinstance(row, ScopeRow):
            raise Invalid("Say service, environment, region and layers.", field=at)
        layers = (row.layers,) if isinstance(row.layers, str) else tuple(row.layers)
        if not layers or any(layer not in KNOWN_LAYERS for layer in layers):
            raise Invalid("A layer is one of L1 to L10.", field=f"{at}.layers")
        named = {
            name: texts.line(getattr(row, name), f"{at}.{name}", longest=63, required=True) for name in ("service", "environment", "region")
        }
        try:
            places = expand_scope(**named)
        except Invalid as error:
            raise Invalid(error.detail, field=f"{at}.{error.field}") from None
        found |= {row.told: row for row in (ConcreteRow(place, layer) for place in places for layer in layers)}
        if len(found) > MOST_ROWS:
            raise Invalid(f"A window touches at most {MOST_ROWS} places; plan several.", field="scope")
    return [found[told] for told in sorted(found)]


def as_said(rows: Any) -> list[dict[str, Any]]:
    """A scope that `expanded` took, as plain values, its wildcards as they are."""
    return [{**asdict(row), "layers": [row.layers] if isinstance(row.layers, str) else list(row.layers)} for row in rows]


def check_expected(window: Window, scope: list[str]) -> None:
    """What the window expects lies in its scope: nowhere else is an alert made quieter."""
    places = {tuple(told.split("/")[:2]) for told in scope}
    for one in from_plain(window.expected_alerts):
        if (one.service, one.environment) not in places:
            said = f"{one.alert} is expected of {one.service}/{one.environment}, which this window does not touch."
            raise Invalid(said, field="expected_alerts")


def write_scope(window: Window, rows: list[ConcreteRow], *, holds: bool = False) -> None:
    """Replace the scope's rows. Where the window holds its slot, `keep_slot` must follow: rows are written without it."""
    WindowScope.objects.filter(window=window).delete()
    reserved = TimestamptzRange(window.starts_at, window.ends_at, "[)")
    WindowScope.objects.bulk_create(
        WindowScope(
            window=window,
            service_id=row.place.service_id,
            environment=row.place.environment,
            region=row.place.region,
            layer=row.layer,
            reserved=reserved,
            holds_slot=holds,
        )
        for row in rows
    )


def told_scope(window: Window) -> list[str]:
    rows = WindowScope.objects.filter(window=window).annotate(slug=F("service__slug"))
    return sorted(f"{row.slug}/{row.environment}/{row.region}/{row.layer}" for row in rows)


def told(value: Any) -> Any:
    """A column's value as the audit trail tells it."""
    return value.isoformat() if isinstance(value, datetime) else value


def check_version(window: Window, version: int) -> None:
    """Stale when the caller edited an older state; `changed` tells the fields that moved since, with their values now."""
    if window.version == version:
        return
    changed: dict[str, Any] = {}
    entries = AuditEntry.objects.filter(window=window.reference, data__version__gt=version).order_by("id")
    for data in entries.values_list("data", flat=True):
        changed |= {field: after for field, (_, after) in data.get("changed", {}).items()}
        if "to" in data:
            changed["status"] = data["to"]
    raise Stale(
        f"{window.reference} was changed by somebody else; it is at version {window.version} now.", current=window.version, changed=changed
    )
