"""A request as far as it can be judged: from a saved window, or from a form that is still being filled in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F

from slo.intervals import Interval
from windows.access.roles import Actor
from windows.catalogue.models import Person, Service, Team
from windows.errors import Invalid, NotFound
from windows.lifecycle.states import ChangeType, Mode
from windows.runbooks.models import RunbookVersion
from windows.scheduling.commands.editing import expanded
from windows.scheduling.conflicts import Candidate, Place
from windows.scheduling.forms import heard
from windows.scheduling.models import Window
from windows.scheduling.queries import ScopeView, WindowView, window_view
from windows.scheduling.queries.forecasts import Planned


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What judgements need of a request. `window_id` is None while nothing is saved; `involved` may not sign it."""

    window_id: int | None
    starts_at: datetime
    ends_at: datetime
    timezone: str
    scope: tuple[ScopeView, ...]
    team: str
    mode: str
    change_type: str
    confidential: bool = False
    slack: float = 0.0
    expected_users: int | None = None
    coordinator: tuple[int, str] | None = None
    deputy: tuple[int, str] | None = None
    owner: tuple[int, str] | None = None
    runbook_version_id: int | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    involved: frozenset[int] = frozenset()

    @property
    def candidate(self) -> Candidate:
        return Candidate(
            reference=f"MW-{self.window_id}" if self.window_id else "this draft",
            begins=self.starts_at,
            ends=self.ends_at,
            places=frozenset(Place(row.service, row.environment, row.region, row.team, row.tier) for row in self.scope),
            coordinator=self.coordinator,
            deputy=self.deputy,
            owner=self.owner,
            emergency=self.change_type == ChangeType.EMERGENCY,
            takes_down=self.mode != Mode.NORMAL,
        )

    @property
    def planned(self) -> Planned:
        version = RunbookVersion.objects.filter(pk=self.runbook_version_id or 0).values_list("runbook", flat=True).first()
        period = Interval(self.starts_at, self.ends_at)
        return Planned(self.window_id, period, self.timezone, frozenset(self.places), self.mode, self.slack, self.expected_users, version)

    @property
    def places(self) -> set[tuple[str, str]]:
        return {(row.service, row.environment) for row in self.scope}


def of_window(view: WindowView) -> Outline:
    return Outline(
        window_id=view.id,
        starts_at=view.starts_at,
        ends_at=view.ends_at,
        timezone=view.timezone,
        scope=view.scope,
        team=view.team,
        mode=view.mode,
        change_type=view.change_type,
        confidential=view.confidential,
        slack=view.slack,
        expected_users=view.expected_users,
        coordinator=(view.coordinator.id, view.coordinator.name),
        deputy=(view.deputy.id, view.deputy.name) if view.deputy else None,
        owner=(view.owner.id, view.owner.name),
        runbook_version_id=view.runbook_version_id,
        parameters=view.parameters,
        involved=frozenset({view.created_by.id}),
    )


def of_form(sent: Any, actor: Actor) -> tuple[Outline | None, list[str]]:
    """What is typed, and what is still lacking for a judgement, in words."""
    found = heard(sent)
    said, lacking = found.said, [error.detail for name, error in found.errors.items() if name in ("starts_at", "minutes", "timezone")]
    try:
        scope = seen(said["scope"]) if said["scope"] else ()
    except Invalid as error:
        scope, lacking = (), [*lacking, error.detail]
    if not said["scope"]:
        lacking.append("Choose a service.")
    if not scope or "starts_at" not in said or said["ends_at"] <= said["starts_at"]:
        return None, lacking or ["Say where and when."]
    ids = [said.get(name) or 0 for name in ("coordinator_id", "deputy_id", "owner_id")]
    people = dict(Person.objects.filter(pk__in=ids).values_list("pk", "name"))
    saved = saved_as(sent.get("draft", ""), actor)

    def named(person_id: int | None) -> tuple[int, str] | None:
        return (person_id, people[person_id]) if person_id in people and person_id is not None else None

    return Outline(
        window_id=saved.id if saved else None,
        starts_at=said["starts_at"],
        ends_at=said["ends_at"],
        timezone=said["timezone"],
        scope=scope,
        team=said["team"] if Team.objects.filter(slug=said["team"]).exists() else scope[0].team,
        mode=said["mode"] if said["mode"] in set(Mode) else Mode.DEGRADED.value,
        change_type=said["change_type"] if said["change_type"] in set(ChangeType) else ChangeType.NORMAL.value,
        confidential=said["confidential"],
        slack=said.get("slack", 0.0),
        expected_users=said.get("expected_users"),
        coordinator=named(said.get("coordinator_id")),
        deputy=named(said.get("deputy_id")),
        owner=named(said.get("owner_id")),
        runbook_version_id=known(said.get("runbook_version_id")),
        parameters=said["parameters"],
        involved=frozenset({actor.person_id or 0, *({saved.created_by.id} if saved else ())}),
    ), lacking


def seen(rows: Any) -> tuple[ScopeView, ...]:
    """Scope rows as typed, wildcards expanded, with what services are."""
    concrete = expanded(rows)
    slugs = {row.place.service for row in concrete}
    told = Service.objects.filter(slug__in=slugs).annotate(owner=F("team__slug"))
    facts = {slug: (name, team, tier) for slug, name, team, tier in told.values_list("slug", "name", "owner", "tier")}
    found = []
    for row in concrete:
        name, team, tier = facts[row.place.service]
        found.append(ScopeView(row.place.service, name, team, tier, row.place.environment, row.place.region, row.layer))
    return tuple(found)


def saved_as(draft: str, actor: Actor) -> WindowView | None:
    """The window that this form has been saved as, if it has been; NotFound where it is not for these eyes."""
    try:
        found = Window.objects.filter(uid=UUID(draft)).values_list("pk", flat=True).first()
    except ValueError:
        return None
    return window_view(found, actor) if found else None


def known(version_id: int | None) -> int | None:
    return version_id if version_id and RunbookVersion.objects.filter(pk=version_id).exists() else None


def version_of(outline: Outline) -> RunbookVersion | None:
    if outline.runbook_version_id is None:
        return None
    version = RunbookVersion.objects.select_related("runbook").filter(pk=outline.runbook_version_id).first()
    if version is None:
        raise NotFound("There is no such runbook version.")
    return version
