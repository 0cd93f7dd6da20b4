"""Signs of state, icons, times: the language every page speaks (INTERFACE, "Language of the signs")."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import slugify

from windows.actions.gates import percent
from windows.approvals.words import roles_in_words, still_to_sign
from windows.lifecycle.moments import in_zone
from windows.lifecycle.words import mode_in_words

register = template.Library()

# state → (class of its colour, icon, word). One state, one colour, one shape, everywhere.
SIGNS = {
    "draft": ("draft", "draft", "Draft"),
    "requested": ("requested", "requested", "Requested"),
    "approved": ("approved", "approved", "Approved"),
    "running": ("running", "running", "Running"),
    "held": ("held", "held", "Held"),
    "preflight": ("approved", "clock", "Preflight"),
    "blocked": ("rejected", "warn", "Blocked"),
    "validating": ("validating", "validating", "Validating"),
    "completed": ("completed", "completed", "Completed"),
    "succeeded": ("completed", "completed", "Succeeded"),
    "rolling_back": ("rolledback", "rolledback", "Rolling back"),
    "rolled_back": ("rolledback", "rolledback", "Rolled back"),
    "failed": ("failed", "failed", "Failed"),
    "stuck": ("failed", "failed", "Stuck"),
    "aborted": ("failed", "close", "Aborted"),
    "rejected": ("rejected", "close", "Rejected"),
    "expired": ("cancelled", "cancelled", "Expired"),
    "cancelled": ("cancelled", "cancelled", "Cancelled"),
    "withdrawn": ("cancelled", "cancelled", "Withdrawn"),
    "lapsed": ("cancelled", "cancelled", "Lapsed"),
    "wanted": ("requested", "clock", "Wanted"),
    "in_place": ("completed", "completed", "In place"),
    "drifted": ("failed", "warn", "Drifted"),
    "accepted": ("held", "person", "Accepted"),
    "ending": ("held", "clock", "Ending"),
    "ended": ("draft", "completed", "Ended"),
    "open": ("requested", "requested", "Open"),
    "granted": ("completed", "completed", "Granted"),
    "pass": ("completed", "completed", "Pass"),
    "fail": ("failed", "failed", "Fail"),
    "inconclusive": ("held", "warn", "No verdict"),
    "hard": ("failed", "warn", "Blocks"),
    "soft": ("held", "warn", "Needs a reason"),
    "advisory": ("draft", "info", "For information"),
}
ONE_LINE = 32  # signs of a period within one day: it is not broken


@register.simple_tag
@cache
def icon(name: str, extra: str = "") -> SafeString:
    return format_html('<svg class="i {}" aria-hidden="true"><use href="{}#{}"/></svg>', extra, static("portal/icons.svg"), name)


@register.simple_tag
@lru_cache(maxsize=500)
def badge(state: str) -> SafeString:
    colour, sign, word = SIGNS.get(str(state), ("draft", "info", str(state).replace("_", " ").capitalize()))
    return format_html('<span class="badge s-{}">{}{}</span>', colour, icon(sign), word)


@register.simple_tag
def mode(value: str) -> SafeString:
    """What users get from a service now. Anything but normal is live, and amber like all that is."""
    if value == "normal":
        return format_html('<span class="quiet">{}</span>', "Normal")
    return format_html('<span class="badge s-running">{}{}</span>', icon("flags"), words(value).capitalize())


@register.simple_tag
def verdict(state: object, text: str = "") -> SafeString:
    colour, sign, word = SIGNS.get(str(state), ("draft", "info", str(state)))
    return format_html('<span class="verdict s-{}">{}{}</span>', colour, icon(sign), text or word)


@register.filter
def words(value: object) -> str:
    """A name of the code as words: read_only → read-only, window.approved → window approved."""
    text = str(value)
    return mode_in_words(text).replace(".", " ")


@register.filter
def roles(value: object) -> str:
    """Roles and places to sign as words: "2 × sre" → "2 × SRE". A team's name behind "of" stays as it is."""
    return roles_in_words(str(value))


register.filter("still_to_sign", still_to_sign)


@register.simple_tag(takes_context=True)
def moment(context: template.Context, at: datetime | None, zone: str = "") -> SafeString:
    """`Tue 24 Nov 02:00 CET`, UTC and ISO beside it for machines and hovering."""
    if at is None:
        return SafeString("–")
    local = at.astimezone(ZoneInfo(zone or context.get("zone") or "UTC"))
    utc = f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    text = f"{local:%a} {local.day} {local:%b %H:%M} {local.tzname()}"
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), utc, text)


@register.simple_tag(takes_context=True)
def hour(context: template.Context, at: datetime | None, zone: str = "") -> SafeString:
    """`02:00 CET` where the day is plain from the page; the whole moment when hovering."""
    if at is None:
        return SafeString("–")
    local = at.astimezone(ZoneInfo(zone or context.get("zone") or "UTC"))
    text, whole = f"{local:%H:%M} {local.tzname()}", f"{local:%a} {local.day} {local:%b %Y %H:%M:%S} {local.tzname()}"
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), whole, text)


@register.simple_tag(takes_context=True)
def second(context: template.Context, at: datetime) -> SafeString:
    """`02:03:04` in the reader's zone, for lines that follow each other within a run."""
    local = at.astimezone(ZoneInfo(context.get("zone") or "UTC"))
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', at.isoformat(), f"{local:%Y-%m-%d %H:%M:%S} {local.tzname()}", f"{local:%H:%M:%S}"
    )


@register.simple_tag(takes_context=True)
def span(context: template.Context, start: datetime, end: datetime, zone: str = "") -> SafeString:
    """`Tue 24 Nov 02:00–04:00 CET`; names both days where they differ and says when the clock changes within."""
    utc = f"{start.astimezone(UTC):%Y-%m-%d %H:%M}–{end.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    text = period(start, end, ZoneInfo(zone or context.get("zone") or "UTC"))
    return format_html('<span class="when{}" title="{}">{}</span>', " nowrap" if len(text) <= ONE_LINE else "", utc, text)


def period(start: datetime, end: datetime, there: ZoneInfo) -> str:
    a, b = start.astimezone(there), end.astimezone(there)
    last = f"{b:%H:%M}" if a.date() == b.date() else f"{b:%a} {b.day} {b:%b %H:%M}"
    changes = f" (clock change inside: {a.tzname()} to {b.tzname()})" if a.utcoffset() != b.utcoffset() else ""
    return f"{a:%a} {a.day} {a:%b %H:%M}–{last} {b.tzname()}{changes}"


register.filter("in_zone", in_zone)


@register.filter
def lasting(value: timedelta | float | None) -> str:
    """2 h 15 min · 45 s · 3 days 4 h; never more than two parts."""
    if value is None:
        return "–"
    seconds = round(value.total_seconds() if isinstance(value, timedelta) else value)
    if seconds < 0:
        return f"{lasting(-seconds)} over"
    if seconds < 60:
        return f"{seconds} s"
    parts = [(seconds // 86400, "d"), (seconds % 86400 // 3600, "h"), (seconds % 3600 // 60, "min"), (seconds % 60, "s")]
    first = next(n for n, (count, _) in enumerate(parts) if count)
    shown = parts[first : first + 2]
    return " ".join(f"{count} {unit}" for count, unit in shown if count)


@register.simple_tag
def relative(at: datetime | None, now: datetime | None = None) -> str:
    """in 3 h, 5 min ago."""
    if at is None:
        return ""
    apart = at - (now or datetime.now(UTC))
    if abs(apart) >= timedelta(minutes=1):
        apart -= apart % timedelta(minutes=1)
    if abs(apart) < timedelta(seconds=5):
        return "now"
    return f"in {lasting(apart)}" if apart > timedelta() else f"{lasting(-apart)} ago"


@register.filter
def since(at: datetime | None, now: datetime) -> str:
    """As `relative`, in whole minutes: a panel that changed each second would be sent each time."""
    return "just now" if at is not None and abs(at - now) < timedelta(minutes=1) else relative(at, now)


@register.filter
def initials(name: str) -> str:
    parts = [part for part in str(name).split() if part]
    return "".join(part[0] for part in parts[:1] + parts[1:][-1:]).upper() or "?"


@register.filter
def share(value: float | Decimal | None) -> str:
    """0.9987 → 99.87 %."""
    return "not known" if value is None else percent(float(value))


@register.filter
def other_than(slug: str, name: str) -> str:
    """A short name where it says more than the name beside it: nothing for Orders, orders."""
    return "" if slugify(name) == slug else slug


@register.filter
def thousands(value: object) -> str:
    """12500 → 12,500; a fraction of zero is left out."""
    whole = f"{value:,}" if isinstance(value, int | Decimal) else str(value)
    return whole.removesuffix(".00")
