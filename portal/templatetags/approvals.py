"""What changed since an approval, for the inbox and the window page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import template

from windows.approvals.changes import Change, shown

register = template.Library()


@register.filter
def changes(differences: Iterable[Mapping[str, Any]]) -> list[Change]:
    """Material fields that differ, as people read them."""
    return shown(differences)
