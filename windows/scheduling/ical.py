"""Calendar feeds as bytes: a header, the time zones that are named, and the VEVENT blocks that were written when each window was saved."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from icalendar import Calendar

from windows.access.roles import Actor
from windows.scheduling import vevent
from windows.scheduling.commands.transitions import facts_of
from windows.scheduling.models import Feed, Window
from windows.scheduling.queries.feeds import in_feed
from windows.scheduling.queries.windows import window_view

CONTENT_TYPE = "text/calendar; charset=utf-8"
END = b"END:VCALENDAR\r\n"
COLOUR = "orange"  # a CSS3 name, as RFC 7986 asks for


def feed(row: Feed, viewer: Actor, now: datetime, *, keep_cancelled: bool = False) -> bytes:
    """The whole feed for these eyes. Ask `queries.feed_version` first: an unchanged feed is not read at all.

    `keep_cancelled` is the variant for clients that drop cancelled events: they stay, marked in their title.
    """
    rows = in_feed(row, viewer, now).order_by("starts_at", "id")
    found = list(rows.values_list("timezone", "starts_at", "ends_at", "vevent", "id", "status"))
    blocks = {window_id: bytes(block) for _, _, _, block, window_id, _ in found}
    if keep_cancelled:
        again = Window.objects.filter(pk__in=[pk for *_, pk, status in found if status in vevent.CALLED_OFF])
        for window in again.select_related("team", "coordinator"):
            blocks[window.pk] = vevent.block(facts_of(window), keep_cancelled=True)
    name = f"Roadworks: {row.kind} {row.target}" if row.target and row.kind != "person" else f"Roadworks: {row.kind}"
    periods = [(zone, begins, ends) for zone, begins, ends, *_ in found]
    return b"".join([header(name), *zones(periods), *blocks.values(), END])


def single(window_id: int, viewer: Actor) -> bytes:
    """One window as a calendar file; NotFound where it is not for these eyes."""
    view = window_view(window_id, viewer)
    block = Window.objects.values_list("vevent", flat=True).get(pk=window_id)
    return b"".join([header(view.reference), *zones([(view.timezone, view.starts_at, view.ends_at)]), bytes(block), END])


def header(name: str) -> bytes:
    """Everything before the first component (INTEROP §3); no METHOD, which would ask for an ORGANIZER's answers."""
    calendar = Calendar()
    calendar.add("prodid", "-//Roadworks//Planned maintenance//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("description", "Planned maintenance")
    calendar.add("x-wr-caldesc", "Planned maintenance")
    calendar.add("x-wr-timezone", "UTC")
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    calendar.add("color", COLOUR)
    return bytes(calendar.to_ical()).removesuffix(END)


def zones(periods: Iterable[tuple[str, datetime, datetime]]) -> list[bytes]:
    """A VTIMEZONE for every zone that is named, with the rules of a year before to a year after what happens in it."""
    years: dict[str, tuple[int, int]] = {}
    for zone, begins, ends in periods:
        first, last = years.get(zone, (begins.year, ends.year))
        years[zone] = (min(first, begins.year), max(last, ends.year))
    return [vevent.timezone_block(zone, first - 1, last + 1) for zone, (first, last) in sorted(years.items())]
