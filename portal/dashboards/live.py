"""What is live now, as the on-call board shows it: step, clocks, gates, flags, what was measured under each window's tag.

A constant number of queries, however many runs are under way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, OuterRef, Subquery, Sum
from django.db.models import Window as Over
from django.db.models.functions import RowNumber
from django.urls import NoReverseMatch, reverse

from portal.strip import rough
from slo.budget import Ratio
from slo.objectives.queries import Promise, promises
from slo.telemetry.models import TaggedMinute
from windows.access.roles import Actor, Subject, Verb, permitted
from windows.execution.models import LIVE, GateReading, StepRun
from windows.execution.queries.rows import run_rows
from windows.execution.states import RunStatus, StepStatus, run_may_become
from windows.flags.queries import NodeStanding, nodes, rows, standing_of
from windows.playbooks.queries import Guide, guides_named
from windows.runbooks.queries import guides_of
from windows.scheduling.models import Window, WindowScope
from windows.scheduling.queries.windows import subject_with

MOST = 12  # runs on one screen; a thirteenth is said
GATE_READINGS = 12
CURRENT = (StepStatus.STARTED.value, StepStatus.WAITING.value, StepStatus.AWAITING_PERSON.value, StepStatus.COMPENSATING.value)


@dataclass(frozen=True, slots=True)
class Flags:
    """Which nodes of one service hold the newest flags that touch them."""

    service: str
    environment: str
    held: int
    all: int
    laggards: tuple[NodeStanding, ...]


@dataclass(frozen=True, slots=True)
class Gate:
    name: str
    newest: GateReading
    past: tuple[str, ...]  # classes of the last verdicts, oldest first


@dataclass(frozen=True, slots=True)
class Tagged:
    """What was measured under the window's tag. `target` as a share."""

    objective: str
    measured: Ratio
    target: float

    @property
    def is_bad(self) -> bool:
        """One event alone breaks no objective."""
        return self.measured.value is not None and self.measured.value < self.target and self.measured.bad > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRun:
    run_id: int
    reference: str
    title: str
    status: str
    reason: str
    mode: str
    timezone: str
    coordinator: str
    owner: str
    services: tuple[str, ...]
    done: int
    total: int
    step: str
    prompt: str
    clock: str  # in whole minutes, so that the picture changes when something does
    clock_says: str
    turn_back_at: datetime | None
    ends_at: datetime
    is_late: bool
    needs_somebody: bool
    may_hold: bool
    may_roll_back: bool
    may_resume: bool
    runbook: str
    runbook_href: str
    guides: Sequence[Guide]
    gates: Sequence[Gate]
    flags: Sequence[Flags]
    tagged: Sequence[Tagged]


def live(viewer: Actor, now: datetime) -> tuple[list[LiveRun], bool]:
    """Runs under way that this viewer may see, those that need somebody first; and whether there are more than fit."""
    found = run_rows(viewer, limit=MOST, statuses=LIVE, rehearsals=False)
    if not found:
        return [], False
    shown = found[:MOST]
    windows = {row.pk: row for row in with_people({row["window_number"] for row in shown})}
    scopes = scopes_of(windows)
    steps = steps_of(row["id"] for row in shown)
    readings = last_readings(row["id"] for row in shown)
    places = {(scope.service.slug, scope.environment) for told in scopes.values() for scope in told}
    standing = convergences(places)
    wanted = promises(services={service for service, _ in places})
    measured = tagged([f"MW-{pk}" for pk in windows], wanted, min(window.started_at or now for window in windows.values()))
    named = {row["id"]: guides_of(version) if (version := windows[row["window_number"]].runbook_version) else () for row in shown}
    titles = {one.slug: one for one in guides_named([slug for slugs in named.values() for slug in slugs])}
    runs = []
    for row in shown:
        window = windows[row["window_number"]]
        touched = scopes.get(window.pk, [])
        subject = subject_with(window, {scope.service.team.slug for scope in touched})
        here = dict.fromkeys((scope.service.slug, scope.environment) for scope in touched)
        version = window.runbook_version
        runs.append(
            LiveRun(
                **clocks(row, now),
                **hands(row["status"], viewer, subject),
                run_id=row["id"], reference=row["window"], title=row["title"], status=row["status"], reason=row["reason"], mode=window.mode,
                timezone=window.timezone, coordinator=window.coordinator.name, owner=window.owner.name,
                services=tuple(dict.fromkeys(service for service, _ in here)), done=row["done"], total=row["total"],
                step=steps[row["id"]].name if row["id"] in steps else "", prompt=steps[row["id"]].prompt if row["id"] in steps else "",
                runbook=f"{version.runbook.slug}, version {version.number}" if version else "",
                runbook_href=address("runbook", version.runbook.slug) if version else "",
                guides=[titles[slug] for slug in named[row["id"]] if slug in titles],
                gates=gates(readings.get(row["id"], [])),
                flags=[standing[place] for place in here if place in standing],
                tagged=measured.get(row["window"], []),
            )
        )  # fmt: skip
    return sorted(runs, key=lambda run: not run.needs_somebody), len(found) > MOST


def clocks(row: Mapping[str, datetime | str | None], now: datetime) -> dict[str, Any]:
    """The one clock that counts now, in words."""
    status, ends, back = row["status"], row["window_ends_at"], row["turn_back_at"] or row["window_ends_at"]
    assert isinstance(ends, datetime) and isinstance(back, datetime)
    undoing = status == RunStatus.ROLLING_BACK
    is_late = now > back and not undoing and status != RunStatus.PREFLIGHT
    until = ends if undoing else back
    says = "until the window ends" if undoing else "until turn back"
    if now > until:
        says = "after the window's end" if undoing else "after turn-back time"
    return {
        "clock": rough(abs(until - now)),
        "clock_says": says,
        "turn_back_at": row["turn_back_at"],
        "ends_at": ends,
        "is_late": is_late,
        "needs_somebody": is_late or status in (RunStatus.HELD, RunStatus.STUCK),
    }


def hands(status: str, viewer: Actor, subject: Subject) -> dict[str, Any]:
    """Hold, resume and roll back, where both the role table and the run's state allow it."""
    return {
        "may_hold": run_may_become(status, RunStatus.HELD) and permitted(viewer, Verb.HOLD, subject),
        "may_resume": status == RunStatus.HELD and permitted(viewer, Verb.RESUME, subject),
        "may_roll_back": run_may_become(status, RunStatus.ROLLING_BACK) and permitted(viewer, Verb.ROLL_BACK, subject),
    }


def with_people(ids: set[int]) -> Iterable[Window]:
    joins = ("team", "owner", "coordinator", "runbook_version__runbook")
    return Window.objects.filter(pk__in=ids).select_related(*joins).defer("vevent")


def scopes_of(windows: Iterable[int]) -> dict[int, list[WindowScope]]:
    found: dict[int, list[WindowScope]] = {}
    rows_ = WindowScope.objects.filter(window__in=list(windows)).select_related("service__team")
    for scope in rows_.order_by("service__slug", "environment", "region", "layer"):
        found.setdefault(scope.window_id, []).append(scope)
    return found


def steps_of(runs: Iterable[int]) -> dict[int, StepRun]:
    """The step under way of each run, else the next one."""
    found: dict[int, StepRun] = {}
    for step in StepRun.objects.filter(run__in=list(runs), status__in=[*CURRENT, StepStatus.PENDING.value]).order_by("run", "position"):
        known = found.get(step.run_id)
        if known is None or (known.status == StepStatus.PENDING and step.status in CURRENT):
            found[step.run_id] = step
    return found


def last_readings(runs: Iterable[int]) -> dict[int, list[GateReading]]:
    """The last readings of each gate of each run, newest first, each with the name of its step as `step`."""
    place = Over(RowNumber(), partition_by=[F("run"), F("gate"), F("position")], order_by=F("id").desc())
    step = Subquery(StepRun.objects.filter(run=OuterRef("run"), position=OuterRef("position")).values("name")[:1])
    rows = GateReading.objects.filter(run__in=list(runs)).annotate(place=place, step=step).filter(place__lte=GATE_READINGS)
    found: dict[int, list[GateReading]] = {}
    for reading in rows.order_by("-id"):
        found.setdefault(reading.run_id, []).append(reading)
    return found


def gates(readings: Sequence[Any]) -> list[Gate]:
    """Those that watch the whole run, and the step's that measured last: earlier ones have been passed."""
    by_name: dict[str, list[GateReading]] = {}
    newest = next((one.position for one in readings if one.position is not None), None)
    for reading in readings:
        if reading.position is None:
            by_name.setdefault(reading.gate, []).append(reading)
        elif reading.position == newest:
            by_name.setdefault(f"{newest} · {reading.step}", []).append(reading)
    looks = {"pass": "passed", "fail": "broke", "inconclusive": "unsure"}
    return [Gate(name, told[0], tuple(looks[one.verdict] for one in reversed(told))) for name, told in by_name.items()]


def convergences(places: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Flags]:
    """Of services that have nodes at all; the others are absent."""
    wanted, known = set(places), rows()
    found: dict[tuple[str, str], list[NodeStanding]] = {}
    for node in nodes():
        if (node.service, node.environment) in wanted:
            found.setdefault((node.service, node.environment), []).append(standing_of(node, known))
    return {
        place: Flags(*place, sum(node.holds for node in told), len(told), tuple(node for node in told if not node.holds))
        for place, told in found.items()
    }


def tagged(references: Sequence[str], wanted: Sequence[Promise], since: datetime) -> dict[str, list[Tagged]]:
    """By window, of objectives that were measured under its tag; those that were not are absent."""
    by_slug = {one.slug: one for one in wanted}
    minutes = TaggedMinute.objects.filter(series__in=by_slug, window__in=references, minute__gte=since - timedelta(minutes=1))
    sums = minutes.values("window", "series").annotate(good_of=Sum("good"), total_of=Sum("total")).order_by("window", "series")
    found: dict[str, list[Tagged]] = {}
    for row in sums:
        told = Tagged(row["series"], Ratio(int(row["good_of"]), int(row["total_of"])), float(by_slug[row["series"]].target))
        found.setdefault(row["window"], []).append(told)
    return found


def address(name: str, *args: object) -> str:
    """Of a page that may not be there; empty then."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
