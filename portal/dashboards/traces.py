"""One trace as a waterfall, the same as a table, and its log lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.dashboards.views import BOARDS
from windows.access.pages import reads
from windows.access.requests import actor_of
from windows.signals.queries import SpanView, trace
from windows.signals.waterfall import SCALE, Place, waterfall

TICKS = 4


@dataclass(frozen=True, slots=True)
class Row:
    """A span and where its bar is; `facts` are what is known of it beside, as (name, text), `said` what went wrong and what it told."""

    span: SpanView
    place: Place
    facts: list[tuple[str, str]]
    said: list[str]


@reads
def trace_page(request: HttpRequest, trace_id: str) -> HttpResponse:
    """One trace as a waterfall, the same as a table, and its log lines."""
    spans, told = trace(actor_of(request), trace_id[:32])
    rows = [Row(spans[place.span], place, facts_of(spans[place.span]), said_by(spans[place.span])) for place in waterfall(spans)]
    begin, whole = spans[0].begins_at, max(one.ends_at for one in spans) - spans[0].begins_at
    context = {
        "rows": rows,
        "lines": told,
        "trace_id": spans[0].trace_id,
        "begin": begin,
        "whole": whole,
        "failures": sum(one.is_failure for one in spans),
        "services": list(dict.fromkeys(one.service for one in spans)),
        "window": next((one.window for one in spans if one.window), ""),
        "ticks": [(SCALE * n // TICKS, whole * n / TICKS) for n in range(TICKS + 1)],
        "boards": BOARDS,
        "elsewhere": settings.TRACES_URL.replace("{trace_id}", spans[0].trace_id),
    }
    return render(request, "dashboards/trace.html", context)


def facts_of(span: SpanView) -> list[tuple[str, str]]:
    told: dict[str, Any] = {**{f"maintenance.{name}": value for name, value in span.tags.items()}, **span.attributes}
    return [(name, value if isinstance(value, str) else str(value)) for name, value in sorted(told.items())]


def said_by(span: SpanView) -> list[str]:
    """Its status and its events, an exception by its type and message; what one of them says already is not said twice."""
    events = list(dict.fromkeys(worded(event.get("name", ""), event.get("attributes") or {}) for event in span.events))
    return events if any(span.message in one for one in events) else [*([span.message] if span.message else []), *events]


def worded(name: str, facts: dict[str, Any]) -> str:
    said = [str(facts[part]) for part in ("exception.type", "exception.message") if facts.get(part)]
    return ": ".join(said) if said else name
