"""What a window materially is, from its live rows: what approvals are bound to and what a policy reads. Always read from the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from django.db.models import F

from windows.access.roles import Role
from windows.alerts.expected import as_lines
from windows.approvals.bounds import bounds_of
from windows.approvals.models import Policy
from windows.approvals.policy import BUDGET_BELOW, PolicyRow, Requirement, match, places
from windows.approvals.queries.budgets import smallest_budget
from windows.audit.clock import clock
from windows.catalogue.models import Membership, Person
from windows.errors import NotFound
from windows.scheduling.models import Window
from windows.scheduling.queries import ScopeView, scope_of, scopes_of

Roles = frozenset[tuple[str, str]]


def material_of(window_id: int) -> dict[str, Any]:
    """The material fields as plain JSON values, in one spelling: two queries, no cached object is believed."""
    found = materials_of([window_id])
    if not found:
        raise NotFound("There is no such window.")
    return found[window_id]


def materials_of(window_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """The same for several windows; two queries as well."""
    names = ("id", "starts_at", "ends_at", "mode", "change_type", "slack", "parameters", "expected_users", "expected_alerts")
    columns = {"team_slug": F("team__slug"), "runbook": F("runbook_version__digest")}
    rows = Window.objects.filter(pk__in=window_ids).values(*names, **columns)
    scopes = scopes_of(window_ids)
    return {row["id"]: material_from({**row, "team": row["team_slug"]}, scopes.get(row["id"], ())) for row in rows}


def material_from(said: Mapping[str, Any], scope: tuple[ScopeView, ...]) -> dict[str, Any]:
    """The same of a window that is only being thought of; `team` is its slug, `runbook` the digest of the version."""
    return {
        "starts_at": moment(said["starts_at"]),
        "ends_at": moment(said["ends_at"]),
        "mode": said["mode"],
        "change_type": said["change_type"],
        "slack": said["slack"],
        "parameters": said["parameters"],
        "expected_users": said["expected_users"],
        "team": said["team"],
        "runbook": said["runbook"],
        "scope": sorted(f"{s.service}/{s.environment}/{s.region}/{s.layer}" for s in scope),
        "tiers": sorted({s.tier for s in scope}),
        "affected_teams": sorted({s.team for s in scope}),
        **({"expected_alerts": expected} if (expected := as_lines(said.get("expected_alerts", ())).splitlines()) else {}),
    }


def policy_facts(material: dict[str, Any], scope: tuple[ScopeView, ...]) -> dict[str, Any]:
    """The same as what a policy's `match` is held against; `budget_left` is added where a policy reads it."""
    return {
        "tier": material["tiers"],
        "change_type": [material["change_type"]],
        "mode": [material["mode"]],
        "environment": sorted({row.environment for row in scope}),
        "service": sorted({row.service for row in scope}),
        "layer": sorted({row.layer for row in scope}),
        "team": [material["team"]],
        "expected_users": material["expected_users"],
        "begins_at": datetime.fromisoformat(material["starts_at"]),
    }


def policy_for(window_id: int, material: dict[str, Any]) -> PolicyRow:
    """The policy row that decides about this window now."""
    return policy_fitting(material, scope_of(window_id))


def policy_fitting(material: dict[str, Any], scope: tuple[ScopeView, ...]) -> PolicyRow:
    """The policy row that would decide about such a window."""
    rows = [row_of(policy) for policy in Policy.objects.filter(is_enabled=True).order_by("position", "id")]
    facts = policy_facts(material, scope)
    if any(BUDGET_BELOW in row.match for row in rows):
        facts |= smallest_budget({(one.service, one.environment) for one in scope}, clock())
    return match(rows, facts)


def row_of(policy: Policy) -> PolicyRow:
    return PolicyRow(policy.name, policy.match, requirements(policy.requires), policy.separate_executor, bounds_of(policy.bounds))


def requirements(stored: list[dict[str, Any]]) -> tuple[Requirement, ...]:
    return tuple(Requirement(entry["role"], entry.get("quorum", 1), entry.get("team", "owner"), entry.get("turn", 1)) for entry in stored)


def signers(policy: PolicyRow, material: dict[str, Any]) -> list[list[Any]]:
    """Who holds, at this moment, a role that may fill a place: [[person id, team, role]]."""
    wanted = places(policy.requires, material["team"], material["affected_teams"])
    held = Membership.objects.filter(role__in={place.role for place in wanted}, person__is_active=True)
    teams = {place.team for place in wanted if place.role != Role.SRE}
    if None not in teams and not any(place.role == Role.SRE for place in wanted):
        held = held.filter(team__slug__in=[team for team in teams if team])
    rows = held.order_by("person_id", "team__slug", "role").values_list("person_id", "team__slug", "role")
    return [list(row) for row in rows if any(place.fits([row[1:]]) for place in wanted)]


def roles_now(person_ids: set[int]) -> dict[int, Roles]:
    """The roles that these people hold at this moment; who is disabled holds none and is left out."""
    found: dict[int, set[tuple[str, str]]] = {
        pk: set() for pk in Person.objects.filter(pk__in=person_ids, is_active=True).values_list("pk", flat=True)
    }
    held = Membership.objects.filter(person__in=person_ids, person__is_active=True)
    for person_id, team, role in held.values_list("person_id", "team__slug", "role"):
        found.setdefault(person_id, set()).add((team, role))
    return {person_id: frozenset(roles) for person_id, roles in found.items()}


def moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds")
