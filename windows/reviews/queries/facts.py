"""What is on record of one window that ended: the facts that a postmortem and its five questions rest on. A constant number of queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.urls import reverse

from slo.objectives.queries import promises
from windows.access.roles import Actor
from windows.alerts.models import Alert
from windows.alerts.queries import tally
from windows.alerts.states import Action
from windows.approvals.queries import approval_view
from windows.audit.models import AuditEntry
from windows.audit.queries import TrailEntry, trail
from windows.execution.models import CheckResult, GateReading, StepRun
from windows.execution.queries.expected import expected_in
from windows.execution.queries.snapshots import step_of
from windows.execution.queries.views import runs_of
from windows.execution.states import RunStatus
from windows.incidents.queries import linked_to
from windows.reviews.drafting import Budget, Facts, Gate, Line, Step
from windows.reviews.queries.counted import counted_runs
from windows.reviews.queries.steps import BY_HAND, tried_steps
from windows.scheduling.models import Window
from windows.scheduling.queries import WindowView
from windows.scheduling.queries.accounts import accounts_of

PARTS = ("overview", "plan", "run", "approvals", "impact", "alerts", "audit")
# what every step of a run says of itself: it stands on the run's page, and would bury what people decided
ROUTINE = {f"step.{word}" for word in ("started", "succeeded", "waiting", "compensation_waiting", "compensation_started", "compensated")}
ROUTINE |= {f"rehearsal_{kind}" for kind in ROUTINE}  # and what those of a rehearsal say stands in its report
ROUTINE |= {"surface.wanted", "surface.in_place", "surface.ending", "surface.ended"}  # the panel of surfaces shows them
MOST = 300  # lines of alerts
EACH = 60  # acts of each kind that is looked for
BACK = ("run.rollback_started", "run.rollback_widened")
TURNS = {*BACK, *(f"run.{word}" for word in ("held", "resumed", "rolled_back", "stuck", "abort_signed", "aborted", "succeeded", "blocked"))}
TURNS |= {f"window.{word}" for word in ("started", "completed", "rolled_back", "failed", "extended")}
TURNS |= {"step.failed", "step.undecided", "step.doubted", "step.compensation_failed", "step.skipped", "step.attested", "step.retried"}


def facts_of(view: WindowView, viewer: Actor, now: datetime) -> Facts | None:
    """Of the window as this viewer sees it; None where it has not ended, or no run of it began."""
    if view.started_at is None or view.ended_at is None:
        return None
    ended = counted_runs(viewer, view.started_at, now + timedelta(seconds=1), window_id=view.id)
    if not ended:
        return None
    last, runs = ended[0], runs_of(view.id)
    counted, (incidents, complaints) = tally(view.reference), linked_to(view.id)
    told, number = acts_of(view.reference)
    critical = {one.slug for one in promises(services={row.service for row in view.scope}) if one.is_critical}
    flags = AuditEntry.objects.filter(window=view.reference).aggregate(
        set=Count("pk", filter=Q(kind="flag.set")), expired=Count("pk", filter=Q(kind="flag.lease_expired"))
    )
    return Facts(
        reference=view.reference, title=view.title, why=view.reason, team=view.team_name, status=view.status,
        starts_at=view.starts_at, ends_at=view.ends_at, due_at=last.due_at, began_at=view.started_at, ended_at=view.ended_at,
        runs=[Line(run.called.capitalize(), run.reason, run.status, run.started_at, reverse("run", args=[run.pk])) for run in runs],
        approvers=approvers(view, viewer),
        acts=[line_of(one) for one in told], acts_in_all=number,
        checks=[Line(one.name, one.reason, one.verdict) for one in CheckResult.objects.filter(run=last.run_id).order_by("name")],
        steps=steps(last.run_id, view.reference, last.status), gates=gates(last.run_id),
        budgets=[
            Budget(one.objective, one.total, one.raw, float(one.excused), float(one.charged), one.objective in critical)
            for one in accounts_of([view.id], now)
        ],
        alerts=counted.all, expected=counted.expected, withheld=counted.withheld, firing=counted.firing,
        paged=[
            Line(one.name, " ".join(str(why) for why in one.reasons), at=one.starts_at)
            for one in Alert.objects.filter(window=view.reference, action=Action.PAGE.value).order_by("starts_at", "pk")[:MOST]
        ],
        never_came=never_came(view),
        incidents=[
            Line(one.reference, one.title, one.severity, one.started_at, reverse("incident", args=[one.pk])) for one in incidents
        ],
        complaints=[Line(one.reference, one.text[:300], at=one.received_at, href=reverse("complaints")) for one in complaints],
        went_back=any(one.went_back for one in ended), turned_by=turned_by(last.run_id, told),
        flags_set=flags["set"], flags_expired=flags["expired"],
        tagged=last.tagged, expected_tags=last.expected_tags, hrefs=addresses(view.reference),
    )  # fmt: skip


def acts_of(window: str) -> tuple[list[TrailEntry], int]:
    """The first, the last and the turns of what was done, in their order, and how many there are in all. Four statements."""
    parts = (
        trail(window=window, without=ROUTINE, limit=EACH),
        trail(window=window, kinds=TURNS, newest_first=True, limit=EACH),
        trail(window=window, without=ROUTINE, newest_first=True, limit=EACH),
    )
    found = {one.id: one for part in parts for one in part}
    number = len(found) if len(parts[0]) < EACH else AuditEntry.objects.filter(window=window).exclude(kind__in=ROUTINE).count()
    return [found[key] for key in sorted(found)], number


def line_of(one: TrailEntry) -> Line:
    return Line(
        one.kind.replace(".", " ").replace("_", " "), str(one.data.get("reason") or ""), one.actor, one.at, is_turn=one.kind in TURNS
    )


def turned_by(run_id: int, told: Sequence[TrailEntry]) -> str:
    """Who rolled this run back by hand; empty where nobody did."""
    back = [one for one in told if one.run_id == run_id and one.kind in BACK]
    return back[-1].actor if back and back[-1].actor_id is not None else ""


def addresses(reference: str) -> Mapping[str, str]:
    """The parts of a window's page."""
    first = reverse("window", args=[reference])
    return {part: first if part == "overview" else reverse("window-part", args=[reference, part]) for part in PARTS}


def approvers(view: WindowView, viewer: Actor) -> list[str]:
    """Who signed the request that held."""
    held = [one for one in approval_view(view.id, viewer) if one.status == "granted"]
    return sorted({signed.name for signed in held[0].signatures if signed.decision == "approved"}) if held else []


def steps(run_id: int, window: str, status: str) -> list[Step]:
    told = AuditEntry.objects.filter(window=window, run_id=run_id, kind__in=BY_HAND).values_list("data__position", flat=True)
    helped = {place for place in told if isinstance(place, int)}
    short = dict(tried_steps().filter(run=run_id).values_list("position", "is_short"))  # type: ignore[misc]  # annotated
    return [
        Step(
            row.name, row.status, row.attempt, row.kind == "manual", row.position in helped, row.outcome,
            is_short=short.get(row.position, False), was_cut=row.attempt > 0 and row.kind != "manual" and row.position not in short,
            stands=row.no_undo_reason if status == RunStatus.ROLLED_BACK and step_of(row).stands else "",
        )
        for row in StepRun.objects.filter(run=run_id).order_by("position")
    ]  # fmt: skip


def gates(run_id: int) -> list[Gate]:
    rows = GateReading.objects.filter(run=run_id).values("gate").order_by("gate").annotate(
        good=Count("pk", filter=Q(verdict="pass")), bad=Count("pk", filter=Q(verdict="fail")),
        unsure=Count("pk", filter=Q(verdict="inconclusive")), errors=Count("pk", filter=Q(is_error=True)),
    )  # fmt: skip
    return [Gate(row["gate"], row["good"], row["bad"], row["unsure"], row["errors"]) for row in rows]


def never_came(view: WindowView) -> list[str]:
    """Alerts it declared to be expected, none of which began inside it."""
    window = Window.objects.select_related("runbook_version__runbook").defer("vevent").get(pk=view.id)
    wanted = {str(one["alert"]) for one in expected_in(window)}
    came = Alert.objects.filter(window=view.reference, name__in=wanted).values_list("name", flat=True) if wanted else ()
    return sorted(wanted - set(came))
