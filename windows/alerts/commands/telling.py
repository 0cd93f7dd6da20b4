"""Verb: tell people of the groups that are due. Who is told follows from the window, else from the service's team."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.http import urlencode

from windows.access.roles import ENGINE, Subject
from windows.alerts.commands.groups import REST, incident, said_of, takes_part
from windows.alerts.models import Alert, AlertFact, AlertGroup, PastWindow
from windows.alerts.states import Action, FactKind
from windows.alerts.words import About, Line, body, title
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.audit.going_on import going_on
from windows.catalogue.models import Person, Service
from windows.catalogue.queries import on_call_of, sre_contacts
from windows.delivery.commands import Saying, Words, reach
from windows.delivery.models import Urgency
from windows.live.models import LiveScope
from windows.playbooks.queries import Guide, guides_for

MANY = 100  # groups of one look
AT_ONCE = 1000  # alerts in one message; a longer list goes on in the next


def tell_due() -> int:
    """Tell every group that is due, each in a transaction of its own; how many. One that cannot be told is put off: it holds up none."""
    told = 0
    while due := list(AlertGroup.objects.filter(wake_at__lte=clock()).order_by("wake_at", "pk").values_list("pk", flat=True)[:MANY]):
        before = told
        for group in due:
            failed = True
            with going_on("tell a group of alerts", group=group):
                told += tell_one(group)
                failed = False
            if failed:
                AlertGroup.objects.filter(pk=group, wake_at__isnull=False).update(wake_at=clock() + REST)
        if told == before:  # others are at it
            break
    return told


@transaction.atomic(durable=True)
def tell_one(group: int) -> bool:
    """A message to each who must know, whatever the number of its alerts. Two workers never tell the same group.

    Alerts are locked before their group, as by whoever hears of alerts or hands them over and then wakes groups. One that was heard of in
    between found the group awake and woke nobody: it is looked for once more under the group's lock.
    """
    now = clock()
    key = AlertGroup.objects.filter(pk=group, wake_at__lte=now).values_list("key", flat=True).first()
    if key is None:
        return False
    untold = Alert.objects.select_for_update().filter(group=key, told_at__isnull=True).exclude(action=Action.ANNOTATE)
    rows = list(untold.order_by("pk")[:AT_ONCE])
    due = AlertGroup.objects.select_for_update(skip_locked=True).filter(pk=group, wake_at__lte=now).first()
    if due is None:
        return False
    left = Alert.objects.filter(group=key, told_at__isnull=True).exclude(action=Action.ANNOTATE).exclude(pk__in=[row.pk for row in rows])
    due.wake_at = now + REST if left.exists() else None
    if rows:
        takes_part(due, now)
        tell(rows, due, now)
    due.save(update_fields=["wake_at", "told_at", "messages", "episode"])
    return True


def tell(rows: list[Alert], group: AlertGroup, now: datetime) -> None:
    """In the transaction of its group. Where nobody can be told, the ledger and the trail say so."""
    urgency = Urgency(rows[0].action)
    about, named, eyes = window_of(rows)
    teams = teams_of({row.service for row in rows})
    people = named | on_duty(teams)
    guides = guides_for((row.name, row.service) for row in rows)
    lines = [line_of(row, guides.get((row.name, row.service), ())) for row in rows]
    narrowed = {"window": about.reference} if about.reference else {"service": rows[0].service}
    subject, text = title(about, lines), body(about, lines, ledger(**narrowed))
    key = f"{said_of(group, group.episode)}{group.messages}"
    programs = {"dedup_key": incident(group, group.episode), "component": rows[0].service, "group": about.reference, "class": rows[0].name}
    said = Saying(key, urgency, subject, text, about.reference, programs, eyes, unnamed(lines, rows[0].service))
    reach(said, people, teams)
    kind, heard = (FactKind.TOLD, ", ".join(sorted(people))) if people else (FactKind.UNHEARD, "There is nobody to tell.")
    AlertFact.objects.bulk_create([AlertFact(alert=row, kind=kind.value, said=heard, at=now) for row in rows])
    Alert.objects.filter(pk__in=[row.pk for row in rows]).update(told_at=now)
    data = {"alerts": len(rows), "action": urgency.value, "people": len(people), "title": subject[:200]}
    record(f"alerts.{kind.value}", ENGINE, about.reference or "alerts", window=about.reference, run_id=rows[0].run_id, data=data)


def window_of(rows: list[Alert]) -> tuple[About, set[str], Subject]:
    """What is said of the group's window, whom it names: its coordinator, while it is open; and who may read that."""
    reference = rows[0].window
    scopes = list(LiveScope.objects.filter(window=reference).order_by("pk")) if reference else []
    if scopes:
        live = scopes[0]
        link = live.runbook or f"{settings.PORTAL_URL}/windows/{reference}"
        about = About(reference, live.title, live.step, live.owner, live.coordinator, link)
        coordinator = (
            Person.objects.filter(email=live.coordinator_email).values_list("pk", flat=True).first() if live.confidential else None
        )
        eyes = Subject(live.team, touched({row.service for row in scopes}), coordinator, confidential=live.confidential)
        return about, {live.coordinator_email} - {""}, eyes
    past = PastWindow.objects.filter(window=reference).first() if reference else None
    if past is not None:
        about = About(reference, past.title, runbook=f"{settings.PORTAL_URL}/windows/{reference}", has_ended=True)
        return about, set(), Subject(affected_teams=touched({service for service, *_ in past.scopes}), confidential=past.confidential)
    return About(reference), set(), Subject()


def touched(services: Iterable[str]) -> frozenset[str]:
    return frozenset(teams_of(services))


def unnamed(lines: list[Line], service: str) -> Words:
    """The same alerts for those who may not know the window: what fires and where, as on any day."""
    told = [replace(line, reasons=("It belongs to a confidential window.",)) for line in lines]
    return Words(title(About(), told), body(About(), told, ledger(service=service)))


def ledger(**narrowed: str) -> str:
    """The address of the ledger's page of a window, or of a service."""
    return f"{settings.PORTAL_URL}/alerts/?{urlencode(narrowed)}"


def teams_of(services: Iterable[str]) -> list[str]:
    return sorted(set(Service.objects.filter(slug__in=[name for name in services if name]).values_list("team__slug", flat=True)))


def on_duty(teams: list[str]) -> set[str]:
    """On-call of these teams; where no service is ours, or its team has nobody on call, the SREs: no page is lost."""
    found = {person.email for person in on_call_of(teams)}
    return found or {person.email for person in sre_contacts()}


def line_of(row: Alert, guides: Iterable[Guide]) -> Line:
    told = {name: row.annotations.get(name, "") for name in ("summary", "description", "runbook_url")}
    return Line(
        row.name, row.service, row.environment, row.severity, told["summary"] or told["description"], f"{row.starts_at:%Y-%m-%d %H:%M:%S}",
        row.reasons, told["runbook_url"], row.url, [f"{one.title}: {settings.PORTAL_URL}/playbooks/{one.slug}" for one in guides],
    )  # fmt: skip
