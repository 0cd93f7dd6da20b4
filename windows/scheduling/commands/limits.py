"""Verbs: set and withdraw a limit on windows at the same time. A policy: an administrator's to make."""

from __future__ import annotations

from windows.access.roles import Actor, Subject, Verb, require
from windows.audit.commands import record
from windows.catalogue.models import Environment, Service, Team
from windows.errors import Invalid, NotFound
from windows.scheduling import texts
from windows.scheduling.commands.freezes import known, one_of
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.conflicts import Severity
from windows.scheduling.models import ConcurrencyLimit

MOST = 1000


@one_transaction
def set_limit(
    actor: Actor, title: str, at_most: int, *, severity: str = "soft", team: str = "", platform: str = "", environment: str = ""
) -> ConcurrencyLimit:
    """At most so many windows at once for a team, or a platform with what needs it; the same title again changes it."""
    require(actor, Verb.EDIT_POLICY, Subject(called="limits"))
    called = texts.line(title, "title", required=True, longest=120)
    if isinstance(at_most, bool) or not isinstance(at_most, int) or not 1 <= at_most <= MOST:
        raise Invalid(f"Say a whole number from 1 to {MOST}.", field="at_most")
    if not team and not platform:
        raise Invalid("Say whose windows are counted: a team's, or a platform's.", field="team")
    known(Team, [team] if team else [], "team")
    known(Service, [platform] if platform else [], "platform")
    known(Environment, [environment] if environment else [], "environment")
    limit = ConcurrencyLimit.objects.select_for_update().filter(title=called).first() or ConcurrencyLimit(title=called)
    limit.at_most = at_most
    limit.severity = one_of(severity, [s.value for s in Severity], "severity")
    limit.team = Team.objects.filter(slug=team).first()
    limit.platform = Service.objects.filter(slug=platform).first()
    limit.environment = environment
    limit.save()
    told = {"title": called, "at_most": at_most, "severity": limit.severity, "team": team, "platform": platform, "environment": environment}
    record("limit.set", actor, f"limit:{limit.pk}", data=told)
    return limit


@one_transaction
def withdraw_limit(actor: Actor, limit_id: int) -> None:
    """Windows are no longer counted."""
    require(actor, Verb.EDIT_POLICY, Subject(called="limits"))
    limit = ConcurrencyLimit.objects.select_for_update().filter(pk=limit_id).first()
    if limit is None:
        raise NotFound("There is no such limit here.")
    limit.delete()
    record("limit.withdrawn", actor, f"limit:{limit_id}", data={"title": limit.title, "at_most": limit.at_most})
