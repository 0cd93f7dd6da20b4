"""Gates and clocks of the run page: `{% gate_chart gate n %}`, `{% clock_time at %}`."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import template

from portal.charts.gates import Limit, Point, gate, sketch
from windows.actions.gates import SIGNS, percent
from windows.execution.queries.gates import GateView

register = template.Library()


def zone_in(context: template.Context) -> ZoneInfo:
    return ZoneInfo(context.get("zone") or "UTC")


@register.simple_tag(takes_context=True)
def clock_time(context: template.Context, at: datetime | None) -> str:
    """`02:00` alone, where the zone stands beside it."""
    return f"{at.astimezone(zone_in(context)):%H:%M}" if at else "–"


@register.inclusion_tag("execution/_gate_chart.html", takes_context=True)
def gate_chart(context: template.Context, view: GateView, number: int) -> dict[str, Any]:
    """The sketch, and beside it the same as data for Plotly, which a wide screen draws over it."""
    times = 100.0 if view.is_share else 1.0
    unit = " %" if view.is_share else ""
    points = [Point(one.at, None if one.value is None else one.value * times, one.verdict) for one in view.points]
    limits = []
    if view.passing:
        limits.append(Limit(view.passing.threshold * times, f"passes {spoken(view.passing, times)}{unit}", "completed"))
    if view.failing:
        limits.append(Limit(view.failing.threshold * times, f"fails {spoken(view.failing, times)}{unit}", "failed"))
    zone = zone_in(context)
    chart = gate(view.called, points, limits, source=view.source or view.name, unit=unit, zone=zone, key=f"gate-{number}")
    return {"chart": chart, "sketch": sketch(points, limits, unit), "zone": zone.key, "number": number}


def spoken(asked: Any, times: float) -> str:
    return f"{SIGNS.get(asked.operator, asked.operator)} {asked.threshold * times:g}"


@register.filter
def asked_by(view: GateView) -> str:
    """The query that narrows the pages of readings to this gate."""
    return urlencode(view.place)


@register.filter
def newest_said(view: GateView) -> str:
    """Pass, 99.62 %."""
    newest = view.newest
    word = {"pass": "Pass", "fail": "Fail"}.get(newest.verdict, "Error" if newest.is_error else "No verdict")
    value = "" if newest.value is None else f", {percent(newest.value)}" if view.is_share else f", {newest.value:.4g}"
    return word + value


@register.filter
def verdicts_said(view: GateView) -> str:
    """The last verdicts in words."""
    last = [point.verdict for point in view.points[-20:]]
    counts = [(last.count("pass"), "passed"), (last.count("fail"), "failed"), (last.count("inconclusive"), "without a verdict")]
    return f"Of the last {len(last)} readings: {', '.join(f'{count} {word}' for count, word in counts if count)}."
