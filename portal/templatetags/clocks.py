"""The same time by other clocks, only where they show another: a reader in London learns nothing from `GMT (… UTC)`."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.templatetags.signs import lasting, period, relative
from windows.lifecycle.states import WindowStatus

register = template.Library()
MINUTE = timedelta(minutes=1)


def is_same(one: ZoneInfo, other: ZoneInfo, *moments: datetime) -> bool:
    return all(at.astimezone(one).utcoffset() == at.astimezone(other).utcoffset() for at in moments)


@register.filter
def on_clock(at: datetime, zone: str) -> str:
    """`Tue 24 Nov 02:00 CET`, for places that hold nothing but text."""
    local = at.astimezone(ZoneInfo(zone or "UTC"))
    return f"{local:%a} {local.day} {local:%b %H:%M} {local.tzname()}"


@register.simple_tag(takes_context=True)
def day(context: template.Context, at: datetime) -> SafeString:
    """`24 Nov 2027` in the reader's zone, for what lies a year away; the whole moment when hovering."""
    local = at.astimezone(ZoneInfo(context.get("zone") or "UTC"))
    whole = f"{local:%a} {local.day} {local:%b %Y %H:%M} {local.tzname()}"
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), whole, f"{local.day} {local:%b %Y}")


@register.simple_tag
def begins(at: datetime, now: datetime, state: str) -> SafeString:
    """When a window in this state begins or did: an approved one that nobody has begun is late, not "13 min ago"."""
    if state == WindowStatus.APPROVED and now - at >= MINUTE:
        return format_html('<b class="care">not begun, {} late</b>', lasting(now - at - (now - at) % MINUTE))
    return format_html("{}", relative(at, now))


@register.simple_tag(takes_context=True)
def own_clock(context: template.Context, start: datetime, end: datetime, own: str) -> str:
    """A window's period in its own zone; empty where the reader's clock shows the same."""
    there = ZoneInfo(own)
    return "" if is_same(there, ZoneInfo(context.get("zone") or "UTC"), start, end) else period(start, end, there)


@register.simple_tag
def clock_called(at: datetime, zone: str, word: str) -> str:
    """`Europe/Berlin, its own zone` beside a time of that zone; only the word where the time's own sign is the zone's name."""
    sign = at.astimezone(ZoneInfo(zone)).tzname()
    return word if sign == zone.removeprefix("Etc/") else f"{zone}, {word}"


@register.simple_tag(takes_context=True)
def utc_clock(context: template.Context, start: datetime, end: datetime, own: str) -> str:
    """The period in UTC; empty where the reader's clock or the window's own shows it already."""
    utc = ZoneInfo("UTC")
    told = (ZoneInfo(context.get("zone") or "UTC"), ZoneInfo(own))
    return "" if any(is_same(utc, one, start, end) for one in told) else period(start, end, utc)
