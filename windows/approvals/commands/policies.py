"""Verbs: save and delete an approval policy. Administrators only; a request keeps what was demanded when it was made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from windows.access.roles import Actor, Subject, Verb, require
from windows.approvals.bounds import checked_bounds
from windows.approvals.models import Policy
from windows.approvals.policy import SIGNING, checked_match, checked_requires
from windows.audit.commands import record
from windows.errors import Conflict, Invalid, NotFound
from windows.scheduling import texts
from windows.scheduling.commands.transactions import one_transaction

POLICIES = Subject(called="approval policies")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDraft:
    """A policy as an administrator writes it; `match` and `requires` are plain JSON as in approvals.models.Policy."""

    name: str
    position: int
    match: dict[str, Any] = field(default_factory=dict)
    requires: list[dict[str, Any]] = field(default_factory=list)
    separate_executor: bool = False
    bounds: dict[str, Any] = field(default_factory=dict)
    is_enabled: bool = True


@one_transaction
def save_policy(actor: Actor, draft: PolicyDraft, *, policy_id: int | None = None, is_example: bool = False) -> Policy:
    """Create a policy, or replace the one with this id. Invalid names the field; Conflict when the name is taken."""
    require(actor, Verb.EDIT_POLICY, POLICIES)
    policy = Policy(is_example=is_example) if policy_id is None else found(policy_id)
    before = None if policy.pk is None else told(policy)
    policy.name = texts.line(draft.name, "name", longest=100, required=True)
    if isinstance(draft.position, bool) or not isinstance(draft.position, int) or not 0 <= draft.position < 10_000:
        raise Invalid("Write a whole number from 0 to 9999.", field="position")
    policy.position = draft.position
    policy.match = texts.plain_json(checked_match(draft.match), "match")
    policy.bounds = checked_bounds(draft.bounds, SIGNING)
    policy.requires = [need.stored() for need in checked_requires(draft.requires)]
    policy.separate_executor, policy.is_enabled = bool(draft.separate_executor), bool(draft.is_enabled)
    if Policy.objects.filter(name=policy.name).exclude(pk=policy.pk).exists():
        raise Conflict("Another policy has this name.", field="name", rival=policy.name)
    policy.save()
    kind = "policy.created" if before is None else "policy.edited"
    record(kind, actor, f"policy:{policy.pk}", data={"before": before, "after": told(policy)})
    return policy


@one_transaction
def delete_policy(actor: Actor, policy_id: int) -> None:
    """Remove a policy. Requests that were made under it keep their demands."""
    require(actor, Verb.EDIT_POLICY, POLICIES)
    policy = found(policy_id)
    record("policy.deleted", actor, f"policy:{policy.pk}", data={"before": told(policy)})
    policy.delete()


def found(policy_id: int) -> Policy:
    policy = Policy.objects.select_for_update().filter(pk=policy_id).first()
    if policy is None:
        raise NotFound("There is no such policy.")
    return policy


def told(policy: Policy) -> dict[str, Any]:
    names = ("name", "position", "match", "requires", "separate_executor", "bounds", "is_enabled")
    return {name: getattr(policy, name) for name in names}
