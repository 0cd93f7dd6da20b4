"""Markdown that people wrote, as safe HTML; and the playbooks an alert leads to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.safestring import SafeString

from windows.playbooks.queries import Guide
from windows.texts.markdown import html_of

register = template.Library()


@register.filter
def prose(text: str) -> SafeString:
    """What html_of() makes is safe for any text: it lets no tag, script or style through."""
    return SafeString(html_of(text))


@register.filter
def of_alert(guides: Mapping[tuple[str, str], list[Guide]] | None, alert: Any) -> list[Guide]:
    return list((guides or {}).get((alert.name, alert.service), ()))
