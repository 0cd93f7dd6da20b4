"""An entry of the audit trail in words: `{{ entry|told }}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

from portal.templatetags.signs import words
from windows.audit.queries import TrailEntry

register = template.Library()


@register.filter
def told(entry: TrailEntry) -> str:
    """Who, and why: people's reasons begin with their name already. Of conflicts that came or went, which; of a surface, which."""
    reason = str(entry.data.get("reason") or "")
    if entry.kind.startswith("conflict."):
        reason = " ".join(conflict_told(one) for one in entry.data.get("conflicts") or ())
    if entry.kind.startswith("surface."):
        reason = surface_told(entry.data)
    return reason if reason.startswith(f"{entry.actor}:") else f"{entry.actor}: {reason}" if reason else entry.actor


def conflict_told(one: Mapping[str, Any]) -> str:
    """`Hard: Changes are frozen (Peak).`; what is gone has no severity any more."""
    told = f"{one['what']} ({one['who']})."
    return f"{str(one['severity']).capitalize()}: {told}" if one.get("severity") else told


def surface_told(data: Mapping[str, Any]) -> str:
    """`Silence OrdersSlow. The server holds none.`, and why somebody accepted it."""
    called = f"{words(data.get('surface') or 'surface').capitalize()} {data.get('name') or ''}".strip()
    return " ".join([f"{called}.", *(str(data[name]) for name in ("note", "reason") if data.get(name))])
