"""The run page: the plan as a track, the current step, the clocks, the hands; and its panel, which a browser asks for every two seconds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.template.loader import render_to_string

from windows.access.pages import reads
from windows.access.paging import cursor_of, page
from windows.access.requests import actor_of
from windows.audit.queries import trail
from windows.execution.models import GateReading
from windows.execution.queries.rows import run_rows
from windows.execution.queries.views import RunView, StepView, run_view
from windows.execution.states import Phase, RunStatus, StepStatus
from windows.execution.views.words import QUESTIONS
from windows.flags.queries import convergence
from windows.scheduling.queries import ScopeView, WindowView, window_view

PAGE = 50
DECISIONS = 100  # what changed the course of a run: its own entries, not those of its steps
WIDTH = 288  # of the clock bar, in its own units
MARKS = {
    StepStatus.SUCCEEDED: ("done", "completed"),
    StepStatus.STARTED: ("now-doing", "running"),
    StepStatus.WAITING: ("now-doing", "clock"),
    StepStatus.AWAITING_PERSON: ("asks", "person"),
    StepStatus.FAILED: ("wrong", "close"),
    StepStatus.IN_DOUBT: ("wrong", "warn"),
    StepStatus.COMPENSATION_FAILED: ("wrong", "warn"),
    StepStatus.COMPENSATING: ("now-undoing", "rolledback"),
    StepStatus.COMPENSATED: ("undone", "rolledback"),
    StepStatus.SKIPPED: ("skipped", "skip"),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """One row of the track."""

    step: StepView
    look: str
    icon: str  # empty: its number
    took: timedelta | None


@dataclass(frozen=True, slots=True)
class Gate:
    name: str
    newest: GateReading
    past: tuple[str, ...]  # classes of the last verdicts, oldest first


@dataclass(frozen=True, slots=True)
class Bar:
    """The clock bar from begin to end in WIDTH units: spent, forecast, kept for rolling back."""

    spent: int
    forecast: int
    reserve_at: int
    reserve: int


def marks(run: RunView) -> list[Mark]:
    found = []
    for step in run.steps:
        look, icon = MARKS.get(StepStatus(step.status), ("todo", ""))
        so_far = run.now if step.is_current else None
        took = (step.ended_at or so_far or run.now) - step.intended_at if step.intended_at and (step.ended_at or so_far) else None
        found.append(Mark(step, look, icon, took if step.ended_at else coarse(took)))
    return found


def gates(run: RunView) -> list[Gate]:
    """Watch gates by their own name, the gate of a step by the step's."""
    steps = {step.position: step.name for step in run.steps}
    by_name: dict[str, list[GateReading]] = {}
    for reading in run.readings:  # newest first
        name = reading.gate if reading.position is None else f"{reading.position} · {steps.get(reading.position, reading.gate)}"
        by_name.setdefault(name, []).append(reading)
    looks = {"pass": "passed", "fail": "broke", "inconclusive": "unsure"}
    return [Gate(name, rows[0], tuple(looks[row.verdict] for row in reversed(rows[:12]))) for name, rows in by_name.items()]


def bar(run: RunView) -> Bar:
    begin = run.started_at or run.created_at
    whole = max((run.window_ends_at - begin).total_seconds(), 1.0)

    def at(moment: datetime) -> int:
        return max(0, min(WIDTH, round((moment - begin).total_seconds() / whole * WIDTH)))

    spent, back = at(run.ended_at or run.now), at(run.turn_back_at or run.window_ends_at)
    ends = at(run.forecast_end) if run.forecast_end else spent
    return Bar(spent, max(ends - spent, 0), back, WIDTH - back)


def nodes(scope: Iterable[ScopeView]) -> list[Any]:
    """Who holds the flags of each service this run touches; at most four, or the page would be about nothing else."""
    places = list(dict.fromkeys((row.service, row.environment) for row in scope))[:4]
    return [found for found in (convergence(*place) for place in places) if found.nodes]


def coarse(left: timedelta | None) -> timedelta | None:
    """Whole minutes, and steps of five seconds in the last two: a picture that changes each second is never the one before."""
    if left is None:
        return None
    step = 5 if abs(left) < timedelta(minutes=2) else 60
    return timedelta(seconds=int(left.total_seconds() // step) * step)


def elapsed(run: RunView) -> timedelta | None:
    if run.started_at is None:
        return None
    return run.ended_at - run.started_at if run.ended_at else coarse(run.now - run.started_at)


def picture(run: RunView, window: WindowView) -> dict[str, Any]:
    """Everything the panel shows."""
    track = marks(run)
    return {
        "run": run,
        "window": window,
        "steps": [mark for mark in track if mark.step.phase == Phase.STEP],
        "validation": [mark for mark in track if mark.step.phase == Phase.VALIDATION],
        "gates": gates(run),
        "bar": bar(run),
        "nodes": nodes(window.scope),
        "something_failed": any(mark.look == "wrong" for mark in track),
        "left": coarse((run.turn_back_at or run.window_ends_at) - run.now),
        "elapsed": elapsed(run),
        "is_late": run.is_live and run.now > (run.turn_back_at or run.window_ends_at),
        "logs": run.logs[-40:],
        "undone": sum(step.status == StepStatus.COMPENSATED for step in run.steps),
        "is_undoing": run.status in (RunStatus.ROLLING_BACK, RunStatus.ROLLED_BACK, RunStatus.STUCK),
        "decisions": trail(window=run.window, run_id=run.id, prefix="run.", newest_first=True, limit=DECISIONS),
        "failed_checks": [check for check in run.checks if check.verdict != "pass"],
        "asks": [mark.step for mark in track if mark.step.prompt and mark.step.is_current],
        "undoing": sum(
            step.has_undo and step.attempt > 0 and step.status not in (StepStatus.PENDING, StepStatus.COMPENSATED) for step in run.steps
        ),
        "undoes": [
            step for step in reversed(run.steps) if step.has_undo and step.status not in (StepStatus.PENDING, StepStatus.COMPENSATED)
        ],
        "held_for": coarse(run.hold_until - run.now) if run.hold_until and run.status == RunStatus.HELD else None,
    }


def panel_of(request: HttpRequest, run: RunView) -> tuple[str, str]:
    """The panel's inside as HTML, and its ETag. Drawn without the frame of a page, whose queries it would pay for every two seconds."""
    window = window_view(run.window_id, actor_of(request))
    zone = getattr(request.user, "timezone", "UTC")
    inside = render_to_string("execution/_panel.html", {**picture(run, window), "zone": zone})
    return inside, hashlib.sha256(inside.encode()).hexdigest()[:24]


@reads
def run_page(request: HttpRequest, run_id: int) -> HttpResponse:
    run = run_view(run_id, actor_of(request))
    inside, etag = panel_of(request, run)
    sheets = [{"name": name, **QUESTIONS[name]} for name in ("hold", "roll-back", "resume")] if run.is_live else []
    window = window_view(run.window_id, actor_of(request))
    context = {"run": run, "window": window, "inside": inside, "etag": etag, "sheets_of": sheets}
    return render(request, "execution/run.html", context)


@reads
def run_panel(request: HttpRequest, run_id: int) -> HttpResponse:
    """304 while nothing that can be seen has changed."""
    run = run_view(run_id, actor_of(request))
    inside, etag = panel_of(request, run)
    quoted = f'"{etag}"'
    if request.headers.get("If-None-Match") == quoted:
        unchanged = HttpResponseNotModified()
        unchanged["ETag"] = quoted
        return unchanged
    response = HttpResponse(render_to_string("execution/_live.html", {"run": run, "inside": inside, "etag": etag}))
    response["ETag"] = quoted
    return response


@reads
def run_list(request: HttpRequest) -> HttpResponse:
    before = cursor_of(request.GET, int)
    shown = page(run_rows(actor_of(request), limit=PAGE, before=before[0] if before else None), PAGE, "id")
    return render(request, "execution/runs.html", {"rows": shown["items"], "more": shown["next_cursor"]})
