"""Verb: send each person who wants it the review of the week that is over, once a week, on Monday morning by their own clock."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from windows.access.roles import SCHEDULE
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.audit.going_on import going_on
from windows.catalogue.models import Person
from windows.catalogue.queries import actor_for
from windows.delivery.commands import queue
from windows.delivery.models import Urgency
from windows.reviews.digest import Part, due_week, letter
from windows.reviews.periods import named
from windows.reviews.queries.review import Review, review_of

MANY = 500


def send_digests() -> int:
    """Each in a transaction of its own: one that cannot be written holds up no other. How many were sent."""
    now, sent = clock(), 0
    wanting = Person.objects.filter(is_active=True, wants_digest=True).order_by("pk")
    after = 0
    while rows := list(wanting.filter(pk__gt=after).values_list("pk", "timezone", "digest_week")[:MANY]):
        after = rows[-1][0]
        for person_id, zone, last in rows:
            with going_on("send a digest", person=person_id):
                sent += last < due_week(now, zone) and send_one(person_id, now)
    return sent


@transaction.atomic(durable=True)
def send_one(person_id: int, now: datetime) -> bool:
    """A compare-and-swap on the week: two workers send one mail. False where it was sent, or is not wanted any more."""
    person = Person.objects.select_for_update(skip_locked=True).filter(pk=person_id, is_active=True, wants_digest=True).first()
    if person is None or person.digest_week >= (week := due_week(now, person.timezone)):
        return False
    first = not person.digest_week
    Person.objects.filter(pk=person_id).update(digest_week=week)
    if first:  # just asked for: the next Monday is the first
        return False
    period = named("week", week).before
    review = review_of(actor_for(person, via="browser"), period, now)
    body = letter(
        person.name, period.name, parts(review, ZoneInfo(person.timezone)), f"{settings.PORTAL_URL}/reviews/weekly/?week={period.name}",
        f"{settings.PORTAL_URL}/settings/",
    )  # fmt: skip
    queue(f"digest:{person_id}:{week}", "email", person.email, Urgency.TICKET, f"Maintenance in week {period.name}", body)
    record("digest.sent", SCHEDULE, f"person:{person_id}", data={"week": period.name})
    return True


def parts(review: Review, zone: ZoneInfo) -> list[Part]:
    """What the review says, in the order in which somebody must act; times on the reader's wall."""
    todo = review.decisions
    decide = [f"{todo.to_sign} window{'s' if todo.to_sign > 1 else ''} to sign"] if todo.to_sign else []
    decide += [f"{run.window.reference} {run.window.title} is {run.status}" for run in todo.runs]
    decide += [f"{window.reference} {window.title} has no postmortem" for window in todo.to_review]
    decide += [f"{row.reference} {row.title}, due {row.due_on:%d %b}, {row.owner.name}" for row in todo.overdue]
    ahead = [f"{one.reference} {one.title}, {at(one.starts_at, zone)}, {one.owner.name}" for one in review.ahead]
    ran = [f"{one.reference} {one.title}: {one.status.replace('_', ' ')}{'' if one.is_on_time else ', late'}" for one in review.ran]
    left = [f"{row.reference} {row.title} by {row.due_on:%d %b}, {row.owner.name}" for row in review.leftovers]
    return [
        Part("Decisions needed", decide, "None."),
        Part("Ahead", ahead, "Nothing yet."),
        Part("What ran", ran, "Nothing."),
        Part("Where automation failed", [f"{one.window}: {one.said or one.kind}" for one in review.broken], "Nowhere."),
        Part("Broken glass", [f"{one.window} by {one.person}: {one.reason}" for one in review.glass], "None."),
        Part("Left running", left, "Nothing."),
    ]


def at(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(UTC).astimezone(zone):%a %d %b %H:%M %Z}"
