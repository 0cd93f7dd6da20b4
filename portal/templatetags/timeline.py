"""Bars, freezes and empty places of a timeline as HTML: one pass in Python, because a page has hundreds of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe

from portal.templatetags.signs import SIGNS, icon, period
from windows.access.roles import Actor
from windows.lifecycle.states import WindowStatus
from windows.scheduling.axis import Axis
from windows.scheduling.clock_changes import clock_changes, offset
from windows.scheduling.lanes import Bar, Clash, Lane, Spot, clashes, spot, stack
from windows.scheduling.queries.board import Board, Planned, Row, collide
from windows.scheduling.queries.external import ExternalView
from windows.scheduling.queries.freezes import FreezeView

register = template.Library()
FEW = 3  # services a vendor's bar names
WIDE = 8  # columns up to which every empty place is a link


@dataclass(frozen=True, slots=True)
class Timeline:
    """A board on its axis, as the template walks through it. `states` holds what a run says more exactly than its window."""

    board: Board
    axis: Axis
    zone: ZoneInfo
    now: datetime
    states: Mapping[int, str]
    by: str = "service"
    outside: Sequence[ExternalView] = ()
    viewer: Actor | None = None  # whose drafts may be dragged

    @property
    def vendors(self) -> Lane[ExternalView]:
        return stack(self.outside, self.axis)

    @property
    def zone_name(self) -> str:
        """Of the viewer's clock; both of its names where it changes in the time shown."""
        first, last = self.axis.since.astimezone(self.zone), (self.axis.until - timedelta(hours=1)).astimezone(self.zone)
        if first.utcoffset() != last.utcoffset():
            return f"{first.tzname()}, then {last.tzname()}"
        offset = first.strftime("%z")
        return f"{first.tzname()}, UTC{offset[:3]}:{offset[3:]}" if offset != "+0000" else str(first.tzname())

    @property
    def lanes(self) -> Iterable[tuple[Row, Lane[Planned]]]:
        return [(row, stack(row.planned, self.axis)) for row in self.board.rows]

    @property
    def frozen(self) -> Lane[FreezeView]:
        return stack(self.board.freezes, self.axis)

    @property
    def now_column(self) -> int:
        """Counted from 0; -1 where now is not seen."""
        return self.axis.slot(self.now) // 288 if self.axis.shows(self.now) else -1

    @property
    def now_slot(self) -> int:
        return self.axis.slot(self.now) % 288

    def openings(self) -> list[str]:
        """For each column the local time a request may begin at, or nothing where it is over."""
        soonest = (self.now + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
        found = []
        for column in self.axis.columns:
            late = f"{soonest.astimezone(self.zone):%Y-%m-%dT%H:%M}" if soonest < column.ends else ""
            found.append(column.wall if column.begins >= soonest else late)
        return found


@register.simple_tag
def cells(line: Timeline, row: Row, lane: Lane[Planned]) -> SafeString:
    """The `<td>`s of one lane. A bar lies in the cell where it begins and reaches over the next ones."""
    there: list[list[str]] = [[] for _ in line.axis.columns]
    for freeze in row.freezes:
        if place := spot(freeze, line.axis):
            there[place.column].append(f'<span class="fz fz-{freeze.severity} {place.classes}"></span>')
    if len(there) <= WIDE:
        for number, wall in enumerate(line.openings()):
            if wall:
                there[number].append(empty(line.by, row.head.slug, wall))
    rivals: dict[int, list[str]] = {}
    nearest: dict[int, Clash[Planned]] = {}  # to the later of two, by whom it is joined: the nearest row alone, or nobody could tell
    for clash in clashes(lane, line.axis, collide):
        how = "would collide with" if hold_nothing(clash) else "collides with"
        rivals.setdefault(clash.one.id, []).append(f"{how} {clash.other.reference}")
        rivals.setdefault(clash.other.id, []).append(f"{how} {clash.one.reference}")
        if clash.other.id not in nearest or clash.rows < nearest[clash.other.id].rows:
            nearest[clash.other.id] = clash
    for clash in nearest.values():
        more = (" after" if clash.after else "") + (" maybe" if hold_nothing(clash) else "")
        there[clash.column].append(f'<span class="clash{more} x-{clash.x} y-{clash.row} k-{max(clash.rows, 1)}"></span>')
    for bar in lane.bars:
        there[bar.spot.column].append(drawn(bar, line, rivals.get(bar.of.id, [])))
    return mark_safe("".join(f"<td>{''.join(parts)}</td>" for parts in there))  # noqa: S308 - every part is escaped where it is made


def hold_nothing(clash: Clash[Planned]) -> bool:
    """Two drafts are in nobody's way until one of them is asked for."""
    return clash.one.status == clash.other.status == WindowStatus.DRAFT


def request_here(by: str, slug: str, wall: str = "") -> str:
    return f"/windows/new?{urlencode({by: slug} | ({'starts_at': wall} if wall else {}))}"


@register.simple_tag
def request_in(line: Timeline, row: Row) -> str:
    return request_here(line.by, row.head.slug)


def empty(by: str, slug: str, wall: str) -> SafeString:
    """For the pointer; the keyboard has the link in the lane's head."""
    return format_html('<a class="free" tabindex="-1" aria-hidden="true" href="{}"></a>', request_here(by, slug, wall))


def drawn(bar: Bar[Planned], line: Timeline, rivals: list[str]) -> SafeString:
    window = bar.of
    state = line.states.get(window.id, window.status)
    colour, sign, word = SIGNS.get(state, ("draft", "info", state))
    more = [bar.spot.classes, f"r-{bar.room}"]
    more += [f"y-{bar.row}"] if bar.row else []
    more += ["flip"] if bar.side == "left" else ["in"] if bar.side == "in" else []
    more += [f"p-{elapsed(window, line.now)}"] if colour == "running" else []
    more += cuts(bar.spot)
    return format_html(
        '<a class="bar s-{} {}" href="/windows/{}"{}><i></i>{}<span><b>{}</b> {}{}<span class="vh">, {}, {}{}</span></span></a>',
        colour, " ".join(more), window.reference, handles(window, line.viewer), icon(sign),
        window.reference, titled(window, bar, line), jumps(window, line.zone),
        word.lower(), hours_of(window, line.zone), f", {' and '.join(rivals)}" if rivals else "",
    )  # fmt: skip


def titled(window: Planned, bar: Bar[Planned], line: Timeline) -> SafeString | str:
    """Before a bar on a narrow axis the title would reach over other days: there it is for those who listen, and on the card."""
    return format_html('<span class="vh">{}</span>', window.title) if bar.side == "left" and line.axis.narrow else window.title


def jumps(window: Planned, zone: ZoneInfo) -> SafeString:
    """A word on the bar where a clock changes while the window lasts, the viewer's or the window's own."""
    changes = [one for there in {zone, ZoneInfo(window.timezone)} for one in clock_changes(window.starts_at, window.ends_at, there)]
    return mark_safe(" <em>clock change</em>") if changes else mark_safe("")


def hours_of(window: Planned, zone: ZoneInfo) -> str:
    """The period on the viewer's clock, and on the window's own where that shows another hour."""
    own, here = ZoneInfo(window.timezone), period(window.starts_at, window.ends_at, zone)
    same = all(offset(at, own) == offset(at, zone) for at in (window.starts_at, window.ends_at))
    return here if same else f"{here}, there {period(window.starts_at, window.ends_at, own)}"


def handles(window: Planned, viewer: Actor | None) -> SafeString | str:
    """What a script needs to drag a bar: where the moved draft is posted, and the period and version it starts from."""
    if viewer is None or not window.may_be_moved(viewer):
        return ""
    return format_html(
        ' data-move="/windows/{}/move" data-version="{}" data-from="{}" data-until="{}" aria-keyshortcuts="m"',
        window.reference, window.version, window.starts_at.isoformat(), window.ends_at.isoformat(),
    )  # fmt: skip


def cuts(place: Spot) -> list[str]:
    return (["cut-l"] if place.cut_left else []) + (["cut-r"] if place.cut_right else [])


def elapsed(window: Planned, now: datetime) -> int:
    return max(0, min(100, int((now - window.starts_at) / (window.ends_at - window.starts_at) * 100)))


@register.simple_tag
def freeze_cells(line: Timeline) -> SafeString:
    """The row of freezes: hatches, and their names in words."""
    there: list[list[Any]] = [[] for _ in line.axis.columns]
    for bar in line.frozen.bars:
        freeze, place = bar.of, bar.spot
        there[place.column].append(
            format_html(
                '<span class="fz fz-{} {}"></span><span class="fz-name {} y-{}{}">{}{}<span class="vh">, {} freeze, {}{}</span></span>',
                freeze.severity,
                place.classes,
                f"{place.classes} r-{bar.room}",
                bar.row,
                " flip" if bar.side == "left" else "",
                icon("freeze"),
                f"{freeze.title}, {freeze.severity}",
                freeze.severity,
                period(freeze.starts_at, freeze.ends_at, line.zone),
                f", {', '.join(freeze.services)}" if freeze.services else "",
            )
        )
    return mark_safe("".join(f"<td>{''.join(parts)}</td>" for parts in there))  # noqa: S308 - every part is escaped where it is made


@register.simple_tag
def vendor_cells(line: Timeline) -> SafeString:
    """The row of other people's maintenance: what is announced, and which of our services it reaches."""
    there: list[list[Any]] = [[] for _ in line.axis.columns]
    for bar in line.vendors.bars:
        one = bar.of
        side = {"left": " flip", "in": " in"}.get(bar.side, "")
        where = f"y-{bar.row}{side}" + "".join(f" {cut}" for cut in cuts(bar.spot))
        reached = ", ".join(one.services[:FEW]) + (f" and {len(one.services) - FEW} more" if len(one.services) > FEW else "")
        there[bar.spot.column].append(format_html(
            '<span class="bar s-vendor {} r-{} {}"><i></i>{}<span><b>{}</b> {}<span class="vh">, '
            "maintenance of a provider, {}{}</span></span></span>",
            bar.spot.classes, bar.room, where, icon("vendor"), " ".join((one.provider, *one.references[:1])), one.title,
            period(one.starts_at, one.ends_at, line.zone), f", reaches {reached}" if reached else ", reaches no service of ours",
        ))  # fmt: skip
    return mark_safe("".join(f"<td>{''.join(parts)}</td>" for parts in there))  # noqa: S308 - every part is escaped where it is made


@register.filter
def words_of(text: str) -> list[str]:
    return text.split()


@register.simple_tag
def chip_bar(window: Planned, state: str, zone: str) -> SafeString:
    """A window in a cell of the month, with the hour it begins at on the reader's clock."""
    colour, sign, word = SIGNS.get(state, ("draft", "info", state))
    return format_html(
        '<a class="mini s-{}" href="/windows/{}">{}<time>{}</time> <b>{} </b>{}<span class="vh">, {}</span></a>',
        colour, window.reference, icon(sign), f"{window.starts_at.astimezone(ZoneInfo(zone)):%H:%M}", window.reference, window.title,
        word.lower(),
    )  # fmt: skip


@register.simple_tag
def pan(query: str) -> SafeString:
    """The attributes of a link that turns the calendar: a page of its own, and with scripts a swap of the panel."""
    return format_html('href="/calendar/{0}" hx-get="/calendar/panel{0}" hx-push-url="/calendar/{0}"', query)
