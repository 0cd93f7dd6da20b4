"""Verbs: make a standard change, retire it, plan a window from it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from windows.access.roles import Actor, Subject, Verb, require
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.catalogue.models import Service
from windows.errors import Conflict, Forbidden, Invalid, NotFound
from windows.lifecycle.states import ChangeType, Mode
from windows.runbooks.models import RunbookVersion
from windows.runbooks.queries import spec_of
from windows.runbooks.spec import resolve
from windows.scheduling import texts, times
from windows.scheduling.commands import editing
from windows.scheduling.commands.drafts import Draft, filed
from windows.scheduling.commands.editing import ScopeRow
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.models import ChangeTemplate, Window
from windows.scheduling.pre_authorised import DAYS, service_in
from windows.scheduling.queries.templates import change_template

OF_DAY = re.compile(r"\d\d:\d\d", re.ASCII)
SAID = ("team", "reason", "mode", "runbook_version_id", "parameters", "expected_impact", "expected_alerts", "timezone")
MOST = 100  # in force, of one team


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateDraft:
    """A standard change as it is said. `days` as MO to SU, none meaning any; `opens` and `closes` as 22:00, both or neither."""

    name: str
    team: str
    reason: str
    scope: tuple[ScopeRow, ...]
    minutes: int
    mode: str = Mode.DEGRADED.value
    runbook_version_id: int | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    expected_impact: str = ""
    expected_alerts: tuple[Mapping[str, Any], ...] = ()
    days: tuple[str, ...] = ()
    opens: str = ""
    closes: str = ""
    timezone: str = "UTC"


@one_transaction
def make_template(actor: Actor, draft: TemplateDraft, *, is_example: bool = False) -> ChangeTemplate:
    """Authorise a change once for all: in the places its wildcards mean now, while their services stay with the teams that agreed. It
    takes an owner of the team and of every team whose services it touches, or an SRE.

    Invalid names the field; Conflict(field="name") where the team has a template of this name in force.
    """
    called = f"standard changes of {draft.team}"
    require(actor, Verb.EDIT_TEMPLATE, Subject(team=draft.team, called=called))
    if actor.person_id is None:
        raise Forbidden("A standard change is authorised by a person.", verb=Verb.EDIT_TEMPLATE.value)
    said = {name: getattr(draft, name) for name in SAID}
    columns = editing.columns_of(said)
    rows = editing.expanded(draft.scope)
    owners = dict(Service.objects.filter(pk__in={row.place.service_id for row in rows}).values_list("slug", "team__slug"))
    for team in sorted(set(owners.values())):
        require(actor, Verb.EDIT_TEMPLATE, Subject(team=team, called=f"services of {team} in a standard change"))
    version = RunbookVersion.objects.select_related("runbook").filter(pk=columns["runbook_version_id"]).first()
    if version is not None:
        resolve(spec_of(version), columns["parameters"])
    longest = int(editing.longest_window() / timedelta(minutes=1))
    opens, closes = hours_in(draft.opens, draft.closes)
    template = ChangeTemplate(
        **columns,
        name=texts.line(draft.name, "name", longest=120, required=True),
        scope=editing.as_said(draft.scope),
        authorised={row.told: owners[service_in(row.told)] for row in rows},
        minutes=editing.number_between(draft.minutes, 1, longest, "minutes", whole=True),
        days=days_in(draft.days),
        opens=opens,
        closes=closes,
        made_by_id=actor.person_id,
        is_example=is_example,
    )
    if ChangeTemplate.objects.filter(team=template.team_id, retired_at=None).count() >= MOST:
        raise Invalid(f"A team has at most {MOST} standard changes; retire one first.", field="team")
    try:
        with transaction.atomic():
            template.save()
    except IntegrityError as error:
        if "change_template_once_a_name" not in str(error):
            raise
        raise Conflict(f"{draft.team} has a standard change “{template.name}” already. Retire it first.", field="name") from error
    told = {
        "name": template.name,
        "team": draft.team,
        "scope": [row.told for row in rows],
        "mode": template.mode,
        "minutes": template.minutes,
    }
    told |= {"runbook": str(version.digest) if version else None, "parameters": template.parameters}
    told |= {"expected_alerts": template.expected_alerts} if template.expected_alerts else {}
    told |= {"days": template.days, "opens": draft.opens, "closes": draft.closes, "timezone": template.timezone}
    record("change_template.made", actor, str(template), data=told)
    return template


def scope_rows(scope: Iterable[Mapping[str, Any]]) -> tuple[ScopeRow, ...]:
    """A template's scope as a request says it."""
    return tuple(ScopeRow(row["service"], row["environment"], row["region"], tuple(row["layers"])) for row in scope)


def days_in(days: tuple[str, ...]) -> list[str]:
    if wrong := [day for day in days if day not in DAYS]:
        raise Invalid(f"“{wrong[0][:20]}” is no day. Write {', '.join(DAYS)}.", field="days")
    return [day for day in DAYS if day in days]


def hours_in(opens: str, closes: str) -> tuple[time | None, time | None]:
    found = {name: clock_time(text, name) for name, text in (("opens", opens), ("closes", closes))}
    if (found["opens"] is None) != (found["closes"] is None):
        raise Invalid(
            "Say both when the hours open and when they close, or neither.", field="closes" if found["closes"] is None else "opens"
        )
    return found["opens"], found["closes"]


def clock_time(text: str, field: str) -> time | None:
    if not text:
        return None
    try:
        return time.fromisoformat(text if OF_DAY.fullmatch(text) else "")
    except ValueError:
        raise Invalid("Write a time of day as 22:00.", field=field) from None


@one_transaction
def retire_template(actor: Actor, template_id: int, reason: str) -> ChangeTemplate:
    """From now on it authorises nothing; what was approved under it stays approved."""
    template = ChangeTemplate.objects.select_for_update(of=("self",)).select_related("team").filter(pk=template_id).first()
    if template is None:
        raise NotFound("There is no such template.")
    require(actor, Verb.EDIT_TEMPLATE, Subject(team=template.team.slug, called=f"standard changes of {template.team.slug}"))
    why = texts.lines(reason, "reason", required=True)
    if template.retired_at is not None:
        raise Conflict("It is retired already.", field="template")
    template.retired_at = clock()
    template.save(update_fields=["retired_at"])
    record("change_template.retired", actor, str(template), data={"name": template.name, "team": template.team.slug, "reason": why})
    return template


@one_transaction
def plan_from_template(
    actor: Actor, template_id: int, starts_at: datetime | str, *, title: str = "", timezone: str = "",
    owner_id: int | None = None, coordinator_id: int | None = None,
) -> Window:  # fmt: skip
    """File a draft, filled: a standard change at a time. Owner and coordinator are the actor where nobody is named.

    Conflict(field="template") where it is retired.
    """
    ChangeTemplate.objects.select_for_update(of=("self",)).filter(pk=template_id).first()  # it is not retired meanwhile
    template = change_template(template_id)
    if template.retired_at is not None:
        raise Conflict(f"“{template.name}” is retired and authorises nothing any more.", field="template")
    begins = times.parse(starts_at, "starts_at")
    draft = Draft(
        title=title or template.name,
        reason=template.reason,
        team=template.team,
        owner_id=owner_id or actor.person_id or 0,
        coordinator_id=coordinator_id or actor.person_id or 0,
        starts_at=begins,
        ends_at=begins + timedelta(minutes=template.minutes),
        timezone=timezone or template.hours.timezone,
        scope=scope_rows(template.scope),
        mode=template.mode,
        change_type=ChangeType.STANDARD.value,
        runbook_version_id=template.runbook_version_id,
        parameters=template.parameters,
        expected_impact=template.expected_impact,
        expected_alerts=tuple(template.expected_alerts),
    )
    return filed(actor, draft, is_example=False)
