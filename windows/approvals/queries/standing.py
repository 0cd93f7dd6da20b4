"""Whether a window's approval still stands: asked again, from the live rows, whenever something is about to begin."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from windows.approvals.models import Approval, ApprovalRequest, Decision, RequestStatus
from windows.approvals.policy import Place, Signature, differences, digest, missing, places, told
from windows.approvals.queries.material import materials_of, requirements, roles_now
from windows.errors import NotFound
from windows.lifecycle.states import WindowStatus
from windows.scheduling.models import Window

APPROVED = (WindowStatus.APPROVED.value, WindowStatus.RUNNING.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`reasons` say in sentences why it does not stand, `fields` name what differs, `digest` is that of the live rows."""

    valid: bool
    reasons: tuple[str, ...]
    fields: tuple[str, ...]
    digest: str
    request: int | None  # its number
    policy: str
    approvers: tuple[int, ...]
    separate_executor: bool


def standing(window_id: int, executor_id: int | None = None) -> Standing:
    """Re-evaluate a window's approval: digest of the live material fields, approvers active and in their roles, executor apart.

    Everything is read from the database. For a decision that must not race with an edit use `commands.claim_start`.
    """
    found = standings([window_id], executor_id)
    if not found:
        raise NotFound("There is no such window.")
    return found[window_id]


def standings(window_ids: Collection[int], executor_id: int | None = None) -> dict[int, Standing]:
    """The same for several windows: the number of queries does not follow how many."""
    windows = {row.pk: row for row in Window.objects.filter(pk__in=window_ids).only("status", "created_by_id", "edited_by_id")}
    materials = materials_of(window_ids)
    requests = ApprovalRequest.objects.filter(window__in=window_ids).order_by("window_id", "-number").distinct("window_id")
    latest = {request.window_id: request for request in requests}
    granted = [request for request in latest.values() if request.status == RequestStatus.GRANTED]
    signed = signatures_of({request.pk: barred_from(windows[request.window_id], request) for request in granted})
    return {pk: judged(window, materials[pk], latest.get(pk), signed, executor_id) for pk, window in windows.items() if pk in materials}


def judged(
    window: Window,
    material: dict[str, Any],
    latest: ApprovalRequest | None,
    signed_for: Mapping[int, list[Signature]],
    executor_id: int | None,
) -> Standing:
    reasons: list[str] = []
    fields: list[str] = []
    approvers: list[int] = []
    if window.status not in APPROVED:
        reasons.append(f"The window is {window.status}, not approved.")
    if latest is None:
        reasons.append("Nobody has asked for approval.")
    else:
        changed = differences(latest.material, material) if latest.digest != digest(material) else lapsed_before(window.pk, latest)
        reasons += [f"{change['field']} was {change['before']} when it was approved and is {change['after']} now." for change in changed]
        fields += [change["field"] for change in changed]
        if latest.status == RequestStatus.GRANTED:
            signed = signed_for.get(latest.pk, [])
            approvers = [signature.person_id for signature in signed]
            hands = {signature.hand for signature in signed}
            reasons += [f"A signature no longer counts: {word} is missing." for word in told(empty_places(latest, material, signed))]
            if latest.separate_executor and executor_id is not None and executor_id in {*approvers, *hands}:
                reasons.append("Who approved this window may not start it.")
                fields.append("executor")
        elif window.status in APPROVED:
            reasons.append(f"The request for approval is {latest.status}.")
    if window.status not in APPROVED:
        fields.append("status")
    return Standing(
        valid=not reasons,
        reasons=tuple(reasons),
        fields=tuple(dict.fromkeys(fields)),
        digest=digest(material),
        request=latest.number if latest else None,
        policy=latest.policy if latest else "",
        approvers=tuple(approvers),
        separate_executor=latest.separate_executor if latest else False,
    )


def lapsed_before(window_id: int, latest: ApprovalRequest) -> list[dict[str, Any]]:
    """While a new request is open: what made the one before it lapse, so that a refusal can name the field."""
    if latest.status != RequestStatus.OPEN:
        return []
    before = ApprovalRequest.objects.filter(window=window_id, number=latest.number - 1, status=RequestStatus.LAPSED.value).first()
    return list(before.lapsed_because) if before else []


def barred_from(window: Window, request: ApprovalRequest) -> frozenset[int]:
    """Whose signature never counts: who asked, who made the window, who last changed what approvals are bound to."""
    return frozenset(pk for pk in (request.requester_id, window.created_by_id, window.edited_by_id) if pk is not None)


def counted(request: ApprovalRequest, barred: frozenset[int]) -> list[Signature]:
    """The signatures that count now: the person is active, not barred, and still holds a role it was given under."""
    return signatures_of({request.pk: barred}).get(request.pk, [])


def signatures_of(requests: Mapping[int, frozenset[int]]) -> dict[int, list[Signature]]:
    """The same for several requests, by id, each with whom it bars; no query where none is given."""
    if not requests:
        return {}
    given = Approval.objects.filter(request__in=list(requests), decision=Decision.APPROVED.value).select_related("approver", "on_behalf_of")
    rows = list(given.order_by("id"))
    now = roles_now({pk for row in rows for pk in (row.approver_id, row.on_behalf_of_id) if pk is not None})
    found: dict[int, list[Signature]] = {}
    for row in rows:
        place, name = row.on_behalf_of_id or row.approver_id, row.approver.name
        if row.on_behalf_of is not None:
            name = f"{name} for {row.on_behalf_of.name}"
        roles = frozenset((team, role) for team, role in row.roles) & now.get(place, frozenset())
        if roles and row.approver_id in now and not {place, row.approver_id} & requests[row.request_id]:
            found.setdefault(row.request_id, []).append(Signature(place, name, roles, row.approver_id))
    return found


def wanted_places(request: ApprovalRequest, material: dict[str, Any]) -> list[Place]:
    return places(requirements(request.requires), material["team"], material["affected_teams"])


def empty_places(request: ApprovalRequest, material: dict[str, Any], signed: list[Signature]) -> list[Place]:
    return missing(wanted_places(request, material), signed)
