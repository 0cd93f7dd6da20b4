"""The run page and its panel, which a browser asks for every two seconds; the list of runs."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string

from windows.access.pages import reads
from windows.access.paging import cursor_of, page
from windows.access.requests import actor_of
from windows.alerts.queries import firing
from windows.audit.queries import trail
from windows.execution.queries.rows import run_rows
from windows.execution.queries.views import RunView, run_view
from windows.execution.states import Phase, RunStatus, StepStatus
from windows.execution.views import hands, picture
from windows.playbooks.queries import guides_for
from windows.scheduling.queries import WindowView, window_view

PAGE, LINES = 50, 60
DECISIONS = 100  # what changed the course of a run: its own entries, not those of its steps


def shown(run: RunView, window: WindowView) -> dict[str, Any]:
    """Everything the panel draws."""
    track = picture.marks(run)
    alerts = [] if run.rehearsal else firing([run.window], limit=10)
    gates = picture.gates(run)
    asked, main, lesser = hands.asked_hands(run), hands.main_hands(run), hands.lesser_hands(run)
    return {
        "run": run,
        "window": window,
        "steps": [mark for mark in track if mark.step.phase == Phase.STEP],
        "validation": [mark for mark in track if mark.step.phase == Phase.VALIDATION],
        "proofs": [mark for mark in track if mark.step.phase == Phase.PROOF],
        "gates_first": gates.first,
        "gates_first_count": len(gates.first),
        "gates_beside": gates.beside,
        "gates_over": gates.over,
        "bar": picture.bar(run),
        "clocks": picture.clocks(run),
        "holders": picture.nodes(window.scope) if run.is_live and not run.rehearsal else [],
        "planned": run.window_ends_at - window.starts_at,
        "became": picture.became(run),
        "logs": run.logs[-LINES:],
        "undone": (undone := sum(step.undoes and step.status == StepStatus.COMPENSATED for step in run.steps)),
        "touched": undone + sum(step.to_undo and step.undoes for step in run.steps),
        "left": sum(step.stands for step in run.steps),
        "is_back": run.status in (RunStatus.ROLLING_BACK, RunStatus.ROLLED_BACK, RunStatus.STUCK),
        "decisions": trail(
            window=run.window, run_id=run.id, prefix="rehearsal." if run.rehearsal else "run.", newest_first=True, limit=DECISIONS
        ),
        "alerts": alerts,
        "guides": guides_for((alert.name, alert.service) for alert in alerts),
        "failed_checks": [check for check in run.checks if check.verdict != "pass"],
        "undoes": [step for step in reversed(run.steps) if step.to_undo and step.undoes],
        "asked": asked,
        "hands": main,
        "lesser": lesser,
        "sheet_groups": (main, lesser, asked),
    }


def fresh_token() -> str:
    """A new one for each form: templates call it."""
    return secrets.token_hex(16)


def panel_of(request: HttpRequest, run: RunView) -> tuple[str, str]:
    """The panel's inside as HTML with its sheets, and its ETag, which no form's token is part of. Drawn without the frame of a page,
    whose queries it would pay for every two seconds."""
    window = window_view(run.window_id, actor_of(request))
    context = {**shown(run, window), "zone": getattr(request.user, "timezone", "UTC")}
    inside = render_to_string("execution/_panel.html", context)
    etag = hashlib.sha256(inside.encode()).hexdigest()[:24]
    tokens = {"csrf_token": get_token(request), "form_token": fresh_token}
    sheets = render_to_string("execution/_sheets.html", {**context, **tokens})
    return render_to_string("execution/_live.html", {"run": run, "inside": inside, "sheets": sheets, "etag": etag}), etag


@reads
def run_page(request: HttpRequest, run_id: int) -> HttpResponse:
    actor = actor_of(request)
    run = run_view(run_id, actor)
    panel, _ = panel_of(request, run)
    window = window_view(run.window_id, actor)
    places = list(dict.fromkeys(f"{row.service}, {row.environment}" for row in window.scope))
    return render(request, "execution/run.html", {"run": run, "window": window, "places": places, "panel": panel})


@reads
def run_panel(request: HttpRequest, run_id: int) -> HttpResponse:
    """304 while nothing that can be seen has changed."""
    panel, etag = panel_of(request, run_view(run_id, actor_of(request)))
    quoted = f'"{etag}"'
    unchanged = request.headers.get("If-None-Match") == quoted
    response = HttpResponseNotModified() if unchanged else HttpResponse(panel)
    response["ETag"] = quoted
    return response


@reads
def run_list(request: HttpRequest) -> HttpResponse:
    before = cursor_of(request.GET, int)
    found = page(run_rows(actor_of(request), limit=PAGE, last_tries=True, before=before[0] if before else None), PAGE, "id")
    return render(request, "execution/runs.html", {"rows": found["items"], "more": found["next_cursor"]})
