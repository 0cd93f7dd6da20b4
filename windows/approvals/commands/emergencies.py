"""Verbs: owe the approval of an emergency that began by right; answer for it afterwards; remind, and say what is overdue."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings

from windows.access.roles import SCHEDULE, Actor, Role, Verb, require
from windows.approvals.emergencies import Telling, to_be_told
from windows.approvals.models import Decision, EmergencyApproval
from windows.approvals.queries.emergencies import not_by
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.audit.going_on import going_on
from windows.catalogue.queries import holders, sre_contacts
from windows.delivery.commands import Saying, reach
from windows.delivery.models import Urgency
from windows.errors import Conflict, Forbidden, Invalid
from windows.scheduling import texts
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.commands.transitions import locked
from windows.scheduling.models import Window
from windows.scheduling.queries import subject_of

AT_ONCE = 200


def owe_approval(window: Window, begun_by: int | None, now: datetime, skipped: Iterable[str]) -> EmergencyApproval:
    """Somebody else must answer for it within settings.ROADWORKS.emergency_approval; owners and SREs hear of it. Inside the transaction
    in which the emergency begins."""
    due_at = now + settings.ROADWORKS.emergency_approval
    row, is_new = EmergencyApproval.objects.get_or_create(
        window=window, defaults={"begun_by_id": begun_by, "begun_at": now, "due_at": due_at, "skipped": sorted(skipped)}
    )
    if is_new:
        told = {"due_at": due_at.isoformat(), "skipped": row.skipped}
        record("window.emergency_begun", SCHEDULE, window.reference, window=window.reference, data=told)
        tell(row, "begun", f"{window.reference} began as an emergency: it must be approved afterwards")
    return row


@one_transaction
def approve_emergency(actor: Actor, window_id: int, decision: Decision | str, reason: str) -> EmergencyApproval:
    """Answer for an emergency after the fact, with a reason: approved, or rejected as one that should not have begun. An owner or SRE who
    neither began it nor filed or last changed it. Conflict(field="decision") where that was done already, or the window began with an
    approval."""
    window = locked(window_id)
    require(actor, Verb.APPROVE_EMERGENCY, subject_of(window))
    try:
        said = Decision(decision)
    except ValueError:
        raise Invalid("Choose approved or rejected.", field="decision") from None
    why = texts.lines(reason, "reason", required=True)
    row = EmergencyApproval.objects.select_for_update().filter(window=window).first()
    if row is None:
        raise Conflict(f"{window.reference} did not begin as an emergency without approval.", field="decision")
    if actor.person_id in not_by(row):
        detail = "Who began, filed or last changed an emergency may not approve it: it takes a second person."
        raise Forbidden(detail, verb=Verb.APPROVE_EMERGENCY.value)
    if row.decision:
        raise Conflict(f"{window.reference} was {row.decision} already.", field="decision")
    now = clock()
    row.decision, row.approver_id, row.reason, row.decided_at = said.value, actor.person_id, why, now
    row.save(update_fields=["decision", "approver", "reason", "decided_at"])
    data = {"reason": why, "due_at": row.due_at.isoformat(), "late": now > row.due_at, "skipped": row.skipped}
    record(f"window.emergency_{said.value}", actor, window.reference, window=window.reference, data=data)
    return row


def remind_of_emergencies(now: datetime | None = None) -> int:
    """Tell those who can still answer for an emergency that its time runs out, and once that it is over; how many were told of."""
    at = now or clock()
    rows = EmergencyApproval.objects.filter(decision="", overdue_at=None).order_by("due_at").values_list("pk", flat=True)
    told = 0
    for pk in list(rows[:AT_ONCE]):
        with going_on("remind of an emergency", emergency=pk):
            told += remind(pk, at)
    return told


@one_transaction
def remind(emergency_id: int, now: datetime) -> bool:
    rows = EmergencyApproval.objects.select_for_update(of=("self",)).select_related("window__team")
    row = rows.get(pk=emergency_id)
    telling = to_be_told(
        row.begun_at, row.due_at, reminded=row.reminded_at is not None, told_overdue=bool(row.decision or row.overdue_at), now=now
    )
    if row.decision or telling is None:
        return False
    name = row.window.reference
    column = "overdue_at" if telling is Telling.OVERDUE else "reminded_at"
    EmergencyApproval.objects.filter(pk=row.pk).update(**{column: now})
    record(f"window.emergency_{telling.value}", SCHEDULE, name, window=name, data={"due_at": row.due_at.isoformat()})
    words = "is overdue" if telling is Telling.OVERDUE else "is still missing"
    tell(row, telling.value, f"{name}: the approval of an emergency {words}")
    return True


def tell(row: EmergencyApproval, step: str, title: str) -> None:
    window = row.window
    teams = [window.team.slug]
    barred = not_by(row)
    people = {one.email for one in (*holders(teams, Role.OWNER), *sre_contacts()) if one.id not in barred}
    skipped = f"Checks that did not pass when it began: {', '.join(row.skipped)}.\n" if row.skipped else ""
    body = (
        f"{window.reference} {window.title} began at {row.begun_at:%Y-%m-%d %H:%M} UTC without an approval.\n{skipped}"
        f"An owner or SRE other than who began it answers for it until {row.due_at:%Y-%m-%d %H:%M} UTC.\n\n"
        f"{settings.PORTAL_URL}/windows/{window.reference}/approve-afterwards\n"
    )
    said = Saying(
        f"emergency:{window.pk}:{step}", Urgency.TICKET, title, body, window.reference, about=subject_of(window), timezone=window.timezone
    )
    reach(said, people, teams)
