"""An entry of the audit trail in words: `{{ entry|told }}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

from portal.templatetags.clocks import on_clock
from portal.templatetags.signs import words
from windows.approvals.changes import NOTHING, Change
from windows.approvals.edits import Names, edits
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


@register.simple_tag(takes_context=True)
def edited(context: template.Context, entry: TrailEntry) -> list[tuple[str, str]]:
    """What an entry changed: each field as the form calls it, and what became of it in the reader's zone; ids by the page's `names`."""
    zone = context.get("zone") or "UTC"
    found = edits(entry.data.get("changed"), context.get("names") or Names())
    return [(one.label, edit_told(one.change, zone, is_list=one.is_list)) for one in found]


def edit_told(change: Change | None, zone: str, *, is_list: bool) -> str:
    """`3 → 4`; of lists what came and what went: `orders/production/eu-west/L3 added`."""
    if change is None:
        return "changed"
    if is_list:
        parts = ((change.after, "added"), (change.before, "taken out"))
        return "; ".join(f"{told} {verb}" for told, verb in parts if told != NOTHING) or "changed"
    before = on_clock(change.before_at, zone) if change.before_at else change.before
    after = on_clock(change.after_at, zone) if change.after_at else change.after
    return f"{before} → {after}"
