"""Verbs: note a follow-up of a window, say that it is done or dropped, and tell its owner once that it is late."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction

from windows.access.roles import SCHEDULE, Actor, Verb, require, visible
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.audit.going_on import going_on
from windows.catalogue.models import Person
from windows.catalogue.queries import actor_for
from windows.delivery.commands.reaching import Saying, reach
from windows.delivery.models import Urgency
from windows.errors import Conflict, Invalid, NotFound
from windows.reviews.commands.closing import close_if_done
from windows.reviews.models import FollowUp
from windows.reviews.states import FollowUpKind, FollowUpStatus
from windows.scheduling import texts
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.queries import subject_of, window_id_of

FURTHEST = timedelta(days=400)


@one_transaction
def note_follow_up(
    actor: Actor,
    reference: str,
    *,
    title: str,
    owner_id: int,
    due_on: date | str,
    text: str = "",
    kind: str = FollowUpKind.FOLLOW_UP.value,
    cost_per_hour: Decimal | None = None,
) -> FollowUp:
    """Invalid names the field: the owner is an active person who may see the window, the day lies ahead. A leftover may say what an hour
    of it costs; Conflict where it is noted already."""
    window_id = window_id_of(reference)
    subject = subject_of(window_id)
    require(actor, Verb.REVIEW, subject)
    owner = Person.objects.filter(pk=owner_id, is_active=True).first()
    if owner is None or not visible(actor_for(owner, via="browser"), subject):
        raise Invalid("Choose somebody who may see this window.", field="owner_id")
    if kind not in set(FollowUpKind):
        raise Invalid(f"A kind is one of: {', '.join(FollowUpKind)}.", field="kind")
    if cost_per_hour is not None and (kind != FollowUpKind.LEFTOVER or cost_per_hour < 0):
        raise Invalid("Only a leftover costs something, zero or more.", field="cost_per_hour")
    what = texts.line(title, "title", required=True)
    if kind == FollowUpKind.LEFTOVER and FollowUp.objects.filter(window=window_id, kind=kind, title=what).exists():
        raise Conflict("This leftover is noted already.", field="title")
    row = FollowUp.objects.create(
        window_id=window_id, title=what, kind=kind, cost_per_hour=cost_per_hour, text=texts.lines(text, "text"), owner=owner,
        due_on=day(due_on), made_by=actor.name,
    )  # fmt: skip
    told = {"title": row.title, "owner": owner.name, "due_on": row.due_on.isoformat()}
    record("follow_up.noted", actor, row.reference, window=f"MW-{window_id}", data=told)
    return row


@one_transaction
def end_follow_up(actor: Actor, follow_up_id: int, status: FollowUpStatus, outcome: str = "") -> FollowUp:
    """Done, or dropped with a reason. Whoever it belongs to may, and whoever may review its window. Conflict where it has ended."""
    row = FollowUp.objects.select_for_update().filter(pk=follow_up_id).first()
    if row is None:
        raise NotFound("There is no such follow-up.")
    subject = subject_of(row.window_id)
    require(actor, Verb.READ if actor.person_id == row.owner_id and actor.scopes is None else Verb.REVIEW, subject)
    if row.status != FollowUpStatus.OPEN:
        raise Conflict(f"{row.reference} is {row.status} already.", field="status")
    row.outcome = texts.lines(outcome, "reason", required=status is FollowUpStatus.DROPPED)
    row.status, row.ended_at = status.value, clock()
    row.save(update_fields=["outcome", "status", "ended_at"])
    told = {"title": row.title, "reason": row.outcome}
    record(f"follow_up.{status.value}", actor, row.reference, window=f"MW-{row.window_id}", data=told)
    if row.kind == FollowUpKind.LEFTOVER:
        close_if_done(actor, row.window_id)
    return row


def tell_overdue() -> int:
    """Each owner hears once of each that is late, and the team's channels unless the window is confidential. Each in a transaction of its
    own: one that cannot be told holds up no other. How many were told of."""
    now, told = clock(), 0
    late = FollowUp.objects.filter(status=FollowUpStatus.OPEN.value, told_at=None, due_on__lt=now.date()).order_by("due_on", "pk")
    for pk in list(late.values_list("pk", flat=True)):
        with going_on("tell of an overdue follow-up", follow_up=pk):
            told += tell_one(pk, now)
    return told


@transaction.atomic(durable=True)
def tell_one(follow_up_id: int, now: datetime) -> bool:
    """False where it was told meanwhile, or has ended."""
    rows = FollowUp.objects.select_for_update(of=("self",), skip_locked=True).select_related("owner", "window__team")
    row = rows.filter(pk=follow_up_id, status=FollowUpStatus.OPEN.value, told_at=None).first()
    if row is None:
        return False
    window = f"MW-{row.window_id}"
    said = Saying(
        f"follow-up-overdue:{row.pk}", Urgency.TICKET, f"{row.reference} of {window} is overdue: {row.title}",
        f"It was due on {row.due_on:%Y-%m-%d} and belongs to {row.owner.name}.\n\nSay that it is done, or drop it with a reason: "
        f"{settings.PORTAL_URL}/follow-ups/?window={window}\n", window,
    )  # fmt: skip
    hears = row.owner.is_active and visible(actor_for(row.owner, via="browser"), subject_of(row.window_id))  # they may have left
    reach(said, [row.owner.email] if hears else [], [] if row.window.confidential else [row.window.team.slug])
    record("follow_up.overdue", SCHEDULE, row.reference, window=window, data={"title": row.title, "due_on": row.due_on.isoformat()})
    FollowUp.objects.filter(pk=row.pk).update(told_at=now)
    return True


def day(given: date | str) -> date:
    today = clock().date()
    try:
        found = date.fromisoformat(given) if isinstance(given, str) else given
    except ValueError:
        raise Invalid("Write a day, such as 2027-03-01.", field="due_on") from None
    if not today <= found <= today + FURTHEST:
        raise Invalid(f"It is due today or later, by at most {FURTHEST.days} days.", field="due_on")
    return found
