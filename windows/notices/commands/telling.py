"""Verb of time: tell those whom a window touches that it begins, once for each start."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from windows.access.roles import SCHEDULE
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.audit.going_on import going_on
from windows.catalogue.models import Person
from windows.delivery.commands import Saying, reach
from windows.delivery.models import Urgency
from windows.lifecycle.states import ChangeType, WindowStatus
from windows.notices.queries import concerned, fact_of, keys_of, sent, untold
from windows.notices.words import Told, body, heading, missing_announcement
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.commands.transitions import locked
from windows.scheduling.models import Window
from windows.scheduling.queries import scope_of, subject_of
from windows.scheduling.queries.publicity import unannounced


def tell_ahead(now: datetime | None = None) -> int:
    """Tell of every window that is due, each in a transaction of its own; how many. One that cannot be told holds up no other."""
    told = 0
    for window_id in untold(now or clock()):
        with going_on("tell of a window", window=window_id):
            told += tell(window_id)
    return told


@one_transaction
def tell(window_id: int) -> bool:
    """False where it was told meanwhile, or is not approved any more."""
    window = locked(window_id)
    if window.status != WindowStatus.APPROVED or (fact := fact_of(window)) in sent([window.reference]):
        return False
    people, teams = concerned(window)
    ahead = told_of(window)
    said = Saying(fact, Urgency.NOTICE, heading(ahead), body(ahead), window.reference, about=subject_of(window), timezone=window.timezone)
    ways = reach(said, [person.email for person in people], teams)
    facts = {"fact": fact, "starts_at": window.starts_at.isoformat(), "people": len(people), "ways": ways, "teams": teams}
    record("notice.sent", SCHEDULE, window.reference, window=window.reference, data=facts)
    for services in unannounced([window]).values() if window.change_type != ChangeType.EMERGENCY else ():
        ask_to_announce(window, services)
    return True


def ask_to_announce(window: Window, services: Sequence[str]) -> int:
    """Its own people hear a day ahead that it will not begin, while there is time to mend that; how many ways that goes."""
    named = [person for person in (window.owner_id, window.coordinator_id, window.deputy_id) if person is not None]
    addresses = sorted(Person.objects.filter(pk__in=named, is_active=True).values_list("email", flat=True))
    title, text = missing_announcement(told_of(window), services)
    fact = f"{keys_of(window.pk)}unannounced:{window.starts_at:%Y%m%dT%H%M%S}"
    return reach(
        Saying(fact, Urgency.TICKET, title, text, window.reference, about=subject_of(window), timezone=window.timezone), addresses, []
    )


def told_of(window: Window) -> Told:
    """Its row, owner and coordinator beside it, in the words of its notices. One statement."""
    places = sorted({f"{row.service} in {row.environment}/{row.region}" for row in scope_of(window.pk)})
    return Told(
        window.reference, window.title, window.reason, window.starts_at, window.ends_at, window.mode, window.expected_impact, places,
        window.owner.name if window.owner else "", window.coordinator.name if window.coordinator else "",
        f"{settings.PORTAL_URL}/windows/{window.reference}",
    )  # fmt: skip
