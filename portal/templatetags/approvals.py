"""What changed since an approval, for the inbox and the window page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import template

from windows.approvals.changes import Change, shown
from windows.approvals.queries.comments import panel_of
from windows.scheduling.queries import WindowView

register = template.Library()


@register.filter
def changes(differences: Iterable[Mapping[str, Any]]) -> list[Change]:
    """Material fields that differ, as people read them."""
    return shown(differences)


@register.inclusion_tag("approvals/_comments.html", takes_context=True)
def comments(context: template.Context, window: WindowView) -> dict[str, Any]:
    """The panel of questions and comments, for whatever page shows a window: `{% comments window %}`."""
    around = {name: context.get(name) for name in ("zone", "csrf_token", "form_token")}
    return around | panel_of(window, context["actor"])
