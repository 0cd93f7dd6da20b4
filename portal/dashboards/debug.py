"""The debug board: filters on top, every point with its evidence below. A constant number of queries, whatever is stored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils.functional import SimpleLazyObject

from portal.charts.budgets import burn, spent_over_time
from portal.charts.chart import Chart, Shade
from portal.charts.deviation import deviation
from portal.charts.runs import Stretch, error_rates, timeline
from portal.dashboards import objectives
from portal.dashboards.objectives import Ran
from portal.dashboards.panels import Panel, charted
from portal.dashboards.queues import queues
from portal.dashboards.replication import replication
from portal.dashboards.signals import signal_panels
from slo.objectives.queries import Promise, promises
from windows.access.roles import Actor
from windows.approvals.queries.budgets import LEAST
from windows.errors import Invalid
from windows.execution.queries.live import live_states
from windows.execution.queries.views import RunView, StepView, run_view, runs_of
from windows.scheduling.queries import WindowView, window_id_of, window_view
from windows.signals.queries import Wanted

CHARTS = ("error-rates", "run-timeline", "error-budget", "burn-rate", "deviation")
NAMES = (*CHARTS, "step-logs", "traces", "logs", "queues", "replication")
DAYS = 28
MOST = 6  # lines in one chart
CHOICES, COMPARED = 60, 12  # windows to choose from; windows whose deviation is drawn
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """As in the address: MW-1042 or "", a service's slug or "". `environment` is what the frame is narrowed to."""

    window: str = ""
    service: str = ""
    environment: str = ""

    def fits(self, environment: str) -> bool:
        return self.environment in ("", environment)


@dataclass(frozen=True, slots=True)
class Choices:
    """What the filters offer, and what is chosen."""

    windows: list[Ran]
    services: list[str]
    window: str
    service: str


def debug(viewer: Actor, now: datetime, asked: Asked) -> tuple[Choices, list[Panel]]:
    """Invalid names a service without objectives, NotFound a window that is not there for these eyes."""
    known = promises()
    if asked.service and asked.service not in {one.service for one in known}:
        raise Invalid("There is no objective for this service.", field="service")
    past = objectives.ran(viewer, now - timedelta(days=DAYS), now)
    recent = [one for one in past if any(asked.fits(place.split(" ")[1]) for place in one.places)]
    chosen = window_view(window_id_of(asked.window), viewer) if asked.window else None
    if chosen is None and recent and not asked.service:
        told = objectives.measured([one for one in recent if any(one.touches(promise) for promise in known)][-COMPARED:], known)
        chosen = window_view(window_id_of((told or recent)[-1].reference), viewer)
    wanted = narrowed(known, asked, chosen)
    touching = [one for one in recent if any(one.touches(promise) for promise in wanted)]
    shades = objectives.shades(recent, wanted)
    since, until = around(chosen, now)
    drawn, logs = of_run(viewer, chosen, now)
    # The broker and the replicas are asked only where their panel is shown: a chart alone does not wait for them.
    panels = [
        charted(error_rates_of(wanted, since, until, shades), "wide"),
        *drawn,
        *signal_panels(viewer, signals_of(asked, chosen, wanted, (since, until))),
        *logs,
        Panel(name="queues", title="Queues", template="dashboards/_queues.html", told={"queues": SimpleLazyObject(queues)}),
        charted(spent_over_time(*objectives.spending(wanted, now), shades, LEAST), "half"),
        charted(burn(*objectives.burning(wanted, now), shades), "half"),
        charted(deviation(objectives.strayed(wanted, touching[-COMPARED:])), "wide"),
        Panel(
            name="replication",
            title="Replication",
            template="dashboards/_replication.html",
            told={"replication": SimpleLazyObject(replication)},
        ),
    ]
    services = sorted({one.service for one in known})
    states = {f"MW-{pk}": state for pk, state in live_states().items()}
    windows = [replace(one, status=states.get(one.reference, one.status)) for one in recent[::-1][:CHOICES]]
    return Choices(windows, services, chosen.reference if chosen else "", asked.service), panels


def narrowed(known: list[Promise], asked: Asked, chosen: WindowView | None) -> list[Promise]:
    """The objectives of the service asked for, else of what the window touches, else of the first service there is."""
    if asked.service:
        return [one for one in known if one.service == asked.service and asked.fits(one.environment)][:MOST]
    if chosen is not None:
        places = {(row.service, row.environment) for row in chosen.scope}
        return [one for one in known if (one.service, one.environment) in places][:MOST]
    here = [one for one in known if asked.fits(one.environment)]
    return [one for one in here if one.service == here[0].service][:MOST] if here else []


def around(chosen: WindowView | None, now: datetime) -> tuple[datetime, datetime]:
    """An hour before the window to an hour after it; without one the last three hours."""
    if chosen is None or chosen.started_at is None:
        return now - 3 * HOUR, now
    return chosen.started_at - HOUR, min(now, (chosen.ended_at or now) + HOUR)


def signals_of(asked: Asked, chosen: WindowView | None, wanted: list[Promise], span: tuple[datetime, datetime]) -> Wanted:
    """Whose logs and traces: the window's by its tag, and those of the services in it, or of the service asked for."""
    scope = () if asked.service or chosen is None else (row.service for row in chosen.scope)
    services = list(dict.fromkeys([asked.service] if asked.service else [*scope, *(one.service for one in wanted)]))
    until = span[1] + timedelta(minutes=1)  # clocks of senders differ
    return Wanted(chosen.reference if chosen else "", services, span[0], until, bool(asked.service))


def error_rates_of(wanted: list[Promise], since: datetime, until: datetime, shades: list[Shade]) -> Chart:
    at, told, minutes = objectives.error_rates(wanted, since, until)
    return error_rates(at, told, shades, minutes)


def of_run(viewer: Actor, chosen: WindowView | None, now: datetime) -> tuple[list[Panel], list[Panel]]:
    """The timeline and the log of the window's last run; nothing where it never ran."""
    past = runs_of(chosen.id) if chosen else []
    if not past:
        return [], []
    run = run_view(past[0].pk, viewer)
    called = f"{run.window} run {run.number}"
    drawn = timeline(called, stretches(run), now, run.turn_back_at, run.window_ends_at)
    logs = Panel(name="step-logs", title=f"Step logs of {called}", template="dashboards/_logs.html", told={"run": run}, look="wide")
    return [charted(drawn)], [logs]


def stretches(run: RunView) -> list[Stretch]:
    """Every step that began, and every undoing, in the order of the plan."""
    found = []
    for step in run.steps:
        if step.intended_at:
            found.append(Stretch(named(step), step.status, step.intended_at, end_of(step), False, step.outcome))
        if step.undo_started_at:
            found.append(Stretch(named(step), step.status, step.undo_started_at, step.undo_ended_at, True, step.outcome))
    return found


def named(step: StepView) -> str:
    return f"{step.position} · {step.name}"


def end_of(step: StepView) -> datetime | None:
    """A step that was interrupted to be undone has no end of its own: its undoing ends it."""
    return step.ended_at or step.undo_started_at
