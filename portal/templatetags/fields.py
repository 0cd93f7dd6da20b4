"""What is wrong with a field, beside it: a place that is always there, so that a panel can fill or empty it by its id."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.templatetags.signs import icon
from windows.lifecycle.layers import LAYER_NAMES

register = template.Library()


@register.simple_tag(takes_context=True)
def complaint(context: template.Context, name: str, *, oob: bool = False) -> SafeString:
    """`<div id="title-error">`, with the sentence in it where there is one; `oob` for an answer of htmx."""
    error: Any = (context.get("errors") or {}).get(name)
    swap = SafeString(' hx-swap-oob="true"') if oob else ""
    inside = format_html('<p class="error" role="alert">{}<span>{}</span></p>', icon("warn"), error.detail) if error else ""
    return format_html('<div class="slot" id="{}-error"{}>{}</div>', name, swap, inside)


@register.simple_tag(takes_context=True)
def described(context: template.Context, name: str) -> SafeString:
    """The attributes that tie a field to its complaint."""
    wrong = SafeString(' aria-invalid="true"') if name in (context.get("errors") or {}) else ""
    return format_html('aria-describedby="{}-error"{}', name, wrong)


@register.filter
def layer(value: str) -> str:
    """L5 → L5 Data."""
    return f"{value} {LAYER_NAMES.get(value, '')}".strip()
