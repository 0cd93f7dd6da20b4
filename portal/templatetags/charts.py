"""`{% chart chart %}`: a figure with its table before it. The data is in attributes; static/portal/charts.js draws it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.charts.chart import Cell, Chart
from portal.charts.clocks import local
from portal.templatetags.signs import SIGNS, icon

register = template.Library()
Shown = dict[str, Any]


@register.simple_tag
def currency() -> str:
    return str(settings.CURRENCY)


@register.simple_tag
def live_data(chart: Chart) -> SafeString:
    """The same for a chart that stays while its panel is exchanged: charts.js draws it where `data-live` names this element."""
    return SafeString(figure_data(chart).replace("data-figure", "data-fresh", 1))


@register.simple_tag
def figure_data(chart: Chart) -> SafeString:
    """The attribute that charts.js reads, in single quotes: JSON is full of double ones. Escaped, so that no title of a window ends it."""
    text = orjson.dumps(chart.figure).decode()
    for sign, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("'", "&#x27;")):
        text = text.replace(sign, name)
    return SafeString(f"data-figure='{text}'")


@register.inclusion_tag("dashboards/_chart.html", takes_context=True)
def chart(context: template.Context, chart: Chart, href: str = "", *, look: str = "", table_open: bool = False, query: str = "") -> Shown:
    """On the reader's clock. `href` is the panel's own address, its CSV beside it; `query` what was asked for there. `look`: wide,
    half or whole."""
    shown = local(chart, ZoneInfo(context.get("zone") or "UTC"))
    return {"chart": shown, "href": href, "look": look, "table_open": table_open, "query": query}


@register.simple_tag
def sign(state: object) -> SafeString:
    """A state's icon in its colour, its word for those who do not see it."""
    colour, name, word = SIGNS.get(str(state), ("draft", "info", str(state)))
    return format_html('{}<span class="vh">{}, </span>', icon(name, f"sign s-{colour}"), word)


@register.filter
def money(value: float) -> str:
    return f"{value:,.0f}"


@register.filter
def cell(value: Cell) -> str:
    """A cell of the table as people read it, an instant in the zone it carries; unknown is said."""
    match value:
        case None:
            return "–"
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M")
        case float():
            return f"{value:,.3f}".rstrip("0").rstrip(".")
        case int():
            return f"{value:,}"
    return str(value)


@register.filter
def is_figures(chart: Chart) -> bool:
    """Whether every column but the first holds numbers: the style sheet sets them to the right, without a class on each cell."""
    return all(not isinstance(value, str | datetime) for row in chart.rows for value in row[1:])
