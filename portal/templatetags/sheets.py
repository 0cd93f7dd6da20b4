"""One field of a form: its label, what was typed, and its error beside it. Reads `given`, `error` and `error_at` of the page."""

from __future__ import annotations

from typing import Any

from django import template

register = template.Library()


@register.inclusion_tag("portal/_field.html", takes_context=True)
def field(context: template.Context, name: str, label: str, kind: str = "text", **more: Any) -> dict[str, Any]:
    """`kind`: text, number, date, datetime-local, textarea, code, choice, checks, explained, tick.

    `more`: options (of `explained` triples), hint, size (half, third), longest, rows, least, most, nothing (a choice of none), optional.
    """
    given = context.get("given") or {}
    error = context.get("error") if context.get("error_at") == name else None
    return {"name": name, "label": label, "kind": kind, "value": given.get(name, ""), "error": error, "longest": 200, "rows": 3, **more}
