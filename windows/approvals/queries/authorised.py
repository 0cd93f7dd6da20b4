"""Whether a change needs nobody's signature: what a policy leaves to pre-authorisation, and what that takes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from windows.alerts.expected import as_lines
from windows.approvals.policy import PolicyRow
from windows.catalogue.models import Service
from windows.lifecycle.states import ChangeType
from windows.scheduling.models import ChangeTemplate
from windows.scheduling.pre_authorised import Allowed, Change, agreed, beyond, service_in
from windows.scheduling.queries.templates import hours_of


def not_standard(policy: PolicyRow, material: Mapping[str, Any]) -> list[str]:
    """Why a policy for standard changes does not go without a signature: a window is not pre-authorised by calling itself so.

    Empty where a template in force allows it, and where the policy asks nobody for another reason than the change's type.
    """
    if policy.requires or "change_type" not in policy.match or material["change_type"] != ChangeType.STANDARD:
        return []
    asked = Change(
        scope=frozenset(material["scope"]), mode=material["mode"], runbook=material["runbook"], parameters=material["parameters"],
        expected=frozenset(material.get("expected_alerts", ())),
    )  # fmt: skip
    begins, ends = (datetime.fromisoformat(material[name]) for name in ("starts_at", "ends_at"))
    return template_allowing(material["team"], asked, begins, ends)


def template_allowing(team: str, asked: Change, begins: datetime, ends: datetime) -> list[str]:
    """Nothing where a template in force of the team allows the change; else what is beyond the nearest one. A place that came later, or a
    service that has gone to another team, nobody has authorised."""
    nearest: list[str] = []
    owners = dict(Service.objects.filter(slug__in={service_in(place) for place in asked.scope}).values_list("slug", "team__slug"))
    for one in ChangeTemplate.objects.filter(team__slug=team, retired_at=None).select_related("runbook_version").order_by("name", "id"):
        version = one.runbook_version
        places = agreed(one.authorised or {}, owners)
        allowed = Change(
            scope=places, mode=one.mode, runbook=version.digest if version else None, parameters=one.parameters,
            expected=frozenset(as_lines(one.expected_alerts).splitlines()),
        )  # fmt: skip
        hours = hours_of(one.days, one.opens, one.closes, one.timezone)
        found = beyond(asked, begins, ends, Allowed(allowed, timedelta(minutes=one.minutes), hours))
        if not found:
            return []
        if not nearest or len(found) < len(nearest):
            nearest = [f"The template “{one.name}” does not allow it: {found[0]}", *found[1:]]
    return nearest or [f"{team} has no template for it."]
