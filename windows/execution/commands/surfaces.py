"""Verbs over surfaces: want one, write down what is seen of it, accept a deviation, let it go. Every change of status is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from windows.access.roles import ENGINE, Actor, Verb, require
from windows.actions.ports import Observed
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.errors import Conflict, Invalid, NotFound
from windows.execution.commands.transitions import spoken
from windows.execution.models import Run, Surface
from windows.execution.states import SurfaceStatus, surface_may_become
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.queries import subject_of

TOLD = {
    SurfaceStatus.WANTED: "surface.wanted",
    SurfaceStatus.IN_PLACE: "surface.in_place",
    SurfaceStatus.DRIFTED: "surface.drifted",
    SurfaceStatus.ACCEPTED: "surface.accepted",
    SurfaceStatus.ENDING: "surface.ending",
    SurfaceStatus.ENDED: "surface.ended",
}

UNKNOWN = {"known": False}  # what is observed where the other side does not say
AT_ONCE = timedelta(0)
NOBODYS = {SurfaceStatus.ENDING, SurfaceStatus.ENDED}
GONE = {"handle": "", "lapses_at": None}  # what is known of one that ended is of no use for the next


@one_transaction
def want(
    run_id: int, kind: str, name: str, desired: dict[str, Any], *, on_drift: str = "mend", within: str = "", due_in: timedelta = AT_ONCE
) -> Surface:
    """The row of what this window wants of something outside, before anything is done there. The same wish again changes nothing.

    `within` names the part of `desired` whose entries are added to those that are wanted already. Who sees to it himself says by
    `due_in` when others shall look."""
    run = Run.objects.select_related("window").get(pk=run_id)
    now = clock()
    wished: dict[str, Any] = {"run": run, "desired": desired, "on_drift": on_drift}
    which = {"window": run.window, "kind": kind, "name": name[:200], "is_rehearsed": bool(run.rehearsal)}
    mine = Surface.objects.select_for_update(of=("self",))
    row, is_new = mine.get_or_create(**which, defaults={**wished, "due_at": now + due_in})
    if is_new:
        tell(row, SurfaceStatus.WANTED)
        return row
    is_anew = row.status in NOBODYS
    if within and not is_anew:
        wished["desired"] = {**row.desired, **desired, within: {**row.desired[within], **desired[within]}}
    if is_anew or row.desired != wished["desired"]:
        changes = {**wished, "due_at": now + due_in, "generation": row.generation + 1, "accepted_by": "", "accepted_reason": ""}
        become(row, SurfaceStatus.WANTED, columns={**changes, **(GONE if row.status == SurfaceStatus.ENDED else {})})
    return row


@one_transaction
def note(surface_id: int, seen: Observed, *, generation: int, due_at: datetime, mended: bool = False) -> Surface:
    """What was seen of it just now, by who knew the wish of this generation; where another is wished by now, nothing is written. A
    deviation a person accepted stays accepted while it is the same one, and while nobody can look."""
    row = locked(surface_id)
    if row.status == SurfaceStatus.ENDED or row.generation != generation:
        return row
    now = clock()
    facts: dict[str, Any] = {"observed": dict(seen.state), "observed_note": seen.note[:500], "observed_at": now, "due_at": due_at}
    facts |= {"lapses_at": seen.lapses_at, "handle": seen.handle or row.handle}
    to = SurfaceStatus.IN_PLACE if seen.agrees else SurfaceStatus.DRIFTED
    if row.status == SurfaceStatus.ACCEPTED and dict(seen.state) in (row.drift, UNKNOWN):
        to = SurfaceStatus.ACCEPTED
    if row.status == SurfaceStatus.ENDING:
        to = SurfaceStatus.ENDING
    if to is SurfaceStatus.DRIFTED and row.status != SurfaceStatus.DRIFTED:
        facts |= {"drift": dict(seen.state), "drifted_at": now}
    if to == row.status:
        Surface.objects.filter(pk=row.pk).update(**facts)
        return row
    become(row, to, kind="surface.mended" if mended and to is SurfaceStatus.IN_PLACE else "", columns=facts)
    return row


@one_transaction
def accept(actor: Actor, surface_id: int, reason: str) -> Surface:
    """This deviation may stay: it is no longer mended, and shown with who said so and why. Conflict where it does not deviate."""
    row = locked(surface_id)
    require(actor, Verb.RESUME, subject_of(row.window))
    if not reason.strip():
        raise Invalid("Say why this may stay as it is.", field="reason")
    if row.status != SurfaceStatus.DRIFTED:
        raise Conflict(f"{row} is {spoken(row.status)}: there is no deviation to accept.", field="status", status=row.status)
    become(
        row, SurfaceStatus.ACCEPTED, actor, columns={"accepted_by": actor.name, "accepted_reason": reason.strip(), "drift": row.observed}
    )
    return row


@one_transaction
def let_go(surface_id: int, *, due_in: timedelta) -> Surface:
    """Nobody wants it from now on: whoever comes upon it ends it, and nobody puts it right again."""
    row = locked(surface_id)
    if row.status not in NOBODYS:
        become(row, SurfaceStatus.ENDING, columns={"generation": row.generation + 1, "due_at": clock() + due_in})
    return row


@one_transaction
def end(surface_id: int, said: str = "", *, generation: int) -> None:
    """It is gone, unless somebody has wished for it again since this generation."""
    row = locked(surface_id)
    if row.status != SurfaceStatus.ENDED and row.generation == generation:
        become(row, SurfaceStatus.ENDED, columns={"observed_note": said[:500] or row.observed_note, "due_at": None, "lapses_at": None})
        others = Surface.objects.filter(window=row.window, kind="silence", is_rehearsed=False, due_at__isnull=False)
        if row.kind == "silence" and not row.is_rehearsed and row.run.ended_at is not None and not others.exists():
            reference = row.window.reference
            record("window.silences_gone", ENGINE, reference, window=reference, run_id=row.run_id, data={"last": row.name})


def locked(surface_id: int) -> Surface:
    row = Surface.objects.select_for_update(of=("self",)).select_related("window", "run").filter(pk=surface_id).first()
    if row is None:
        raise NotFound("There is no such surface.")
    return row


def become(row: Surface, to: SurfaceStatus, actor: Actor = ENGINE, *, columns: dict[str, Any], kind: str = "") -> None:
    """The compare-and-swap of a surface's status, and its entry in the trail."""
    if not surface_may_become(row.status, to.value):
        raise Conflict(f"{row} is {spoken(row.status)}, so it cannot become {spoken(to)}.", field="status", status=row.status)
    changes = {**columns, "status": to.value}
    if not Surface.objects.filter(pk=row.pk, status=row.status).update(**changes):
        raise Conflict(f"{row} is no longer {spoken(row.status)}.", field="status", status=row.status)
    for name, value in changes.items():
        setattr(row, name, value)
    tell(row, to, actor, kind)


def tell(row: Surface, to: SurfaceStatus, actor: Actor = ENGINE, kind: str = "") -> None:
    told = {"surface": row.kind, "name": row.name, "desired": row.desired, "observed": row.observed, "note": row.observed_note}
    if to is SurfaceStatus.ACCEPTED:
        told["reason"] = row.accepted_reason
    reference = row.window.reference
    record(kind or TOLD[to], actor, reference, window=reference, run_id=row.run_id, data=told)
