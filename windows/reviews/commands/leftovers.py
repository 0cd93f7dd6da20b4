"""Verbs: what a window left running is noted when it has ended, from its runbook; its owner is reminded before the day comes."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from windows.access.roles import SCHEDULE, visible
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.audit.going_on import going_on
from windows.catalogue.queries import actor_for
from windows.delivery.commands.reaching import Saying, reach
from windows.delivery.models import Urgency
from windows.errors import Invalid
from windows.lifecycle.states import WindowStatus
from windows.reviews.models import FollowUp
from windows.reviews.states import FollowUpKind, FollowUpStatus
from windows.runbooks.queries import spec_of
from windows.runbooks.spec import leftovers_of
from windows.scheduling.models import Window
from windows.scheduling.queries import subject_of

LEAVES = {WindowStatus.COMPLETED, WindowStatus.FAILED}  # what was rolled back has taken its things away itself
NEAR = timedelta(days=1)


def note_leftovers(window: Window) -> int:
    """Inside the caller's transaction, once however often it is called: how many were noted. They belong to the window's owner."""
    if window.runbook_version is None or window.status not in LEAVES or window.ended_at is None:
        return 0
    try:
        said = leftovers_of(spec_of(window.runbook_version), window.parameters)
    except Invalid:  # a text that today's rules refuse
        return 0
    noted = 0
    for one in said:
        row, is_new = FollowUp.objects.get_or_create(
            window=window, kind=FollowUpKind.LEFTOVER.value, title=f"Tear down: {one.what}",
            defaults={
                "owner_id": window.owner_id, "due_on": (window.ended_at + one.within).date(), "cost_per_hour": one.cost_per_hour,
                "made_by": SCHEDULE.name, "text": "Its runbook says that a success leaves this running.",
            },
        )  # fmt: skip
        if is_new:
            noted += 1
            told = {"title": row.title, "owner": window.owner.name, "due_on": row.due_on.isoformat()}
            record("leftover.noted", SCHEDULE, row.reference, window=window.reference, data=told)
    return noted


def remind_of_leftovers() -> int:
    """Each owner hears once that the day is near by which something must be gone. Each in a transaction of its own: one that cannot be told
    holds up no other. How many were told of."""
    now, told = clock(), 0
    near = FollowUp.objects.filter(status=FollowUpStatus.OPEN.value, kind=FollowUpKind.LEFTOVER.value, reminded_at=None)
    due = near.filter(due_on__lte=(now + NEAR).date()).order_by("due_on", "pk")
    for pk in list(due.values_list("pk", flat=True)):
        with going_on("remind of what was left running", follow_up=pk):
            told += remind(pk, now)
    return told


@transaction.atomic(durable=True)
def remind(follow_up_id: int, now: datetime) -> bool:
    """False where it was told meanwhile, or has ended."""
    rows = FollowUp.objects.select_for_update(of=("self",), skip_locked=True).select_related("owner", "window")
    row = rows.filter(pk=follow_up_id, status=FollowUpStatus.OPEN.value, reminded_at=None).first()
    if row is None:
        return False
    window = f"MW-{row.window_id}"
    costs = f" It costs {row.cost_per_hour} an hour." if row.cost_per_hour is not None else ""
    said = Saying(
        f"leftover-near:{row.pk}", Urgency.TICKET, f"{row.reference} of {window}: {row.title} by {row.due_on:%Y-%m-%d}",
        f"{row.title}.{costs} It is to be gone by {row.due_on:%Y-%m-%d}.\n\nSay that it is done, or drop it with a reason: "
        f"{settings.PORTAL_URL}/follow-ups/?window={window}\n", window,
    )  # fmt: skip
    hears = row.owner.is_active and visible(actor_for(row.owner, via="browser"), subject_of(row.window_id))
    reach(said, [row.owner.email] if hears else [], [])
    record("leftover.reminded", SCHEDULE, row.reference, window=window, data={"title": row.title, "due_on": row.due_on.isoformat()})
    FollowUp.objects.filter(pk=row.pk).update(reminded_at=now)
    return True
