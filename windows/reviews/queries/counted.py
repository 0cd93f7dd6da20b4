"""What each run counts for the measures. The number of queries does not follow the number of runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.db.models import Count, Min

from slo.budget import Ratio
from slo.deviation import same_hours
from slo.intervals import Interval
from slo.objectives.queries import Account, Promise, accounts, promises
from slo.telemetry.queries import ratios, tagged
from windows.access.roles import Actor
from windows.execution.queries.coverage import learnt
from windows.incidents.linking import COMPLAINT_AFTER
from windows.incidents.models import Complaint, ComplaintLink, Incident, IncidentLink
from windows.reviews.measures import Ended
from windows.reviews.queries.ended import ended_runs
from windows.reviews.queries.steps import ALONE, TRIED, tried_steps
from windows.scheduling.models import WindowScope

WEEKS = 4  # the past weeks a window is compared with
Pair = tuple[Ended, Promise]


def counted_runs(
    viewer: Actor, since: datetime, until: datetime, *, team: str = "", service: str = "", window_id: int | None = None
) -> list[Ended]:
    """Runs that ended in [since, until) with all that the measures ask of them, the newest first."""
    runs = ended_runs(viewer, since, until, team=team, service=service, window_id=window_id)
    if not runs:
        return []
    steps = {
        run: (tried, alone)
        for run, tried, alone in tried_steps()
        .filter(run__in=[one.run_id for one in runs])
        .values("run_id")
        .annotate(tried=TRIED, alone=ALONE)
        .values_list("run_id", "tried", "alone")
    }
    places, users, nameless = touched(runs)
    told = measured(runs, places, nameless)
    incidents, complaints = linked(Incident, IncidentLink, runs, places), linked(Complaint, ComplaintLink, runs, places)
    return [
        replace(
            told.get(one.run_id, one),
            tried=steps.get(one.run_id, (0, 0))[0],
            alone=steps.get(one.run_id, (0, 0))[1],
            active_users=users.get(one.reference),
            incidents=incidents.get(one.reference),
            complaints=complaints.get(one.reference),
        )
        for one in runs
    ]


def linked(
    reported: type[Incident] | type[Complaint],
    link: type[IncidentLink] | type[ComplaintLink],
    runs: Sequence[Ended],
    places: Mapping[str, set[tuple[str, str]]],
) -> Mapping[str, int]:
    """By window: how many are linked to it. Left out where that is not known: none is linked, and up to a day after its end nobody had
    ever reported one of its services. Silence is no evidence. Two statements."""
    began = "started_at" if reported is Incident else "received_at"
    services = {service for here in places.values() for service, _ in here}
    reports = reported._default_manager.filter(service__in=services).order_by().values("service").annotate(first=Min(began))
    first: dict[str, datetime] = dict(reports.values_list("service", "first"))
    rows = link._default_manager.filter(window__in=[int(one.reference[3:]) for one in runs]).order_by().values("window_id")
    found = {f"MW-{window}": number for window, number in rows.annotate(number=Count("pk")).values_list("window_id", "number")}
    for run in runs:
        known = [first[service] for service, _ in places.get(run.reference, ()) if service in first]
        if run.reference not in found and known and min(known) <= run.ended_at + COMPLAINT_AFTER:
            found[run.reference] = 0
    return found


def touched(runs: Sequence[Ended]) -> tuple[Mapping[str, set[tuple[str, str]]], Mapping[str, int], set[str]]:
    """By window: its services with environments, and the active users of its largest service; and which are confidential. One query."""
    places: dict[str, set[tuple[str, str]]] = {}
    users: dict[str, int] = {}
    nameless = set()
    rows = WindowScope.objects.filter(window__in=[int(one.reference[3:]) for one in runs])
    names = ("window_id", "service__slug", "environment", "service__monthly_active_users", "window__confidential")
    for window, slug, environment, active, confidential in rows.values_list(*names).distinct():
        places.setdefault(f"MW-{window}", set()).add((slug, environment))
        nameless |= {f"MW-{window}"} if confidential else set()
        if active:
            users[f"MW-{window}"] = max(active, users.get(f"MW-{window}", 0))
    return places, users, nameless


def measured(runs: Sequence[Ended], places: Mapping[str, set[tuple[str, str]]], nameless: Collection[str]) -> dict[int, Ended]:
    """By run: what was measured inside scope and window. Nothing where no objective saw an event. Five statements.

    Of a confidential window no telemetry may carry the tag: its coverage is not known.
    """
    wanted = promises(services={service for here in places.values() for service, _ in here})
    pairs = [(run, one) for run in runs for one in wanted if (one.service, one.environment) in places.get(run.reference, set())]
    record = accounts([(run.reference, inside(run), one) for run, one in pairs])
    usual = usual_events(pairs)
    tags = tagged([(one.slug, learnt(inside(run)), run.reference) for run, one in pairs])
    found: dict[int, Ended] = {}
    for (run, one), account, past, carries in zip(pairs, record, usual, tags, strict=True):
        if account.is_known:
            found[run.run_id] = with_one_more(
                found.get(run.run_id, run), account, past, carries if one.is_critical and run.reference not in nameless else None
            )
    return found


def with_one_more(run: Ended, account: Account, past: Ratio, carries: Ratio | None) -> Ended:
    """The run with what one objective saw added; `carries` where its tags count."""
    return replace(
        run,
        worst=max(run.worst or 0, account.raw),
        bad=(run.bad or 0) + account.raw,
        events=(run.events or 0) + account.total,
        usual_bad=(run.usual_bad or 0) + past.bad,
        usual_events=(run.usual_events or 0) + past.total,
        charged=(run.charged or 0.0) + (account.spent or 0.0),
        tagged=run.tagged if carries is None else (run.tagged or 0) + carries.good,
        expected_tags=run.expected_tags if carries is None else (run.expected_tags or 0) + carries.total,
    )


def usual_events(pairs: Sequence[Pair]) -> list[Ratio]:
    """Events in the same hours of past weeks, of each pair. One statement."""
    answers = iter(ratios([(one.slug, past) for run, one in pairs for past in same_hours(inside(run), WEEKS)]))
    return [sum((next(answers) for _ in range(WEEKS)), Ratio()) for _ in pairs]


def inside(run: Ended) -> Interval:
    return Interval(run.started_at, max(run.started_at, run.ended_at))
