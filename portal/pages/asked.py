"""What a calendar's address asks for, and the addresses that ask for something else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, QueryDict
from django.utils.http import urlencode

from windows.access.pages import chosen_environment
from windows.lifecycle.states import ChangeType, WindowStatus
from windows.scheduling.axis import MAKERS, Axis, axis
from windows.scheduling.queries.board import BY, Lanes
from windows.scheduling.queries.calendar import CalendarFilter

VIEWS = ("lanes", "month", "agenda")
STATES = tuple(status.value for status in WindowStatus)
TYPES = tuple(kind.value for kind in ChangeType)
TEXTS = ("team", "service", "environment")
LONGEST = 63  # of a slug


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Every part of the address; what nobody asked for has its default, and what cannot be is dropped."""

    view: str = "lanes"
    by: str = "service"
    zoom: str = "week"
    on: date
    team: str = ""
    service: str = ""
    environment: str = ""
    state: tuple[str, ...] = ()
    change_type: tuple[str, ...] = ()
    busy: bool = False
    after: str = ""
    within: str = ""  # the environment the whole frame is narrowed to; one asked for here goes first
    today: date

    def query(self, **changes: Any) -> str:
        """`?zoom=day&…` with these parts changed; whatever turns the page begins with the first lanes again.
        Never empty: without any part, the calendar opens the view that somebody likes best."""
        wanted = replace(self, **({"after": ""} | changes))
        pairs: list[tuple[str, str]] = []
        for name, usual in (("view", "lanes"), ("by", "service"), ("zoom", "week")):
            if getattr(wanted, name) != usual:
                pairs.append((name, getattr(wanted, name)))
        if wanted.on != wanted.today:
            pairs.append(("on", wanted.on.isoformat()))
        pairs += [(name, getattr(wanted, name)) for name in (*TEXTS, "after") if getattr(wanted, name)]
        pairs += [(name, value) for name in ("state", "change_type") for value in getattr(wanted, name)]
        if wanted.busy:
            pairs.append(("busy", "1"))
        return f"?{urlencode(pairs or [('view', wanted.view)])}"

    def place(self) -> list[tuple[str, str]]:
        """What a filter chosen anew keeps: where one is, not what one sees."""
        usual = {"view": "lanes", "by": "service", "zoom": "week", "on": self.today.isoformat()}
        return [(name, str(getattr(self, name))) for name, value in usual.items() if str(getattr(self, name)) != value]

    def axis(self, zone: ZoneInfo) -> Axis:
        return axis("month" if self.view == "month" else self.zoom, self.on, zone)

    def filter(self, since: datetime, until: datetime, **more: Any) -> CalendarFilter:
        """In lanes by service or team the team narrows the lanes, not the windows: whoever plans there is seen there."""
        lanes = self.view == "lanes" and self.by in ("service", "team")
        return CalendarFilter(
            since=since,
            until=until,
            team=None if lanes else self.team or None,
            service=self.service or None,
            environment=self.environment or self.within or None,
            status=self.state,
            change_type=self.change_type,
            **more,
        )

    def lanes(self) -> Lanes:
        return Lanes(by=self.by, after=self.after, teams=frozenset({self.team} if self.team else ()), busy=self.busy)


def asked(request: HttpRequest, today: date) -> Asked:
    return asked_in(request.GET, today, chosen_environment(request))


def asked_in(sent: QueryDict, today: date, within: str = "") -> Asked:
    def one(name: str, known: Iterable[str], usual: str) -> str:
        value = sent.get(name, "")
        return value if value in known else usual

    try:
        on = date.fromisoformat(sent.get("on", ""))
    except ValueError:
        on = today
    texts = {name: sent.get(name, "").strip().replace("\0", "")[:LONGEST] for name in (*TEXTS, "after")}
    return Asked(
        view=one("view", VIEWS, "lanes"),
        by=one("by", BY, "service"),
        zoom=one("zoom", MAKERS, "week"),
        on=on,
        state=tuple(value for value in STATES if value in sent.getlist("state")),
        change_type=tuple(value for value in TYPES if value in sent.getlist("change_type")),
        busy=sent.get("busy") == "1",
        within=within,
        today=today,
        **texts,
    )
