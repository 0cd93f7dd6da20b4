"""How long spans take: `{{ span.lasts|brief }}`."""

from __future__ import annotations

from datetime import timedelta

from django import template

register = template.Library()


@register.filter
def brief(value: timedelta) -> str:
    """0.42 ms · 12 ms · 1.25 s · 2 min 5 s."""
    milliseconds = value / timedelta(milliseconds=1)
    if milliseconds < 10:
        return f"{milliseconds:.3g} ms"
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.3g} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
