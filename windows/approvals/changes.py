"""What changed since an approval, as people read it: field, before, after. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from windows.lifecycle.words import mode_in_words

MOMENTS = frozenset({"starts_at", "ends_at"})
LABELS = {  # as the form of a window calls its fields
    "title": "Title",
    "reason": "Why",
    "starts_at": "Begins",
    "ends_at": "Ends",
    "timezone": "Time zone",
    "mode": "What users get meanwhile",
    "change_type": "Change type",
    "slack": "Error budget asked for",
    "expected_impact": "For users",
    "expected_users": "Users who will notice",
    "expected_alerts": "Alerts expected",
    "team": "Team",
    "team_id": "Team",
    "owner_id": "Owner",
    "coordinator_id": "Coordinator",
    "deputy_id": "Deputy",
    "starts_itself": "Starts by itself",
    "confidential": "Confidential",
    "runbook": "Runbook version",
    "runbook_version_id": "Runbook version",
    "parameters": "Parameters",
    "external_ref": "External reference",
    "scope": "Scope",
    "scope_said": "Scope",
    "tiers": "Tiers",
    "affected_teams": "Teams affected",
}
NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Change:
    """One field. Where it is a time, the two moments stand beside their words, so that a page can say them in the reader's zone."""

    label: str
    before: str
    after: str
    before_at: datetime | None = None
    after_at: datetime | None = None


def shown(differences: Iterable[Mapping[str, Any]]) -> list[Change]:
    """Differences of material fields, as `policy.differences` gives them and requests keep them."""
    return [change(str(one["field"]), one.get("before"), one.get("after")) for one in differences]


def change(name: str, before: Any, after: Any) -> Change:
    label = LABELS.get(name) or name.removeprefix("parameters.").replace("_", " ")
    if isinstance(before, list) and isinstance(after, list):  # only what went and what came: scopes are long
        before, after = [one for one in before if one not in after], [one for one in after if one not in before]
    return Change(label, told(name, before), told(name, after), at(name, before), at(name, after))


def at(name: str, value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if name in MOMENTS else None
    except (TypeError, ValueError):
        return None


def told(name: str, value: Any) -> str:
    if value is None or value in ("", []):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if name == "slack" and isinstance(value, int | float):
        return f"{100 * value:g} % of the budget"
    if name == "runbook":
        return str(value)[:12]
    if isinstance(value, str):
        return mode_in_words(value) if name == "mode" else value
    return f"{value:,}" if name == "expected_users" and isinstance(value, int) else json.dumps(value, ensure_ascii=False)
