"""The signs of a calendar in words: those that are seen in it, and no others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from portal.templatetags.signs import SIGNS, icon
from portal.templatetags.timeline import Timeline, hold_nothing
from windows.scheduling.lanes import clashes
from windows.scheduling.queries.board import collide

register = template.Library()
FREEZES = {"hard": "Hard freeze", "soft": "Soft freeze", "advisory": "Advisory freeze"}
CLASHES = {"k-1": "Collide", "maybe k-1": "Two drafts would"}


@register.simple_tag
def legend_of_lanes(line: Timeline) -> SafeString:
    planned = [one for row in line.board.rows for one in row.planned]
    frozen = [one.severity for one in (*line.board.freezes, *(one for row in line.board.rows for one in row.freezes))]
    found = [clash for _, lane in line.lanes for clash in clashes(lane, line.axis, collide)]
    brackets = {"maybe k-1" if hold_nothing(clash) else "k-1" for clash in found}
    return legend([line.states.get(one.id, one.status) for one in planned], frozen, brackets, vendors=bool(line.outside))


@register.simple_tag
def legend_of_month(weeks: Sequence[Sequence[dict[str, Any]]]) -> SafeString:
    days = [day for week in weeks for day in week]
    frozen = [one.severity for day in days for one in day["freezes"]]
    return legend([state for day in days for _, state in day["planned"]], frozen, (), vendors=any(day["vendors"] for day in days))


def legend(states: Iterable[str], freezes: Collection[str], brackets: Collection[str], *, vendors: bool) -> SafeString:
    """Empty where nothing needs a word."""
    seen = set(states)
    parts = [
        format_html('<li><span class="bar s-{}"><i></i>{}</span>{}</li>', colour, icon(sign), word)
        for state, (colour, sign, word) in SIGNS.items()
        if state in seen
    ]
    parts += [format_html('<li><span class="bar s-vendor"><i></i>{}</span>Provider</li>', icon("vendor"))] if vendors else []
    parts += [format_html('<li><span class="clash {}"></span>{}</li>', look, word) for look, word in CLASHES.items() if look in brackets]
    parts += [format_html('<li><span class="fz fz-{}"></span>{}</li>', look, word) for look, word in FREEZES.items() if look in freezes]
    if not parts:
        return mark_safe("")
    return format_html('<ul class="legend" aria-label="Signs">{}</ul>', format_html_join("", "{}", ((part,) for part in parts)))
