"""What each part of a window's page shows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils.http import urlencode

from portal.charts.runs import timeline
from portal.communication import communication
from portal.dashboards.debug import stretches
from portal.pages.alerts import alerts_in
from portal.pages.request.meaning import facts_of, signing
from portal.pages.request.outline import of_window, version_of
from portal.pages.window.history import names_in
from portal.pages.window.impact import impact
from portal.pages.window.offers import AHEAD
from portal.pages.window.opened import Opened
from windows.access.paging import cursor_of, cursor_to
from windows.access.roles import Verb, permitted, somewhere
from windows.announcements.queries import announcement_of
from windows.approvals.lapses import lapse_told
from windows.approvals.queries.material import material_from, policy_fitting
from windows.audit.queries import trail
from windows.errors import Invalid
from windows.execution.models import CheckResult
from windows.execution.queries.afterwards import afterwards
from windows.execution.queries.expected import expected_in
from windows.execution.queries.plans import plan_of
from windows.execution.queries.rehearsals import Standing, rehearsals_of, standing_of
from windows.execution.queries.reserves import reserve_of
from windows.execution.queries.surfaces import surfaces_of
from windows.execution.queries.views import run_view
from windows.incidents.commands.reporting import reporter
from windows.incidents.queries import linked_to
from windows.lifecycle.states import WindowStatus
from windows.playbooks.queries import guides_named
from windows.reviews.queries.broken_glass import glass_of
from windows.reviews.queries.closing import review_tasks_of
from windows.reviews.queries.cost import cost_of
from windows.reviews.queries.facts import ROUTINE
from windows.reviews.queries.follow_ups import follow_ups
from windows.reviews.queries.postmortems import postmortem_of
from windows.reviews.queries.standing import checklists_of
from windows.runbooks.models import RunbookVersion
from windows.runbooks.queries import current_first, guides_of
from windows.runbooks.spec.sentences import told, told_gate
from windows.scheduling.conflicts import Severity
from windows.scheduling.models import Answer, Window
from windows.scheduling.queries import WindowView, conflicts_of
from windows.scheduling.queries.moves import move_requests
from windows.scheduling.queries.overrides import overrides_of
from windows.scheduling.queries.ways_out import clashes

W = WindowStatus
LATEST, ENTRIES, MESSAGES = 8, 50, 25


def overview(opened: Opened) -> dict[str, Any]:
    view, actor, now = opened.view, opened.actor, opened.now
    ahead = view.status in AHEAD
    conflicts = conflicts_of(view.id, actor, now) if ahead else []
    overrides = overrides_of(view.id, actor, now) if ahead else []
    found = clashes(view.id, conflicts, actor, overrides)
    last = opened.runs[:1]
    return {
        "runs": last,
        "rehearsed": rehearsed(view, now) if ahead else None,
        "rehearsals": [one for one in rehearsals_of(view.id, 1) if one.is_live],
        "may_rehearse": permitted(actor, Verb.START, view.subject),
        "may_break": permitted(actor, Verb.OVERRIDE, view.subject),
        "approvals": opened.approvals[:1],
        "lapse": lapse_told(opened.approvals),
        "checks": CheckResult.objects.filter(run=last[0]).order_by("name") if last else [],
        "afterwards": afterwards(last, opened.now),
        "surfaces": surfaces_of(view.id) if view.started_at else [],
        "may_accept": permitted(actor, Verb.RESUME, view.subject),
        "clashes": found,
        "blocking": sum(one.blocks for one in found),
        "graver": any(one.finding.severity is not Severity.ADVISORY for one in found),
        "asked_to_move": [one for one in move_requests(view.id, actor) if one.status == Answer.OPEN] if ahead else [],
        "may_edit": permitted(actor, Verb.DRAFT, view.subject),
        "may_freeze": somewhere(actor, Verb.EDIT_FREEZE),
        "overrides": overrides,
        "announcement": announcement_of(view.id),
        "may_announce": not view.confidential and permitted(actor, Verb.ANNOUNCE, view.subject),
        "timeline": (latest := trail(window=view.reference, without=ROUTINE, newest_first=True, limit=LATEST)),
        "names": names_in(latest),
    }


def rehearsed(view: WindowView, now: datetime) -> Standing | None:
    """Whether its runbook's version may run where the window works; None for a manual one."""
    if view.runbook_version_id is None:
        return None
    return standing_of(view.id, view.runbook_version_id, {(row.service, row.environment) for row in view.scope}, now)


def plan(opened: Opened) -> dict[str, Any]:
    """The steps as a run would copy them now, with this window's parameters put in, and when it would turn back."""
    view = opened.view
    window = Window.objects.select_related("runbook_version__runbook").defer("vevent").get(pk=view.id)
    try:
        found = plan_of(window)
    except Invalid as error:
        return {"trouble": error.detail}
    version = window.runbook_version
    reserve = reserve_of(version.runbook_id if version else None, found.rollback_reserve)
    steps = [told(step, {}) for step in found.steps if step.phase == "step"]
    return {
        "steps": steps,
        "validation": [told(step, {}) for step in found.steps if step.phase != "step"],
        "watch": [told_gate(gate, {}) for gate in found.watch],
        "parameters": found.parameters,
        "one_way": [step for step in steps if step.because and not step.undo],
        "reserve": reserve,
        "turn_back_at": view.ends_at - reserve,
        "then": found.on_turn_back,
        "newest": newest(version) if version and view.status in AHEAD else None,
        "guides": guides_named(guides_of(version)) if version else [],
    }


def newest(version: RunbookVersion) -> int | None:
    """The number of the runbook's version in force where this one is not it."""
    last = current_first().filter(runbook=version.runbook_id).values_list("number", flat=True).first()
    return last if last != version.number else None


def run(opened: Opened) -> dict[str, Any]:
    """Every run with its outcome, and when each step of the last one was under way."""
    tried = {"rehearsals": rehearsals_of(opened.view.id)}
    if not opened.runs or opened.runs[0].started_at is None:
        return tried
    last = run_view(opened.runs[0].pk, opened.actor)
    called = f"{last.window} run {last.number}"
    drawn = timeline(called, stretches(last), opened.now, last.turn_back_at, last.window_ends_at)
    return {**tried, "drawn": None if drawn.is_empty else drawn, "query": f"?{urlencode({'window': last.window})}"}


def approvals(opened: Opened) -> dict[str, Any]:
    """Every request with its signatures; before and while it is asked for also who could sign."""
    if opened.view.status not in (W.DRAFT, W.REQUESTED):
        return {}
    outline = of_window(opened.view)
    material = material_from(facts_of(outline, version_of(outline)), outline.scope)
    policy = policy_fitting(material, outline.scope)
    return {"policy": policy.name, "signing": signing(policy, material, outline.involved), "separate": policy.separate_executor}


def audit(opened: Opened) -> dict[str, Any]:
    """Every entry, the newest first, a page at a time."""
    after = cursor_of(opened.request.GET, int)
    found = trail(window=opened.view.reference, newest_first=True, limit=ENTRIES + 1, after=after[0] if after else None)
    shown = found[:ENTRIES]
    onward = f"?{urlencode({'cursor': cursor_to([shown[-1].id])})}" if len(found) > ENTRIES else ""
    return {"timeline": shown, "names": names_in(shown), "onward": onward, "is_later": after is not None}


def alerts(opened: Opened) -> dict[str, Any]:
    """Every alert that began inside it, with what was done and why; what it expects; incidents and complaints that belong to it."""
    found, said = linked_to(opened.view.id)
    window = Window.objects.select_related("runbook_version__runbook").defer("vevent").get(pk=opened.view.id)
    may = permitted(opened.actor, Verb.REPORT, reporter(opened.actor))
    return {**alerts_in(opened.view.reference), "expected": expected_in(window), "incidents": found, "complaints": said, "may_report": may}


def communication_part(opened: Opened) -> dict[str, Any]:
    """Who was told, who will be, and what became of each message, a page at a time, the newest first."""
    view, actor = opened.view, opened.actor
    after = cursor_of(opened.request.GET, int)
    found = communication(view, actor, opened.approvals, opened.now, before=after[0] if after else None, limit=MESSAGES + 1)
    onward = f"?{urlencode({'cursor': cursor_to([found.said[MESSAGES - 1].message.pk])})}" if len(found.said) > MESSAGES else ""
    return {
        **{name: getattr(found, name) for name in ("coming", "announcement", "unannounced", "tally", "beside")},
        "said": found.said[:MESSAGES],
        "onward": onward,
        "is_later": after is not None,
        "may_announce": not view.confidential and permitted(actor, Verb.ANNOUNCE, view.subject),
    }


def review(opened: Opened) -> dict[str, Any]:
    """What was learnt of it, what follows, and what was in order before."""
    view, today = opened.view, opened.now.date()
    found = follow_ups(opened.actor, {"window": view.reference}, today, limit=ENTRIES + 1)
    may = permitted(opened.actor, Verb.REVIEW, view.subject)
    return {
        "made": postmortem_of(view), "may_review": may, "rows": found[:ENTRIES], "cut": len(found) > ENTRIES, "today": today,
        "may_tick": permitted(opened.actor, Verb.CONFIRM, view.subject),
        "checklists": checklists_of(view, opened.actor, opened.now), "tasks": review_tasks_of(view.id),
        "glass": glass_of(opened.actor, view.id, opened.now), "costs": cost_of(view.id, opened.now),
    }  # fmt: skip


def impact_part(opened: Opened) -> dict[str, Any]:
    return {**impact(opened.view, opened.actor, opened.now), "costs": cost_of(opened.view.id, opened.now)}


Shows = Callable[[Opened], dict[str, Any]]
PARTS: dict[str, tuple[str, Shows]] = {
    "overview": ("Overview", overview),
    "plan": ("Plan", plan),
    "run": ("Run", run),
    "approvals": ("Approvals", approvals),
    "impact": ("Impact and SLO", impact_part),
    "alerts": ("Alerts", alerts),
    "communication": ("Communication", communication_part),
    "review": ("Review", review),
    "audit": ("Audit", audit),
}
