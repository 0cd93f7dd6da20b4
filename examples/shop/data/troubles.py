"""Incidents and complaints of the past four weeks, written as rows; which windows they belong to is found as for real ones. And what
was resolved to do about the two windows that were rolled back, by the people who would."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from examples.shop.data.past import Known, known, midnight
from examples.shop.data.people import PEOPLE, acting, person_id
from examples.shop.layout import ENVIRONMENT
from windows.access.roles import SETUP
from windows.incidents.commands.reporting import linked
from windows.incidents.linking import COMPLAINT_AFTER, INCIDENT_AFTER
from windows.incidents.models import Complaint, Incident
from windows.reviews.commands.follow_ups import note_follow_up
from windows.reviews.models import FollowUp

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Broke:
    """`window` by its title in the past and `after` its begin in minutes; or ("", days ago, minute of the day)."""

    title: str
    service: str
    severity: str
    when: tuple[str, int] | tuple[str, int, int]
    lasted: int
    reporter: str
    resolution: str
    users: int | None = None


BROKE = (
    Broke("Orders could not be saved for a quarter of an hour", "orders", "major", ("", 24, 9 * 60), 14, "ivo",
          "A database connection leaked; it was restarted.", 310),
    Broke("Search found nothing that was new", "search", "major", ("Search engine upgrade", 72), 31, "hana", "The index caught up.", 5_200),
    Broke("Baskets lost what was put in last", "baskets", "critical", ("Basket expiry column", 5), 8, "ivo",
          "The window was rolled back.", 640),
    Broke("Baskets failed in the afternoon", "baskets", "major", ("", 17, 15 * 60 + 1), 21, "ivo",
          "A replica was taken out of rotation.", 900),
    Broke("Orders were slow to answer in the evening", "orders", "minor", ("", 9, 20 * 60), 11, "ben", "A report was stopped."),
    Broke("Some checkouts timed out", "checkout", "minor", ("Order archive", 9), 11, "lea", "Orders took writes again.", 120),
    Broke("The storefront answered with errors", "storefront", "major", ("Storefront edge rules", 4), 6, "kim",
          "The window was rolled back.", 1_900),
)  # fmt: skip
COMPLAINED = (  # text, service, window's title, minutes after its begin, way
    ("The shop says that I cannot order at the moment.", "orders", "Index for order history", 9, "email"),
    ("I search for boots and find last week's.", "search", "Search engine upgrade", 80, "email"),
    ("New products cannot be found.", "search", "Search engine upgrade", 95, "csv"),
    ("I cannot pay: order not saved.", "orders", "Split order lines", 11, "browser"),
    ("My basket is empty again!", "baskets", "Basket expiry column", 9, "email"),
    ("Half of my basket has gone.", "baskets", "Basket expiry column", 33, "api"),
    ("The confirmation mail came an hour late.", "notifications", "Mail relay move", 90, "email"),
    ("Checkout turns and turns.", "checkout", "Order archive", 12, "api"),
    ("The page says 503.", "storefront", "Storefront edge rules", 6, "browser"),
)
RESOLVED = (  # window's title, what, who does it, in how many days
    ("Basket expiry column", "Rehearse the reconcile gate with a copy of last week's baskets", "elif", 6),
    ("Storefront edge rules", "Try edge rules on one region first", "kim", 9),
    ("Mail relay move", "Wait for an empty queue before the relay is switched", "jun", 12),
)


def load() -> None:
    """Each once."""
    windows = {one.title: one for one in known()}
    if not Incident.objects.filter(is_example=True).exists():
        with transaction.atomic():
            break_(windows)
            complain(windows)
    if not FollowUp.objects.filter(window__is_example=True).exists():
        for title, what, who, days in RESOLVED:
            window = windows[title]
            note_follow_up(acting("chiara"), window.reference, title=what, owner_id=person_id(who), due_on=(midnight() + days * DAY).date())


def break_(windows: dict[str, Known]) -> None:
    for number, one in enumerate(BROKE, start=1):
        at = began(one.when, windows)
        row = Incident.objects.create(
            title=one.title, severity=one.severity, service=one.service, environment=ENVIRONMENT, started_at=at,
            ended_at=at + one.lasted * MINUTE, resolution=one.resolution, affected_users=one.users, via="browser",
            external_ref=f"example:incident:{number}", reported_by=PEOPLE[one.reporter][0], reported_by_id=person_id(one.reporter),
            reported_at=at + 4 * MINUTE, is_example=True,
        )  # fmt: skip
        linked(row, INCIDENT_AFTER, SETUP)


def complain(windows: dict[str, Known]) -> None:
    for number, (text, service, title, after, via) in enumerate(COMPLAINED, start=1):
        at = windows[title].begun + after * MINUTE
        row = Complaint.objects.create(
            text=text, who=f"customer {40_000 + 137 * number}", received_at=at, service=service, environment=ENVIRONMENT, via=via,
            external_ref=f"example:complaint:{number}", taken_at=at + 20 * MINUTE, is_example=True,
        )  # fmt: skip
        linked(row, COMPLAINT_AFTER, SETUP)


def began(when: tuple[str, int] | tuple[str, int, int], windows: dict[str, Known]) -> datetime:
    if len(when) == 3:
        return midnight() - when[1] * DAY + when[2] * MINUTE
    return windows[when[0]].begun + when[1] * MINUTE
