"""How much of what a run's critical services tell carries its window's tag (M8, F8, X16): untagged telemetry is evidence lost.

Counted are the events of critical objectives, in whole minutes in which every node could have heard of the window, and the log lines and
spans of the services that have one. Where nothing was told, or the window is confidential (nothing may carry its name), there is nothing to
say, but for traces that were there before the window and are missing in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from slo.budget import Ratio
from slo.intervals import Interval
from slo.objectives.queries import Promise, promises
from slo.telemetry.queries import tagged
from windows.catalogue.models import Deployment
from windows.execution.models import Run
from windows.lifecycle.states import Mode
from windows.lifecycle.words import counted
from windows.scheduling.models import WindowScope
from windows.signals.queries import carried, traced

HEARD = timedelta(seconds=5)  # the flag server looks each second, and tells its nodes at once
LEARNING = timedelta(seconds=30)  # the flags' max-age: a node that heard nothing for so long trusts no flag it knew
USUAL = 20  # spans in as long a time before: from so many on, none at all is missed
LONGEST = timedelta(hours=1)  # looked back


def learnt(whole: Interval, within: timedelta = HEARD) -> Interval:
    """A window from when every node that follows its flag can have heard of it."""
    return Interval(min(whole.start + within, whole.end), whole.end)


def inside(run: Run, now: datetime) -> Interval | None:
    """When tags are expected: since the run began, or was last let go on after it had been held for them: no other hold waives what came
    before it. None where none may be."""
    began = run.covered_since or run.started_at
    if began is None or run.rehearsal or run.window.confidential:
        return None
    return learnt(Interval(min(began, now), now), LEARNING)  # what holds a run is patient


def critical(run: Run) -> list[Promise]:
    """The critical objectives of the window's places. Two statements."""
    places = set(WindowScope.objects.filter(window=run.window_id).values_list("service__slug", "environment"))
    wanted = [one for one in promises(services={service for service, _ in places}) if (one.service, one.environment) in places]
    return [one for one in wanted if one.is_critical]


def whole(run: Run, wanted: list[Promise]) -> list[Promise]:
    """Those of them whose service the window covers in every region of the environment: telemetry names no region, and what comes from
    where no window is carries no tag, rightly. Two statements."""
    scope = WindowScope.objects.filter(window=run.window_id)
    here = set(scope.values_list("service__slug", "environment", "region"))
    runs = Deployment.objects.filter(service__scopes__in=scope).values_list("service__slug", "environment__slug", "region__slug").distinct()
    elsewhere = {(service, environment) for service, environment, region in runs if (service, environment, region) not in here}
    return [one for one in wanted if (one.service, one.environment) not in elsewhere]


def coverage(run: Run, now: datetime) -> Mapping[str, Ratio]:
    """By critical objective: events with the tag of all events. Five statements."""
    when = inside(run, now)
    return {} if when is None else covered(whole(run, critical(run)), run, when)


def covered(wanted: list[Promise], run: Run, when: Interval) -> Mapping[str, Ratio]:
    found = tagged([(one.slug, when, run.window.reference) for one in wanted])
    return {one.slug: ratio for one, ratio in zip(wanted, found, strict=True) if ratio.total}


def gap(run: Run, now: datetime) -> str:
    """Why the run may not be called completed: its tags did not arrive, or traces stopped; "" where neither is so. Eight statements."""
    when = inside(run, now)
    if when is None:
        return ""
    wanted, name = whole(run, critical(run)), run.window.reference
    places = {(one.service, one.environment) for one in wanted}
    short = [(slug, " events", one.good, one.total) for slug, one in covered(wanted, run, when).items() if one.bad]
    told = carried(name, places, when.start, when.end) if places else []
    short += [(f"the {one.what} of {one.service}", "", one.tagged, one.sent) for one in told if one.tagged < one.sent]
    said = [f"{100 * good / total:.1f} % of {what} ({good:,} of {total:,}{unit})" for what, unit, good, total in short]
    why = [f"The tag {name} is on {'; '.join(said)}; all of it is needed to tell what the window did."] if said else []
    silent = stopped(run, {service for service, _ in places} - {one.service for one in told if one.what == "spans"}, when)
    why += [
        f"{service} sent no trace since {when.start:%H:%M}, and {counted(count, 'span')} in as long a time before."
        for service, count in silent
    ]
    return " ".join([*why, "Resume to complete it in spite of that."]) if why else ""


def stopped(run: Run, silent: set[str], when: Interval) -> list[tuple[str, int]]:
    """Those of these services that told of themselves before the run began. While users get nothing, there is nothing to trace."""
    began = run.started_at
    if not silent or began is None or run.window.mode == Mode.OFFLINE:
        return []
    before = traced(silent, began - min(when.end - when.start, LONGEST), began)
    return sorted((service, count) for service, count in before.items() if count >= USUAL)
