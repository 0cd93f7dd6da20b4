"""What a request would mean: collisions, better slots, impact, budget, who must approve, when to turn back. Its own panel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.dashboards.outlook import Touched, estimate
from portal.pages.request.modes import unlike
from portal.pages.request.outline import Outline, of_form, of_window, version_of
from slo.budget import Column, column
from slo.forecast import Forecast
from slo.objectives.queries import Health
from windows.access.pages import reads
from windows.access.requests import actor_of
from windows.access.roles import Actor, Verb, permitted, somewhere
from windows.approvals.policy import bounded, places
from windows.approvals.policy import told as in_words
from windows.approvals.queries.authorised import not_standard
from windows.approvals.queries.budgets import LEAST, budgets
from windows.approvals.queries.material import material_from, policy_fitting, signers
from windows.audit.clock import clock
from windows.catalogue.models import Environment, Person, Service
from windows.errors import Invalid
from windows.execution.queries.reserves import reserve_of
from windows.lifecycle.states import ChangeType, Mode
from windows.runbooks.models import RunbookVersion
from windows.runbooks.queries import spec_of
from windows.runbooks.spec import resolve
from windows.runbooks.spec.backups import backup_missing
from windows.scheduling.conflicts import ConflictFinding, Severity
from windows.scheduling.queries import conflicts_with, window_id_of, window_view
from windows.scheduling.queries.forecasts import forecasts
from windows.scheduling.queries.free import Sought, free_slots
from windows.scheduling.queries.overrides import overrides_of
from windows.scheduling.queries.publicity import announced, known_in_public
from windows.scheduling.queries.ways_out import clashes
from windows.scheduling.ranking import Slot

SLOTS, AHEAD = 3, timedelta(days=14)
NAMED = 3  # people of a place before "and 4 others"


@dataclass(frozen=True, slots=True)
class Spent:
    """One objective's budget in events, with its arithmetic; None: nothing measured."""

    health: Health
    column: Column | None
    enough: bool | None
    forecast: Forecast = Forecast()


@dataclass(frozen=True, slots=True)
class Signing:
    """A place to be signed, and who could."""

    place: str
    people: tuple[str, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Turning:
    """How long the rollback is reserved, when to turn back, and what happens then."""

    steps: int
    reserve: timedelta
    at: datetime
    then: str
    trouble: str = ""
    unlike: str = ""  # where its flags and the window's mode disagree
    backup: str = ""  # why preflight will refuse it for its backup


@reads
def typed_meaning(request: HttpRequest) -> HttpResponse:
    """Of a form as it stands: the panel asks again while one types. `acts`: what may be done with it is shown beside the form, and changes
    with it; a window that is no draft any more has no such place."""
    actor = actor_of(request)
    outline, lacking = of_form(request.GET, actor)
    context = meaning(outline, lacking, actor, clock())
    return render(request, "portal/request/_meaning.html", {**context, "acts": request.GET.get("acts") == "yes"})


@reads
def saved_meaning(request: HttpRequest, reference: str) -> HttpResponse:
    """Of a window as it is saved."""
    actor = actor_of(request)
    view = window_view(window_id_of(reference), actor)
    return render(request, "portal/request/_meaning.html", meaning(of_window(view), [], actor, clock()))


def meaning(outline: Outline | None, lacking: list[str], actor: Actor, now: datetime) -> dict[str, Any]:
    """Everything the panel shows; only `lacking` while nothing can be judged."""
    if outline is None:
        return {"outline": None, "lacking": lacking, "hard": [], "soft": [], "now": now}
    candidate = outline.candidate
    findings = conflicts_with(candidate, exclude=outline.window_id, viewer=actor, now=now)
    view = window_view(outline.window_id, actor) if outline.window_id else None
    overrides = overrides_of(view.id, actor, now) if view else []
    version = version_of(outline)
    material = material_from(facts_of(outline, version), outline.scope)
    row = policy_fitting(material, outline.scope)
    policy, beyond = bounded(row, outline.change_type, outline.starts_at, outline.ends_at, now)
    not_alike = not_standard(policy, material)
    told = budgets(outline.places, now)
    ahead = forecasts(outline.planned, told, actor, now)
    spent = [replace(arithmetic(one, outline.slack), forecast=then) for one, then in zip(told, ahead, strict=True)]
    short = [one for one in spent if not one.enough]
    return {
        "outline": outline,
        "lacking": lacking,
        "now": now,
        "clashes": clashes(outline.window_id, findings, actor, overrides),
        "ours": view.reference if view else "",
        "may_edit": view is not None and permitted(actor, Verb.DRAFT, view.subject),
        "may_freeze": somewhere(actor, Verb.EDIT_FREEZE),
        "hard": hard(findings),
        "soft": [one for one in findings if one.severity is Severity.SOFT],
        "openings": better(outline, actor, now),
        "touched": impact(outline),
        "spent": spent,
        "least": max(LEAST, outline.slack),
        "policy": policy.name,
        "beyond": beyond,
        "beyond_refuses": bool(beyond) and not row.bounds.else_role,
        "pre_authorised": not policy.requires and not short and not not_alike,
        "unlike": not_alike,
        "short_budget": not policy.requires and bool(short),
        "signing": signing(policy, material, outline.involved),
        "separate": policy.separate_executor,
        "turning": turning(outline, version),
        "past": outline.starts_at < now,
        "unannounced": to_announce(outline),
    }


def better(outline: Outline, actor: Actor, now: datetime) -> list[Slot]:
    """The best free slots of the two weeks around what was asked for; none where the length allows none."""
    asked = max(outline.starts_at, now)
    since = max(asked - AHEAD / 2, now)
    sought = Sought(
        candidate=outline.candidate, since=since, until=since + AHEAD, length=outline.ends_at - outline.starts_at, asked=asked,
        exclude=outline.window_id,
    )  # fmt: skip
    try:
        return free_slots(sought, actor, now, limit=SLOTS)
    except Invalid:
        return []


def hard(findings: list[ConflictFinding]) -> list[ConflictFinding]:
    return [one for one in findings if one.severity is Severity.HARD]


def facts_of(outline: Outline, version: RunbookVersion | None) -> dict[str, Any]:
    names = ("starts_at", "ends_at", "mode", "change_type", "slack", "parameters", "expected_users", "team")
    return {**{name: getattr(outline, name) for name in names}, "runbook": version.digest if version else None}


def arithmetic(one: Health, slack: float) -> Spent:
    """From what is allowed to what would be left after the slack asked for."""
    remaining = one.figures.adjusted.remaining
    told = column(one.figures, slack * (one.figures.raw.allowed or 0.0))
    return Spent(one, told, None if remaining is None else remaining >= max(LEAST, slack))


def to_announce(outline: Outline) -> tuple[str, ...]:
    """Services of it that the public knows and must be told of before it may begin; none where it was announced."""
    if outline.confidential or outline.mode == Mode.NORMAL or outline.change_type == ChangeType.EMERGENCY:
        return ()
    if outline.window_id and announced(f"MW-{outline.window_id}"):
        return ()
    return known_in_public(outline.places)


def impact(outline: Outline) -> Touched | None:
    """From the services' own figures, as the executive dashboard counts; None where nothing in production is touched."""
    real = set(Environment.objects.filter(is_production=True).values_list("slug", flat=True))
    slugs = {row.service for row in outline.scope if row.environment in real}
    if not slugs:
        return None
    rows = Service.objects.filter(slug__in=slugs).values_list("monthly_active_users", "revenue_per_hour")
    figures = [(users, None if revenue is None else float(revenue)) for users, revenue in rows]
    return estimate(outline.starts_at, outline.ends_at, outline.mode, outline.expected_users, figures)


def signing(policy: Any, material: dict[str, Any], involved: frozenset[int]) -> list[Signing]:
    """Each place once, with the people who could fill it; who plans it cannot."""
    wanted = places(policy.requires, material["team"], material["affected_teams"])
    rows = [row for row in signers(policy, material) if row[0] not in involved] if wanted else []
    names = dict(Person.objects.filter(pk__in={row[0] for row in rows}).values_list("pk", "name")) if rows else {}
    found = []
    for place, words in zip({one.told: one for one in wanted}.values(), in_words(wanted), strict=True):
        fitting = sorted({names[person] for person, team, role in rows if person in names and place.fits([(team, role)])})
        found.append(Signing(words, tuple(fitting[:NAMED]), max(len(fitting) - NAMED, 0)))
    return found


def turning(outline: Outline, version: RunbookVersion | None) -> Turning | None:
    if version is None:
        return None
    try:
        spec = spec_of(version)
        plan = resolve(spec, outline.parameters)
    except Invalid as error:
        return Turning(0, timedelta(), outline.ends_at, "", error.detail)
    reserve = reserve_of(version.runbook_id, plan.rollback_reserve)
    backup = "" if outline.change_type == ChangeType.EMERGENCY else backup_missing(spec, {row.layer for row in outline.scope})
    differs = unlike(outline.mode, plan.steps, outline.places)
    return Turning(len(plan.steps), reserve, outline.ends_at - reserve, plan.on_turn_back, unlike=differs, backup=backup)
