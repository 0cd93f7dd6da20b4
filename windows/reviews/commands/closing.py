"""Verbs: sign a review task off; a window whose tasks are all done is closed."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from windows.access.roles import SCHEDULE, Actor, Verb, require
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.audit.going_on import going_on
from windows.errors import Conflict, Forbidden, NotFound
from windows.reviews.closing import RAN, may_close
from windows.reviews.commands.leftovers import note_leftovers
from windows.reviews.models import SignOff
from windows.reviews.queries.closing import review_tasks_of, review_tasks_of_all, unclosed
from windows.scheduling import texts
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.models import Window
from windows.scheduling.queries import subject_of, window_id_of

AT_ONCE = 200


@one_transaction
def sign_off(actor: Actor, reference: str, key: str, finding: str) -> SignOff:
    """Say that this task was reviewed and what was found. Forbidden for whose deed it is, Conflict where it is signed or cannot be."""
    window_id = window_id_of(reference)
    require(actor, Verb.REVIEW, subject_of(window_id))
    if actor.person_id is None:
        raise Forbidden("Only people review.", verb=Verb.REVIEW.value)
    task = next((one for one in review_tasks_of(window_id) if one.key == key), None)
    if task is None:
        raise NotFound("This window has no such review task.")
    if not task.by_hand:
        raise Conflict(f"{task.title}: it is done by that, not by signing.", field="task")
    if actor.person_id in task.barred:
        raise Forbidden("Nobody reviews their own deed: somebody else must.", verb=Verb.REVIEW.value)
    row, is_new = SignOff.objects.get_or_create(
        window_id=window_id,
        task=key,
        defaults={"person_id": actor.person_id, "finding": texts.lines(finding, "finding", required=True)},
    )
    if not is_new:
        raise Conflict(f"{row.person.name} has reviewed it already.", field="task")
    record("review.signed_off", actor, f"MW-{window_id}", window=f"MW-{window_id}", data={"task": task.title, "finding": row.finding})
    close_if_done(actor, window_id)
    return row


def close_if_done(actor: Actor, window_id: int) -> bool:
    """Inside the caller's transaction: closed where it ran, has ended, and nothing is left to review."""
    window = Window.objects.only("status").get(pk=window_id)
    return may_close(window.status, review_tasks_of(window_id)) and close(actor, window_id)


def close(actor: Actor, window_id: int) -> bool:
    """A compare-and-swap: False where it is closed already."""
    if not Window.objects.filter(pk=window_id, closed_at=None, status__in=RAN).update(closed_at=clock()):
        return False
    record("window.closed", actor, f"MW-{window_id}", window=f"MW-{window_id}")
    return True


def close_reviewed(after: int = 0) -> int | None:
    """Note what those that ended left running; close those that need no review, or none any more. Each in a transaction of its own: one
    that cannot be read holds up no other.

    Looks at so many beyond this id. The last one looked at, or None where there are no more."""
    found = unclosed(AT_ONCE, after)
    rows = Window.objects.filter(pk__in=found).select_related("owner", "runbook_version").defer("vevent")
    noted: dict[int, str] = {}
    for window in rows:
        with going_on("note what a window left running", window=window.pk), transaction.atomic(durable=True):
            note_leftovers(window)
            noted[window.pk] = window.status
    for window_id in ready(noted):
        with going_on("close a window", window=window_id), transaction.atomic(durable=True):
            close_if_done(SCHEDULE, window_id)
    return found[-1] if len(found) == AT_ONCE else None


def ready(statuses: Mapping[int, str]) -> list[int]:
    """Those of them that seem to have nothing left to review, asked for together; where that fails all, each to be asked by itself."""
    with going_on("ask for review tasks together", windows=len(statuses)):
        return [pk for pk, tasks in review_tasks_of_all(list(statuses)).items() if may_close(statuses[pk], tasks)]
    return list(statuses)
