"""The live strip: whatever is running, on every page, worst first. A rehearsal is no maintenance and does not stand here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from portal.templatetags.signs import lasting
from windows.access.roles import Actor
from windows.delivery.consuming import deserted
from windows.execution.models import LIVE
from windows.execution.queries.rows import run_rows
from windows.execution.states import RunStatus

MOST = 5


@dataclass(frozen=True, slots=True)
class Segment:
    window: str
    title: str
    where: str
    clock: str
    href: str
    icon: str
    go: str
    alarm: bool


def strip_of(request: HttpRequest, viewer: Actor) -> list[Segment]:
    """The strip as this request shows it: asked once, however many parts of a page want it."""
    found: list[Segment] | None = getattr(request, "live_strip", None)
    if found is None:
        found = request.live_strip = strip(viewer)  # type: ignore[attr-defined]
    return found


def strip(viewer: Actor) -> list[Segment]:
    """Red when held, stuck or past its turn-back time. One query, and one for the clock and the workers where anything runs."""
    rows = run_rows(viewer, limit=MOST, statuses=LIVE, rehearsals=False)
    if not rows:
        return []
    now, alone = deserted()
    away = [without_workers(alone)] if alone else []
    segments = [segment(row, now) for row in rows[:MOST]]
    return [*away, *sorted(segments, key=lambda one: not one.alarm)]


def without_workers(queues: list[str]) -> Segment:
    """What is due is late, not lost; who waits for it should know why."""
    told = f"nobody takes what is due: {', '.join(queues)}"
    return Segment("Workers", "do not answer", told, "late, not lost", reverse("on-call"), "warn", "Look", True)


def rough(left: timedelta) -> str:
    """Whole minutes, or seconds in steps of five: a strip that changed each second would be sent each time."""
    step = 5 if abs(left) < timedelta(minutes=2) else 60
    return lasting(left // timedelta(seconds=step) * step)


def segment(row: dict[str, Any], now: Any) -> Segment:
    status, back = row["status"], row["turn_back_at"] or row["window_ends_at"]
    late = now > back and status not in (RunStatus.ROLLING_BACK, RunStatus.PREFLIGHT)
    at = min(row["done"] + 1, max(row["total"], 1))
    step = f"step {at} of {row['total']}"
    said: dict[str, tuple[str, str, str]] = {
        RunStatus.PREFLIGHT: ("preflight", "checks run", "clock"),
        RunStatus.HELD: (f"held at {step}", f"needs a decision, turn back in {rough(back - now)}", "held"),
        RunStatus.STUCK: ("its rollback failed", "needs you", "failed"),
        RunStatus.ROLLING_BACK: ("rolling back", f"the window ends in {rough(row['window_ends_at'] - now)}", "rolledback"),
        RunStatus.VALIDATING: ("validating", f"turn back in {rough(back - now)}", "validating"),
        RunStatus.RUNNING: (step, f"turn back in {rough(back - now)}", "running"),
    }  # fmt: skip
    where, told, icon = said.get(status, (status, "", "running"))
    if late:
        told = f"turn-back time passed {rough(now - back)} ago"
    alarm = late or status in (RunStatus.HELD, RunStatus.STUCK)
    go = "Decide" if alarm else "Open the run"
    return Segment(row["window"], row["title"], where, told, reverse("run", args=[row["id"]]), icon, go, alarm)
