"""Verb: say which work must have been rehearsed (N15). Administrators only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from windows.access.roles import Actor, Subject, Verb, require
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.catalogue.models import Environment
from windows.errors import Invalid
from windows.execution.models import RehearsalPolicy
from windows.execution.queries.rehearsals import rule
from windows.execution.rehearsing import Rule
from windows.scheduling.commands.transactions import one_transaction

THE_ONE = 1
POLICY = Subject(called="the rehearsal policy")
LONGEST = 1000  # days


@one_transaction
def save_rehearsal_policy(
    actor: Actor, *, tier: int, environments: Sequence[str], good_for_days: int, since: datetime | None = None
) -> Rule:
    """It holds from the next preflight on, for windows that are approved already too. Invalid names the field."""
    require(actor, Verb.EDIT_POLICY, POLICY)
    if isinstance(tier, bool) or not 0 <= tier <= 4:
        raise Invalid("Write a tier from 1 to 4, or 0 for none.", field="tier")
    if not 1 <= good_for_days <= LONGEST:
        raise Invalid(f"Write a number of days from 1 to {LONGEST}.", field="good_for_days")
    wanted = sorted(set(environments))
    if unknown := sorted(set(wanted) - set(Environment.objects.values_list("slug", flat=True))):
        raise Invalid(f"There is no environment “{unknown[0][:63]}”.", field="environments")
    if tier and not wanted:
        raise Invalid("Name an environment, or set the tier to 0.", field="environments")
    now = clock()
    if since is not None and since > now:
        raise Invalid("A change that lies ahead has changed nothing yet.", field="since")
    before = rule()
    RehearsalPolicy.objects.update_or_create(
        pk=THE_ONE,
        defaults={
            "tier": tier, "environments": wanted, "good_for_days": good_for_days, "since": since, "edited_by": actor.name, "edited_at": now
        },
    )  # fmt: skip
    found = rule()
    record("rehearsal_policy.edited", actor, "rehearsal-policy", data={"before": before.told, "after": found.told})
    return found
