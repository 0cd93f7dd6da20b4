"""Verb: page. Who must hear of a run at once, and in which words. Inside the transaction of what they hear of."""

from __future__ import annotations

from django.conf import settings

from windows.catalogue.models import Person
from windows.catalogue.queries import on_call_of
from windows.delivery.commands import Saying, reach
from windows.delivery.models import Urgency
from windows.execution.models import Run
from windows.scheduling.models import Window
from windows.scheduling.queries import subject_of


def page(run: Run, key: str, title: str, body: str, urgency: Urgency = Urgency.PAGE) -> int:
    """On-call of every affected team, the coordinator, the deputy and the owner: each once per `key`. Answers how many people.

    `key` names the fact ("stuck:3"): the same fact is said once, however often workers come upon it.
    """
    window = run.window
    subject = subject_of(window)
    teams = subject.affected_teams | ({subject.team} if subject.team else set())
    named = [person for person in (window.coordinator_id, window.deputy_id, window.owner_id) if person is not None]
    addresses = {person.email for person in on_call_of(sorted(teams))}
    addresses |= set(Person.objects.filter(pk__in=named, is_active=True).values_list("email", flat=True))
    place = f"runs/{run.pk}" if run.rehearsal else f"windows/{window.reference}"
    text = f"{body}\n\n{window.reference} · {window.title} · {run.called}\n{settings.PORTAL_URL}/{place}\n"
    if run.rehearsal:
        title, urgency = f"(rehearsal RH-{run.pk}, no production) {title}", Urgency.TICKET
    said = Saying(
        f"run:{run.pk}:{key}", urgency, f"{window.reference} {title}", text, window.reference, about=subject, timezone=window.timezone
    )
    reach(said, addresses, teams)
    return len(addresses)


def ask(run: Run, reason: str, key: str) -> int:
    """The run is held and a person must decide."""
    until = (
        f" Without an answer until {run.hold_until:%Y-%m-%d %H:%M:%S} UTC: {run.hold_action.replace('_', ' ')}." if run.hold_until else ""
    )
    back = f" Turn-back time is {run.turn_back_at:%Y-%m-%d %H:%M:%S} UTC." if run.turn_back_at else ""
    return page(run, f"asked:{key}", "is held and asks", f"{reason}{until}{back}\nResume, retry, skip or roll back.")


def page_stuck(run: Run, reason: str, key: str) -> int:
    return page(run, f"stuck:{key}", "is stuck: its rollback failed", f"{reason}\nRetry the rollback, or attest what was undone by hand.")


def page_not_begun(window: Window, reason: str) -> int:
    """Its time has come and it did not begin: coordinator, deputy, owner and their team's channels hear of it once for this start,
    whatever is tried again. Answers how many people."""
    named = [person for person in (window.coordinator_id, window.deputy_id, window.owner_id) if person is not None]
    text = f"{reason}\n\n{window.reference} · {window.title}\n{settings.PORTAL_URL}/windows/{window.reference}\n"
    addresses = list(Person.objects.filter(pk__in=named, is_active=True).values_list("email", flat=True))
    fact = f"window:{window.pk}:{window.starts_at:%Y%m%dT%H%M%S}:not-begun"
    said = Saying(
        fact, Urgency.PAGE, f"{window.reference} did not begin", text, window.reference, about=subject_of(window), timezone=window.timezone
    )
    reach(said, addresses, [window.team.slug])
    return len(addresses)
