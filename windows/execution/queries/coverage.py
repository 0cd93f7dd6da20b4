"""How much of what a run's critical objectives measured carries its window's tag (M8, F8): untagged telemetry is evidence lost.

Counted are whole minutes in which every node could have heard of the window. Where nothing was measured, or the window is confidential
(nothing may carry its name), there is nothing to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from slo.budget import Ratio
from slo.intervals import Interval
from slo.objectives.queries import promises
from slo.telemetry.queries import tagged
from windows.execution.models import Run
from windows.scheduling.models import WindowScope

HEARD = timedelta(seconds=5)  # the flag server looks each second, and tells its nodes at once
LEARNING = timedelta(seconds=30)  # the flags' max-age: a node that heard nothing for so long trusts no flag it knew


def learnt(whole: Interval, within: timedelta = HEARD) -> Interval:
    """A window from when every node that follows its flag can have heard of it."""
    return Interval(min(whole.start + within, whole.end), whole.end)


def coverage(run: Run, now: datetime) -> Mapping[str, Ratio]:
    """By critical objective: events with the tag of all events, since the run began or a person last let it go on. Three statements."""
    began = run.watched_since or run.started_at
    if began is None or run.rehearsal or run.window.confidential:
        return {}
    places = set(WindowScope.objects.filter(window=run.window_id).values_list("service__slug", "environment"))
    wanted = [one for one in promises(services={service for service, _ in places}) if (one.service, one.environment) in places]
    critical = [one.slug for one in wanted if one.is_critical]
    inside = learnt(Interval(min(began, now), now), LEARNING)  # what holds a run is patient
    found = tagged([(slug, inside, run.window.reference) for slug in critical])
    return {slug: one for slug, one in zip(critical, found, strict=True) if one.total}


def gap(run: Run, now: datetime) -> str:
    """Why the run may not be called completed: its tags did not arrive; "" where they did."""
    short = {slug: one for slug, one in coverage(run, now).items() if one.bad}
    told = [f"{100 * (one.value or 0):.1f} % of {slug} ({one.good:,} of {one.total:,} events)" for slug, one in short.items()]
    if not told:
        return ""
    carries = f"The tag {run.window.reference} is on {'; '.join(told)}; all of it is needed to tell what the window did."
    return f"{carries} Resume to complete it in spite of that."
