"""A request as a browser sends it, turned into what commands take. What a field may say is checked by `commands.editing`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from windows.errors import Invalid
from windows.scheduling.commands.editing import ScopeRow
from windows.scheduling.times import from_wall

ROWS = 4  # how many scope rows the plain form offers
MOST_ROWS = 60


def whole(text: str, name: str, what: str) -> int | None:
    """A number typed or chosen; None for nothing."""
    text = text.strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Invalid(f"Write {what}.", field=name)
    return int(text)


def scope_rows(sent: Mapping[str, str], layers: Mapping[int, list[str]]) -> tuple[ScopeRow, ...]:
    rows = []
    for n in layers:
        service = sent.get(f"service_{n}", "")
        if service:
            rows.append(ScopeRow(service, sent.get(f"environment_{n}", ""), sent.get(f"region_{n}") or "*", tuple(layers[n]) or ("L3",)))
    return tuple(rows)


def parameters_in(text: str) -> dict[str, Any]:
    if not text.strip():
        return {}
    try:
        found = json.loads(text)
    except ValueError as error:
        raise Invalid('Write the parameters as JSON, such as {"batch": 500}.', field="parameters") from error
    if not isinstance(found, dict):
        raise Invalid("Parameters are names with values.", field="parameters")
    return found


def said_in(sent: Any) -> dict[str, Any]:
    """The fields of a Draft from a form's POST; Invalid(field) where something cannot even be read."""
    zone = sent.get("timezone", "").strip() or "UTC"
    starts_at = from_wall(sent.get("starts_at", ""), zone, "starts_at")
    minutes = whole(sent.get("minutes", ""), "minutes", "the length in minutes")
    if not minutes:
        raise Invalid("Say how long it takes, in minutes.", field="minutes")
    return {
        "title": sent.get("title", ""),
        "reason": sent.get("reason", ""),
        "team": sent.get("team", ""),
        "owner_id": whole(sent.get("owner_id", ""), "owner_id", "who answers for it"),
        "coordinator_id": whole(sent.get("coordinator_id", ""), "coordinator_id", "who runs it on the day"),
        "deputy_id": whole(sent.get("deputy_id", ""), "deputy_id", "who can take over"),
        "starts_at": starts_at,
        "ends_at": ends_at(starts_at, minutes),
        "timezone": zone,
        "scope": scope_rows(sent, {n: sent.getlist(f"layers_{n}") for n in range(min(len(sent), MOST_ROWS))}),
        "mode": sent.get("mode", ""),
        "change_type": sent.get("change_type", ""),
        "starts_itself": sent.get("starts_itself") == "on",
        "runbook_version_id": whole(sent.get("runbook_version_id", ""), "runbook_version_id", "a runbook of the list"),
        "parameters": parameters_in(sent.get("parameters", "")),
        "expected_impact": sent.get("expected_impact", ""),
        "confidential": sent.get("confidential") == "on",
    }


def ends_at(starts_at: datetime, minutes: int) -> datetime:
    try:
        return starts_at + timedelta(minutes=minutes)
    except OverflowError:
        raise Invalid("This length is too long.", field="minutes") from None


def place_of(name: str) -> str:
    """The form's field that an error belongs to: commands speak of scope[0].service and ends_at."""
    if name.startswith("scope"):
        return "scope"
    return "minutes" if name == "ends_at" else name
