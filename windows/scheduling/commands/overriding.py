"""Verbs: go ahead in spite of a soft conflict. One person gives the reason, another one agrees, and it holds until a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from django.conf import settings

from windows.access.roles import Actor, Verb, require
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.delivery.commands import Saying, reach
from windows.delivery.models import Urgency
from windows.errors import Conflict, Forbidden, Invalid, NotFound
from windows.lifecycle.states import WindowStatus
from windows.scheduling import texts
from windows.scheduling.commands.transactions import one_transaction, see_freezes
from windows.scheduling.commands.transitions import locked
from windows.scheduling.conflicts import ConflictFinding
from windows.scheduling.conflicts.overriding import OverrideState
from windows.scheduling.models import Override, Window
from windows.scheduling.queries.overrides import may_agree, open_conflicts, overrides_of
from windows.scheduling.queries.windows import subject_of

AHEAD = (WindowStatus.DRAFT, WindowStatus.REQUESTED, WindowStatus.APPROVED)


@one_transaction
def ask_to_override(actor: Actor, window_id: int, reason: str, *, expires_at: datetime | None = None) -> Window:
    """Give the reason for all soft conflicts of a window that have none yet; whoever may ask for its approval. It holds until
    `expires_at`, at most until the window ends as it is planned now. Conflict where nothing is open."""
    see_freezes()
    window = locked(window_id)
    require(actor, Verb.REQUEST, subject_of(window))
    if window.status not in AHEAD:
        raise Conflict(f"{window.reference} is {window.status}: nothing is overridden any more.", field="status")
    now = clock()
    until = expires_at or window.ends_at
    if not now < until <= window.ends_at:
        raise Invalid("Choose a time between now and the end of the window.", field="expires_at")
    unasked, _ = open_conflicts(window, now)
    if not unasked:
        raise Conflict("No soft conflict is open here.", field="conflict")
    give_reason(actor, window, unasked, texts.lines(reason, "reason", required=True), until)
    return window


def give_reason(actor: Actor, window: Window, findings: Iterable[ConflictFinding], reason: str, expires_at: datetime | None = None) -> None:
    """The same for these findings, inside the transaction of an act that needs it. What was asked for other facts is replaced."""
    if actor.person_id is None:
        raise Forbidden("A person gives the reason.", verb=Verb.REQUEST.value)
    told = []
    for finding in findings:
        columns = {
            "what": finding.what, "who": finding.who, "why": finding.why, "reason": reason, "asked_by_id": actor.person_id,
            "asked_at": clock(), "agreed_by": None, "agreed_at": None, "refused_by": None, "refused_at": None, "refusal": "",
            "starts_at": window.starts_at, "ends_at": window.ends_at,
            "expires_at": expires_at or window.ends_at,
        }  # fmt: skip
        Override.objects.update_or_create(window=window, key=finding.key, defaults=columns)
        told.append(asdict(finding))
    record("window.override_asked", actor, window.reference, window=window.reference, data={"conflicts": told, "reason": reason})


@one_transaction
def agree_to_override(actor: Actor, override_id: int) -> Override:
    """Be the second person: an owner or SRE of the window's, an affected or the rival's team, other than who asked.

    Conflict where it lapsed, expired or was agreed to already.
    """
    window, row = waiting_for(actor, override_id)
    agreed(actor, window, [row])
    return row


@one_transaction
def refuse_to_override(actor: Actor, override_id: int, reason: str) -> Override:
    """Say no, and why: whoever could agree. The conflict is open again, and who asked hears of it.

    Conflict where it lapsed, expired or was answered already.
    """
    window, row = waiting_for(actor, override_id)
    row.refused_by_id, row.refused_at, row.refusal = actor.person_id, clock(), texts.lines(reason, "reason", required=True)
    row.save(update_fields=["refused_by", "refused_at", "refusal"])
    data = {"conflicts": [{"what": row.what, "who": row.who}], "reason": row.refusal}
    record("window.override_refused", actor, window.reference, window=window.reference, data=data)
    title, link = f"{window.reference}: not in spite of the conflict", f"{settings.PORTAL_URL}/windows/{window.reference}"
    body = f"{actor.name}: {row.refusal}\n\n{link}\n"
    said = Saying(
        f"override:{row.pk}:{row.refused_at.isoformat()}", Urgency.NOTICE, title, body, window.reference, about=subject_of(window)
    )
    reach(said, [row.asked_by.email], [window.team.slug])
    return row


def waiting_for(actor: Actor, override_id: int) -> tuple[Window, Override]:
    """The locked window and its override, which waits for a second person: this one."""
    known = Override.objects.filter(pk=override_id).values_list("window_id", flat=True).first()
    if known is None:
        raise NotFound("There is no such override here.")
    see_freezes()
    window = locked(known)
    subject = subject_of(window)
    require(actor, Verb.READ, subject)
    row = Override.objects.get(pk=override_id)
    if actor.person_id == row.asked_by_id:
        raise Forbidden("Who asked cannot answer: it takes a second person.", verb=Verb.OVERRIDE.value)
    if not may_agree(actor, row, subject):
        raise Forbidden(
            "An owner or SRE of this window's team, of an affected team or of the other window's answers.", verb=Verb.OVERRIDE.value
        )
    state = next(one.state for one in overrides_of(window.pk, actor) if one.id == override_id)
    if state != OverrideState.ASKED:
        raise Conflict(f"This override is {state}.", field="status")
    return window, row


def agree_by_signing(actor: Actor, window: Window) -> None:
    """Who signs and may override agrees to what the request says is overridden. Inside the transaction of the signature."""
    subject = subject_of(window)
    _, waiting = open_conflicts(window)
    rows = Override.objects.filter(window=window, key__in=[finding.key for finding in waiting])
    agreed(actor, window, [row for row in rows if may_agree(actor, row, subject)])


def agreed(actor: Actor, window: Window, rows: list[Override]) -> None:
    if not rows:
        return
    for row in rows:
        row.agreed_by_id, row.agreed_at = actor.person_id, clock()
        row.save(update_fields=["agreed_by", "agreed_at"])
    data = {"conflicts": [{"what": row.what, "who": row.who, "reason": row.reason, "until": row.expires_at.isoformat()} for row in rows]}
    record("window.override_agreed", actor, window.reference, window=window.reference, data=data)


def refuse_open(window: Window) -> None:
    """Conflict(field="override") naming the first soft conflict that not two people have accepted."""
    unasked, waiting = open_conflicts(window)
    for finding, lacking in [*((one, "a reason and a second person") for one in unasked), *((one, "a second person") for one in waiting)]:
        detail = f"{finding.why} Going ahead all the same takes {lacking}: an owner or SRE, other than who asked."
        raise Conflict(detail, field="override", rival=finding.who, findings=[asdict(one) for one in (*unasked, *waiting)])
