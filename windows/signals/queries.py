"""Nouns that read: log lines, traces that failed, one trace. What was told under a confidential window shows to its own only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q

from windows.access.roles import Actor
from windows.errors import NotFound
from windows.scheduling.models import Window
from windows.scheduling.queries.conflicts import hidden_from
from windows.signals.models import StoredLine, StoredSpan
from windows.signals.records import ERROR

LINES, TRACES, SPANS = 100, 30, 400  # shown at most
COLUMNS = (
    *("span_id", "parent_id", "trace_id", "service", "environment", "window", "name", "kind", "outcome", "message"),
    *("begins_at", "ends_at", "tags", "attributes", "events", "dropped"),
)


@dataclass(frozen=True, slots=True)
class SpanView:
    key: str
    parent: str
    trace_id: str
    service: str
    environment: str
    window: str
    name: str
    kind: str
    outcome: str
    message: str
    begins_at: datetime
    ends_at: datetime
    tags: dict[str, str]
    attributes: dict[str, Any]
    events: list[dict[str, Any]]
    dropped: int

    @property
    def is_failure(self) -> bool:
        return self.outcome == "error"

    @property
    def lasts(self) -> timedelta:
        return self.ends_at - self.begins_at


@dataclass(frozen=True, slots=True)
class LineView:
    at: datetime
    level: str
    severity: int
    service: str
    window: str
    text: str
    trace_id: str
    tags: dict[str, str]
    attributes: dict[str, Any]

    @property
    def is_failure(self) -> bool:
        return self.severity >= ERROR


@dataclass(frozen=True, slots=True)
class TraceView:
    """One trace in a list: its beginning, and of its failures the innermost in one sentence."""

    trace_id: str
    name: str
    services: tuple[str, ...]
    window: str
    begins_at: datetime
    lasts: timedelta
    spans: int
    failures: int
    said: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What carries this window's tag, and what its services (or these alone) sent without a tag in this time."""

    window: str
    services: Sequence[str]
    since: datetime
    until: datetime
    only_services: bool = False  # of what carries the tag, too

    def condition(self, at: str) -> Q:
        near = Q(service__in=self.services, **{f"{at}__gte": self.since, f"{at}__lte": self.until})
        if not self.window:
            return near
        tagged = Q(window=self.window, service__in=self.services) if self.only_services else Q(window=self.window)
        return tagged | (near & Q(window=""))


def lines(viewer: Actor, wanted: Wanted) -> list[LineView]:
    """The newest log lines, failures before the rest; two queries, two more under a confidential window."""
    columns = tuple(LineView.__dataclass_fields__)
    rows = StoredLine.objects.filter(wanted.condition("at")).order_by("-at", "-id")
    failed = list(rows.filter(severity__gte=ERROR).values_list(*columns)[:LINES])
    others = list(rows.filter(severity__lt=ERROR).values_list(*columns)[: LINES - len(failed)]) if len(failed) < LINES else []
    return visible(viewer, sorted((LineView(*row) for row in (*failed, *others)), key=lambda one: one.at, reverse=True))


def traces(viewer: Actor, wanted: Wanted) -> list[TraceView]:
    """The newest traces in which something failed, then the newest others. Three queries at most, two more for a confidential window."""
    rows = StoredSpan.objects.filter(wanted.condition("begins_at"))
    failed = newest(rows.filter(outcome="error").order_by("-begins_at").values_list("trace_id", flat=True)[: TRACES * 8])
    other = rows.filter(parent_id="").exclude(trace_id__in=failed).order_by("-begins_at")
    ids = [*failed, *newest(other.values_list("trace_id", flat=True)[:TRACES])][:TRACES] if len(failed) < TRACES else failed
    spans: dict[str, list[SpanView]] = {}
    for one in visible(viewer, of_traces(ids, TRACES * 100)):
        spans.setdefault(one.trace_id, []).append(one)
    return [told(spans[one]) for one in ids if one in spans]


def newest(ids: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(ids))[:TRACES]


def of_traces(ids: Sequence[str], most: int) -> list[SpanView]:
    rows = StoredSpan.objects.filter(trace_id__in=ids).order_by("begins_at", "id") if ids else StoredSpan.objects.none()
    return [SpanView(*row) for row in rows.values_list(*COLUMNS)[:most]]


def told(spans: Sequence[SpanView]) -> TraceView:
    here = {one.key for one in spans}
    top = next((one for one in spans if one.parent not in here), spans[0])
    wrong = [one for one in spans if one.is_failure]
    inner = next((one for one in reversed(wrong) if one.message), wrong[-1] if wrong else None)
    return TraceView(
        trace_id=top.trace_id, name=top.name, services=tuple(dict.fromkeys(one.service for one in spans)),
        window=next((one.window for one in spans if one.window), ""), begins_at=spans[0].begins_at,
        lasts=max(one.ends_at for one in spans) - spans[0].begins_at, spans=len(spans), failures=len(wrong),
        said=(inner.message or inner.name) if inner else "",
    )  # fmt: skip


def trace(viewer: Actor, trace_id: str) -> tuple[list[SpanView], list[LineView]]:
    """The spans of one trace by their beginning, and its log lines; NotFound where there is none for these eyes."""
    spans = visible(viewer, of_traces([trace_id], SPANS))
    if not spans:
        raise NotFound("There is no such trace: it was never sent, or it is kept no more.")
    rows = StoredLine.objects.filter(trace_id=trace_id).exclude(trace_id="").order_by("at", "id")
    return spans, visible(viewer, [LineView(*row) for row in rows.values_list(*LineView.__dataclass_fields__)[:LINES]])


@dataclass(frozen=True, slots=True)
class Carried:
    """How many log lines, or spans, of a service there are in a time, and how many of them carry a window's tag."""

    service: str
    what: str
    tagged: int
    sent: int


def carried(window: str, places: Iterable[tuple[str, str]], since: datetime, until: datetime) -> list[Carried]:
    """Of each of these (service, environment) that sent anything in this time; what does not name its environment could be any. What
    carries another window's tag says nothing here. Two statements."""
    wanted = Q(pk__in=[])
    for service, environment in places:
        wanted |= Q(service=service, environment__in=("", environment))
    found = []
    for rows, at, what in ((StoredLine.objects, "at", "log lines"), (StoredSpan.objects, "begins_at", "spans")):
        here = rows.filter(wanted, window__in=("", window), **{f"{at}__gte": since, f"{at}__lt": until}).order_by("service")
        counted = here.values("service").annotate(tagged=Count("pk", filter=Q(window=window)), sent=Count("pk"))
        found += [Carried(row["service"], what, row["tagged"], row["sent"]) for row in counted]
    return found


def traced(services: Iterable[str], since: datetime, until: datetime) -> dict[str, int]:
    """Spans that did not fail in this time, by service: whoever tells only of failures is not missed when nothing fails. One statement."""
    rows = StoredSpan.objects.filter(service__in=services, begins_at__gte=since, begins_at__lt=until).exclude(outcome="error")
    return dict(rows.order_by("service").values_list("service").annotate(sent=Count("pk")))


def visible(viewer: Actor, rows: Sequence[Any]) -> list[Any]:
    """Without what was told under a window that these eyes may not know of."""
    ids = {int(one.window.removeprefix("MW-")) for one in rows if one.window}
    secret = set(Window.objects.filter(pk__in=ids, confidential=True).values_list("pk", flat=True)) if ids else set()
    hidden = {f"MW-{pk}" for pk in hidden_from(viewer, secret)}
    return [one for one in rows if one.window not in hidden]
