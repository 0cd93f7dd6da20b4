"""Verbs: set and withdraw a budget of windows a month. A policy: an administrator's to make."""

from __future__ import annotations

from windows.access.roles import Actor, Subject, Verb, require
from windows.audit.commands import record
from windows.catalogue.models import Service
from windows.errors import Invalid, NotFound
from windows.scheduling.commands.freezes import known, one_of
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.conflicts import Severity
from windows.scheduling.models import WindowBudget

MOST = 1000
TIERS = (1, 2, 3, 4)


@one_transaction
def set_window_budget(actor: Actor, at_most: int, *, severity: str = "soft", service: str = "", tier: int | None = None) -> WindowBudget:
    """At most so many windows a month for a service, a tier, or every service; set again it changes. A soft budget that is spent takes
    a reason and a second person, a hard one refuses, an advisory one is shown."""
    require(actor, Verb.EDIT_POLICY, Subject(called="window budgets"))
    if isinstance(at_most, bool) or not isinstance(at_most, int) or not 1 <= at_most <= MOST:
        raise Invalid(f"Say a whole number from 1 to {MOST}.", field="at_most")
    if tier is not None and (service or isinstance(tier, bool) or tier not in TIERS):
        raise Invalid("Say a service, or a tier from 1 to 4, or neither for every service.", field="tier")
    known(Service, [service] if service else [], "service")
    of = Service.objects.filter(slug=service).first() if service else None
    budget = WindowBudget.objects.select_for_update(of=("self",)).filter(service=of, tier=tier).first() or WindowBudget(
        service=of, tier=tier
    )
    budget.at_most, budget.severity = at_most, one_of(severity, [s.value for s in Severity], "severity")
    budget.save()
    record(
        "window_budget.set", actor, str(budget), data={"service": service, "tier": tier, "at_most": at_most, "severity": budget.severity}
    )
    return budget


@one_transaction
def withdraw_window_budget(actor: Actor, budget_id: int) -> None:
    """The next wider budget holds, if there is one."""
    require(actor, Verb.EDIT_POLICY, Subject(called="window budgets"))
    budget = WindowBudget.objects.select_for_update(of=("self",)).select_related("service").filter(pk=budget_id).first()
    if budget is None:
        raise NotFound("There is no such budget here.")
    record(
        "window_budget.withdrawn",
        actor,
        str(budget),
        data={"service": budget.service.slug if budget.service else "", "at_most": budget.at_most},
    )
    budget.delete()
