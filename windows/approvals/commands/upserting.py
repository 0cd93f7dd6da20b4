"""Verbs for programs that know a window by a key of their own: say what it should be; ask what would become of that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction

from windows.access.roles import Actor, visible
from windows.approvals.commands.amendments import amended
from windows.approvals.commands.requests import demanded, in_force, requested
from windows.approvals.policy import differences, places, told
from windows.approvals.queries.material import material_of, policy_for
from windows.audit.clock import clock
from windows.errors import Conflict
from windows.lifecycle.states import WindowStatus
from windows.scheduling import texts
from windows.scheduling.commands.drafts import Draft, edited, filed
from windows.scheduling.commands.transactions import line_up_for_rules, one_transaction, see_freezes
from windows.scheduling.conflicts import Severity
from windows.scheduling.models import Window
from windows.scheduling.queries import conflicts_of, subject_of


@dataclass(frozen=True, slots=True)
class Put:
    """The window, whether it was made now, and whether anything of it changed."""

    window: Window
    is_new: bool
    is_changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What would become of it. `refused` says why it could not be asked for, with the field; empty where it could."""

    reference: str  # of the window that there is; empty where it would be new
    would: str  # create, change, nothing
    conflicts: tuple[dict[str, Any], ...]
    policy: str
    requires: tuple[str, ...]  # who would have to sign; empty: approved at once
    lapses: tuple[dict[str, Any], ...]  # the material changes that end what was signed: field, before, after
    field: str
    refused: str


@one_transaction
def put_window(
    actor: Actor, external_ref: str, said: Mapping[str, Any], *, version: int | None = None, ask: bool = False, reason: str = ""
) -> Put:
    """Make or change the window with this key: a new one is a draft, a requested or approved one is amended (and may lose its approvals),
    the same again changes nothing. `said` are fields of Draft; what it leaves out stays as it is. `ask` requests approval of a draft;
    `reason` answers soft conflicts.

    Conflict(field="status") where it can be changed no more; Stale where `version` is given and not the one in force.
    """
    see_freezes()
    line_up_for_rules()
    return put(actor, external_ref, said, version=version, ask=ask, reason=reason)


def put(actor: Actor, external_ref: str, said: Mapping[str, Any], *, version: int | None, ask: bool, reason: str) -> Put:
    key = texts.line(external_ref, "external_ref", longest=200, required=True)
    known = Window.objects.select_for_update(of=("self",)).select_related("team").filter(external_ref=key).first()
    if known is None:
        window = filed(actor, Draft(**said, external_ref=key), is_example=False)
        return Put(requested(actor, window.pk, reason) if ask else window, True, True)
    if not visible(actor, subject_of(known)):
        raise Conflict("Another window has this external reference.", field="external_ref")
    if known.status == WindowStatus.DRAFT:
        window = edited(actor, known.pk, said, version)
        if ask:
            window = requested(actor, known.pk, reason)
    else:
        window = amended(actor, known.pk, said, version, reason=reason)
    return Put(window, False, window.version != known.version)


@one_transaction
def judge_window(actor: Actor, said: Mapping[str, Any], *, external_ref: str | None = None, reason: str = "") -> Judged:
    """Go the whole way of `put_window` and of asking for approval, take it back, and say what would have been. Invalid and Forbidden as
    there; what stands in the way of the request is told in the answer."""
    see_freezes()
    line_up_for_rules()
    known = Window.objects.filter(external_ref=external_ref).first() if external_ref else None
    found = judged(actor, said, external_ref, known, reason)
    transaction.set_rollback(True)
    return found


def judged(actor: Actor, said: Mapping[str, Any], external_ref: str | None, known: Window | None, reason: str) -> Judged:
    field = refused = ""
    before = in_force(known) if known else None
    try:
        with transaction.atomic():
            if external_ref:
                done = put(actor, external_ref, said, version=None, ask=False, reason=reason or "A try.")
            else:
                done = Put(filed(actor, Draft(**said), is_example=False), True, True)
    except Conflict as conflict:
        if known is None or conflict.field == "external_ref":
            raise
        return refusal(actor, known, conflict)
    window, now = done.window, clock()
    findings = conflicts_of(window.pk, actor, now)
    material = material_of(window.pk)
    policy = policy_for(window.pk, material)
    try:
        policy = demanded(window, material)
        if window.status == WindowStatus.DRAFT:
            with transaction.atomic():
                requested(actor, window.pk, reason)
    except Conflict as conflict:
        field, refused = conflict.field or "", conflict.detail
    else:
        if any(one.severity is Severity.SOFT for one in findings) and not reason and known is not None and done.is_changed:
            field, refused = "because", "A soft conflict takes a reason."
    return Judged(
        reference="" if done.is_new else window.reference,
        would="create" if done.is_new else "change" if done.is_changed else "nothing",
        conflicts=tuple(asdict(one) for one in findings),
        policy=policy.name,
        requires=tuple(told(places(policy.requires, material["team"], material["affected_teams"]))),
        lapses=tuple(differences(before.material, material)) if before else (),
        field=field,
        refused=refused,
    )


def refusal(actor: Actor, known: Window, conflict: Conflict) -> Judged:
    """It cannot be changed so at all."""
    return Judged(
        reference=known.reference, would="change", conflicts=tuple(asdict(one) for one in conflicts_of(known.pk, actor, clock())),
        policy="", requires=(), lapses=(), field=conflict.field or "", refused=conflict.detail,
    )  # fmt: skip
