"""Verbs: ask for approval, and take the asking back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db.models import Max

from windows.access.roles import Actor, Verb, require
from windows.approvals.models import ApprovalRequest, RequestStatus
from windows.approvals.policy import FALLBACK, PolicyRow, bounded, digest
from windows.approvals.queries.authorised import not_standard
from windows.approvals.queries.budgets import enough_budget
from windows.approvals.queries.material import material_of, policy_for, signers
from windows.audit.clock import clock
from windows.errors import Conflict, Forbidden
from windows.lifecycle.states import WindowStatus
from windows.runbooks.queries import spec_of
from windows.runbooks.spec import resolve
from windows.scheduling import texts
from windows.scheduling.commands.overriding import give_reason
from windows.scheduling.commands.transactions import line_up_for_rules, one_transaction, see_freezes
from windows.scheduling.commands.transitions import locked, move
from windows.scheduling.conflicts import ConflictFinding, Severity
from windows.scheduling.models import Window
from windows.scheduling.queries import conflicts_of, subject_of
from windows.scheduling.queries.overrides import open_conflicts
from windows.scheduling.times import EARLIER


@one_transaction
def request_window(actor: Actor, window_id: int, *, reason: str = "") -> Window:
    """Ask for approval and take the slot. A hard conflict refuses (409, `findings`); a soft one takes a `reason`, and a second
    person who agrees before the window is approved.

    A pre-authorised standard change is approved at once, while a template in force allows it, error budget is enough and no soft
    conflict waits for its second person.
    """
    return requested(actor, window_id, reason)


def requested(actor: Actor, window_id: int, reason: str = "") -> Window:
    """`request_window`, inside the caller's transaction."""
    see_freezes()
    line_up_for_rules()
    window = locked(window_id)
    require(actor, Verb.REQUEST, subject_of(window))
    if window.status != WindowStatus.DRAFT:
        raise Conflict(f"{window.reference} is {window.status}; only a draft is requested.", field="status")
    why = texts.lines(reason, "reason")
    findings = acceptable(actor, window, why)
    told = {"conflicts": [asdict(finding) for finding in findings], "conflict_reason": why}
    window = move(window_id, WindowStatus.REQUESTED, actor, "window.requested", expected=WindowStatus.DRAFT, data=told)
    return open_request(actor, window, findings, why)


def acceptable(actor: Actor, window: Window, reason: str) -> list[ConflictFinding]:
    """The soft and advisory findings of a window that may be asked for, as everybody may read them: no confidential rival is named.

    Conflict, in the actor's eyes, for what stands in its way; Invalid names the parameter that its runbook does not take.
    """
    if window.runbook_version is not None:
        resolve(spec_of(window.runbook_version), window.parameters)
    now = clock()
    if window.starts_at < now - EARLIER:
        raise Conflict("The start has passed. Move the window first.", field="starts_at")
    findings = conflicts_of(window.pk, actor, now)
    refuse_hard(findings)
    unasked, _ = open_conflicts(window, now)
    answer_soft(actor, window, unasked, reason, findings)
    return conflicts_of(window.pk, now=now)


def answer_soft(actor: Actor, window: Window, unasked: list[ConflictFinding], reason: str, findings: list[ConflictFinding]) -> None:
    """Give the reason for soft conflicts that nobody has answered; Conflict, in the words of what the actor may read, without one."""
    if unasked and not reason:
        open_keys = {finding.key for finding in unasked}
        soft = [f for f in findings if f.key in open_keys] or [f for f in findings if f.severity is Severity.SOFT] or unasked
        detail = f"{soft[0].why} Give a reason to go ahead all the same; an owner or SRE other than you must agree to it."
        raise Conflict(detail, field="reason", rival=soft[0].who, findings=[asdict(f) for f in soft])
    if unasked:
        give_reason(actor, window, unasked, reason)


def refuse_hard(findings: list[ConflictFinding]) -> None:
    """Conflict naming the first hard finding: its kind as the field, whom as the rival, all of them as `findings`."""
    hard = [finding for finding in findings if finding.severity is Severity.HARD]
    if hard:
        first = hard[0]
        raise Conflict(f"{first.why} {first.resolve}", field=first.kind.value, rival=first.who, findings=[asdict(f) for f in hard])


def open_request(actor: Actor, window: Window, findings: list[ConflictFinding], reason: str) -> Window:
    """Bind a new request to the digest of what the window is now, under the policy that fits now. Inside the caller's transaction."""
    if actor.person_id is None:
        raise Forbidden("Approval is asked for by a person.", verb=Verb.REQUEST.value)
    material = material_of(window.pk)
    policy = demanded(window, material)
    last = ApprovalRequest.objects.filter(window=window).aggregate(last=Max("number"))["last"] or 0
    request = ApprovalRequest.objects.create(
        window=window,
        number=last + 1,
        digest=digest(material),
        material=material,
        policy=policy.name[:120],
        requires=[need.stored() for need in policy.requires],
        separate_executor=policy.separate_executor,
        signers=signers(policy, material),
        conflicts=[asdict(finding) for finding in findings],
        conflict_reason=reason,
        requester_id=actor.person_id,
    )
    if policy.requires:
        return window
    return grant(request, Actor(name=f"Policy “{policy.name}”", person_id=None, via="policy"), {"approvers": []}, same_edit=True)


def demanded(window: Window, material: dict[str, Any]) -> PolicyRow:
    """The policy that decides about the window now: where it is only nearly pre-authorised, the owner signs and its name says why.
    Conflict where the window is beyond the policy's bounds and nobody may sign for that."""
    row = policy_for(window.pk, material)
    policy, beyond = bounded(row, window.change_type, window.starts_at, window.ends_at, clock())
    if beyond and not row.bounds.else_role:
        field = "starts_at" if beyond[0].startswith("It must be asked") else "ends_at"
        raise Conflict(f"The policy “{row.name}” does not allow it: {' '.join(beyond)}", field=field, reasons=beyond)
    lacking = "no template allows this" if not_standard(policy, material) else ""
    if not policy.requires and not lacking and not enough_budget(window.pk):
        lacking = "error budget is not enough"
    if not policy.requires and not lacking and any(open_conflicts(window)):
        lacking = "a soft conflict"
    if lacking:
        return PolicyRow(f"{policy.name} ({lacking}: the owner signs)", {}, FALLBACK.requires, policy.separate_executor)
    return policy


def grant(request: ApprovalRequest, actor: Actor, data: dict[str, Any], *, same_edit: bool = False) -> Window:
    """The request is granted and its window approved."""
    request.status = RequestStatus.GRANTED.value
    request.decided_at = clock()
    request.save(update_fields=["status", "decided_at"])
    data = {"request": request.number, "digest": request.digest, "policy": request.policy, **data}
    return move(
        request.window_id, WindowStatus.APPROVED, actor, "window.approved", expected=WindowStatus.REQUESTED, data=data, same_edit=same_edit
    )


@one_transaction
def withdraw(actor: Actor, window_id: int) -> Window:
    """Take a request back: the window is a draft again and gives its slot up."""
    window = locked(window_id)
    require(actor, Verb.DRAFT, subject_of(window))
    window = move(window_id, WindowStatus.DRAFT, actor, "window.withdrawn", expected=WindowStatus.REQUESTED)
    close_request(window, RequestStatus.WITHDRAWN)
    return window


def close_request(window: Window, status: RequestStatus, **columns: Any) -> ApprovalRequest | None:
    """End the request in force, if there is one."""
    request = in_force(window)
    if request is not None:
        ApprovalRequest.objects.filter(pk=request.pk).update(status=status.value, decided_at=clock(), **columns)
    return request


def in_force(window: Window) -> ApprovalRequest | None:
    return ApprovalRequest.objects.filter(window=window, status__in=[RequestStatus.OPEN.value, RequestStatus.GRANTED.value]).first()
