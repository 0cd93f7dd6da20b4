"""Calendar feeds as bytes: a header, the time zones that are named, and the VEVENT blocks that were written when each window was saved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max, Min
from icalendar import Calendar

from windows.access.roles import Actor
from windows.scheduling import vevent, vseries
from windows.scheduling.commands.transitions import facts_of
from windows.scheduling.models import Feed, Series, Window
from windows.scheduling.queries.feeds import PLAIN, FeedVariant, in_feed
from windows.scheduling.queries.windows import window_view

CONTENT_TYPE = "text/calendar; charset=utf-8"
END = b"END:VCALENDAR\r\n"
COLOUR = "orange"  # a CSS3 name, as RFC 7986 asks for


def feed(row: Feed, viewer: Actor, now: datetime, variant: FeedVariant = PLAIN) -> bytes:
    """The whole feed for these eyes. Ask `queries.feed_version` first: an unchanged feed is not read at all."""
    rows = in_feed(row, viewer, now).order_by("starts_at", "id")
    found = list(rows.values_list("vevent", "id", "status", "series_id"))  # no moments: reading them costs more than all the rest
    blocks = {window_id: bytes(block) for block, window_id, *_ in found}
    called_off = [pk for _, pk, status, _ in found if status in vevent.CALLED_OFF] if variant.keep_cancelled else []
    blocks |= rewritten(list(blocks) if variant.account else called_off, variant)
    of = row.person.name if row.kind == "person" else row.target  # a person's target is a number
    name = f"Roadworks: {row.kind} {of}" if of else f"Roadworks: {row.kind}"
    spans = in_feed(row, viewer, now).order_by().values("timezone").annotate(begins=Min("starts_at"), ends=Max("ends_at"))
    periods = list(spans.values_list("timezone", "begins", "ends"))
    series = masters([pk for _, pk, _, series_id in found if series_id is not None])
    told: Iterable[bytes] = blocks.values()
    if variant.alarm:
        told = vseries.alarmed(told, variant.alarm)
    return b"".join([header(name), *zones([*periods, *series.periods]), *series.blocks, *told, END])


def rewritten(window_ids: list[int], variant: FeedVariant) -> dict[int, bytes]:
    """The blocks of these windows as a variant wants them; written anew, which costs."""
    rows = Window.objects.filter(pk__in=window_ids).select_related("team", "coordinator", "series").prefetch_related("scopes__service")
    return {window.pk: vevent.block(facts_of(window), keep_cancelled=variant.keep_cancelled, account=variant.account) for window in rows}


@dataclass(frozen=True, slots=True)
class Masters:
    """The events that stand for whole series, and the zones and years they speak of."""

    blocks: list[bytes]
    periods: list[tuple[str, datetime, datetime]]


def masters(window_ids: list[int]) -> Masters:
    """One for each series that has one of these windows."""
    if not window_ids:
        return Masters([], [])
    rows = Window.objects.filter(pk__in=window_ids).values_list("series_id", "recurrence_id", "sequence", "updated_at")
    by_series: dict[int, list[tuple[datetime, int, datetime]]] = {}
    for series_id, name, sequence, updated_at in rows:
        by_series.setdefault(series_id, []).append((datetime.fromisoformat(name), sequence, updated_at))
    told = Masters([], [])
    for series in Series.objects.filter(pk__in=by_series).order_by("id"):
        walls, sequences, moments = zip(*by_series[series.pk], strict=True)
        facts = vseries.SeriesFacts(
            home=settings.PORTAL_URL,
            uid=str(series.uid),
            title=series.said["title"],
            zone=series.timezone,
            rrule=series.rrule,
            lasts=series.lasts,
            walls=walls,
            sequence=max(sequences) + series.version,
            updated_at=max(moments),
            confidential=series.said["confidential"],
        )
        told.blocks.append(vseries.master(facts))
        told.periods.append((series.timezone, min(walls), max(walls)))
    return told


def single(window_id: int, viewer: Actor, account: str = "") -> bytes:
    """One window as a file for mail: METHOD and ORGANIZER say who publishes it. NotFound where it is not for these eyes."""
    view = window_view(window_id, viewer)
    window = Window.objects.select_related("team", "coordinator", "series").get(pk=window_id)
    facts = replace(facts_of(window), series_uid="", recurrence_id="")  # alone it is no part of anything
    begins = header(view.reference).replace(b"CALSCALE:GREGORIAN\r\n", b"CALSCALE:GREGORIAN\r\nMETHOD:PUBLISH\r\n")
    zone = zones([(view.timezone, view.starts_at, view.ends_at)])
    return b"".join([begins, *zone, vevent.block(facts, account=account), END])


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
