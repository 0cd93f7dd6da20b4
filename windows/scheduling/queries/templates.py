"""Standard changes: the catalogue of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from windows.errors import NotFound
from windows.runbooks.queries import current_first
from windows.scheduling.models import ChangeTemplate
from windows.scheduling.pre_authorised import Hours


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateView:
    """A standard change as surfaces show it. `newest` is the version of its runbook in force, where it has one."""

    id: int
    name: str
    team: str
    team_name: str
    reason: str
    scope: tuple[Mapping[str, Any], ...]
    runbook: str | None
    runbook_version: int | None
    runbook_version_id: int | None
    newest: int | None
    parameters: Mapping[str, Any]
    mode: str
    expected_impact: str
    expected_alerts: list[dict[str, Any]]
    minutes: int
    hours: Hours
    made_by: str
    made_at: datetime
    retired_at: datetime | None
    is_example: bool

    @property
    def superseded(self) -> bool:
        """Another version of its runbook is in force: the template still means the one that was authorised."""
        return self.newest is not None and self.newest != self.runbook_version

    @property
    def places(self) -> list[str]:
        return [f"{row['service']}, {row['environment']}" + ("" if row["region"] == "*" else f"/{row['region']}") for row in self.scope]


def rows() -> QuerySet[Any, dict[str, Any]]:
    newest = current_first().filter(runbook=OuterRef("runbook_version__runbook")).values("number")[:1]
    names = (
        "id",
        "name",
        "reason",
        "parameters",
        "mode",
        "expected_impact",
        "expected_alerts",
        "minutes",
        "made_at",
        "retired_at",
        "is_example",
    )
    told = ("scope", "days", "opens", "closes", "timezone", "runbook_version_id")
    found: QuerySet[Any, dict[str, Any]] = ChangeTemplate.objects.order_by("name", "id").values(
        *names, *told, team_slug=F("team__slug"), team_called=F("team__name"), by=F("made_by__name"),
        runbook=F("runbook_version__runbook__slug"), number=F("runbook_version__number"), newest=Subquery(newest),
    )  # fmt: skip
    return found


def view(row: Mapping[str, Any]) -> TemplateView:
    said = dict(row)
    hours = hours_of(*(said.pop(name) for name in ("days", "opens", "closes", "timezone")))
    return TemplateView(
        team=said.pop("team_slug"), team_name=said.pop("team_called"), made_by=said.pop("by"), scope=tuple(said.pop("scope")),
        runbook_version=said.pop("number"), hours=hours, **said,
    )  # fmt: skip


def hours_of(days: list[str], opens: time | None, closes: time | None, timezone: str) -> Hours:
    return Hours(tuple(days), opens, closes, timezone)


def change_templates(*, team: str = "", retired: bool = False, limit: int = 50, after: tuple[str, int] | None = None) -> list[TemplateView]:
    """Those in force by name, or those that are retired; up to limit + 1: the one too many says that there are more."""
    found = rows().filter(retired_at__isnull=not retired)
    if team:
        found = found.filter(team__slug=team)
    if after is not None:
        found = found.filter(Q(name__gt=after[0]) | Q(name=after[0], id__gt=after[1]))
    return [view(row) for row in found[: limit + 1]]


def change_template(template_id: int) -> TemplateView:
    row = rows().filter(pk=template_id).first()
    if row is None:
        raise NotFound("There is no such template.")
    return view(row)
