"""Verbs: report an incident, end it, take a complaint in. Each is linked to windows in the transaction that writes it down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from windows.access.roles import ENGINE, Actor, Role, Subject, Verb, require
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.catalogue.models import Environment, Service
from windows.errors import Conflict, Invalid, NotFound, Refused
from windows.incidents.linking import COMPLAINT_AFTER, INCIDENT_AFTER, Link, links
from windows.incidents.models import Complaint, ComplaintLink, Incident, IncidentLink
from windows.incidents.queries import after, happened, ran_around
from windows.incidents.rows_in import Row
from windows.incidents.states import LinkedBy, Severity, Via
from windows.scheduling import texts
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.models import Window
from windows.scheduling.times import parse

MOST_USERS = 10**12
AT_ONCE = 100  # complaints of one transaction
SLIP = timedelta(minutes=5)  # clocks of those who report may be ahead of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """An incident as it is reported. Times are zone-aware or RFC 3339 text; `window` is a reference that its reporter names."""

    title: str
    severity: str = Severity.MAJOR.value
    text: str = ""
    service: str = ""
    environment: str = ""
    window: str = ""
    started_at: datetime | str = ""
    ended_at: datetime | str = ""
    affected_users: int | None = None
    external_ref: str | None = None


def reporter(actor: Actor) -> Subject:
    """Whoever has a say in any team may report of any service."""
    teams = sorted(team for team, role in actor.roles if role is not Role.VIEWER)
    return Subject(team=teams[0] if teams else None, called="incidents and complaints")


@one_transaction
def report_incident(actor: Actor, report: Report, via: Via = Via.BROWSER) -> Incident:
    """Invalid names the field; Conflict(field="external_ref") where that one is known."""
    require(actor, Verb.REPORT, reporter(actor))
    now = clock()
    if report.severity not in {one.value for one in Severity}:
        raise Invalid(f"Choose one of: {', '.join(one.value for one in Severity)}.", field="severity")
    if report.affected_users is not None and not 0 <= report.affected_users <= MOST_USERS:
        raise Invalid(f"Write a number from 0 to {MOST_USERS:,}.", field="affected_users")
    started_at = moment(report.started_at, "started_at", now) or now
    ended_at = moment(report.ended_at, "ended_at", now)
    if ended_at is not None and ended_at < started_at:
        raise Invalid("It cannot end before it began.", field="ended_at")
    row = Incident(
        title=texts.line(report.title, "title", required=True), text=texts.lines(report.text, "text"), severity=report.severity,
        started_at=started_at, ended_at=ended_at, affected_users=report.affected_users, via=via.value,
        external_ref=reference_of(report.external_ref), reported_by=actor.name, reported_by_id=actor.person_id,
        **place(report.service, report.environment, report.window),
    )  # fmt: skip
    save_new(row)
    linked(row, INCIDENT_AFTER, actor)
    # how many windows it belongs to is not told here: everybody reads this entry, and one of them may be confidential
    record("incident.reported", actor, row.reference, data={"title": row.title, "severity": row.severity, "service": row.service})
    return row


def open_incident(window: Window, title: str, text: str, service: str, environment: str, *, now: datetime) -> Incident:
    """What the watch after a window found, inside the caller's transaction; linked to that window whatever its time. Once a window:
    Conflict(field="external_ref") where it is there already. A confidential window is not named to who reads incidents."""
    row = Incident(
        title=title, text=text, severity=Severity.MAJOR.value, service=service, environment=environment, started_at=now,
        tag="" if window.confidential else window.reference, via=Via.ENGINE.value, external_ref=after(window.reference),
        reported_by=ENGINE.name,
    )  # fmt: skip
    save_new(row)
    linked(row, INCIDENT_AFTER, ENGINE)
    found = {"by": LinkedBy.TAG.value, "reason": f"It was measured after {window.reference} had ended.", "made_by": ENGINE.name}
    IncidentLink.objects.get_or_create(incident=row, window=window, defaults=found)
    record("incident.reported", ENGINE, row.reference, data={"title": row.title, "severity": row.severity, "service": row.service})
    return row


@one_transaction
def end_incident(actor: Actor, incident_id: int, resolution: str, ended_at: datetime | str = "") -> Incident:
    """Users are served again. Conflict where it has ended already."""
    require(actor, Verb.REPORT, reporter(actor))
    row = Incident.objects.select_for_update().filter(pk=incident_id).first()
    if row is None:
        raise NotFound("There is no such incident.")
    now = clock()
    at = moment(ended_at, "ended_at", now) or now
    if row.ended_at is not None:
        raise Conflict(f"{row.reference} has ended already.", field="ended_at")
    if at < row.started_at:
        raise Invalid("It cannot end before it began.", field="ended_at")
    row.ended_at, row.resolution = at, texts.lines(resolution, "resolution", required=True)
    row.save(update_fields=["ended_at", "resolution"])
    record("incident.ended", actor, row.reference, data={"reason": row.resolution, "ended_at": at.isoformat()})
    return row


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one row: its reference, or what is wrong and where."""

    line: int
    reference: str = ""
    field: str = ""
    wrong: str = ""


@one_transaction
def take_complaint(actor: Actor, said: Mapping[str, Any], via: Via = Via.BROWSER) -> Complaint:
    """One complaint: text, received_at, who, service, environment, window, external_ref. As `report_incident`."""
    require(actor, Verb.REPORT, reporter(actor))
    row = taken(actor, said, via)
    record("complaint.taken", actor, row.reference, data={"service": row.service, "via": row.via})
    return row


def take_many(actor: Actor, rows: list[Row], via: Via) -> list[Told]:
    """Every good row is a complaint; a bad one leaves nothing and is told with its line; a known one is named. A hundred at a time: what is
    taken already stays where a later hundred is cut off, and an external reference tells it the next time."""
    require(actor, Verb.REPORT, reporter(actor))
    return [one for first in range(0, len(rows), AT_ONCE) for one in take_some(actor, rows[first : first + AT_ONCE], via)]


@one_transaction
def take_some(actor: Actor, rows: list[Row], via: Via) -> list[Told]:
    require(actor, Verb.REPORT, reporter(actor))
    told = []
    for row in rows:
        try:
            if row.wrong is not None:
                raise row.wrong
            with transaction.atomic():
                told.append(Told(row.line, taken(actor, row.said, via).reference))
        except Refused as error:
            told.append(Told(row.line, field=str(getattr(error, "field", "") or ""), wrong=error.detail))
    count = sum(bool(one.reference) for one in told)
    if count:
        record("complaints.taken", actor, "complaints", data={"taken": count, "refused": len(told) - count, "via": via.value})
    return told


def taken(actor: Actor, said: Mapping[str, Any], via: Via) -> Complaint:
    now = clock()
    row = Complaint(
        text=texts.lines(said.get("text", ""), "text", required=True), who=texts.line(said.get("who", ""), "who"),
        received_at=moment(said.get("received_at", ""), "received_at", now) or now, via=via.value,
        external_ref=reference_of(said.get("external_ref")), taken_by_id=actor.person_id,
        **place(said.get("service", ""), said.get("environment", ""), said.get("window", "")),
    )  # fmt: skip
    save_new(row)
    linked(row, COMPLAINT_AFTER, actor)
    return row


def linked(row: Incident | Complaint, after: timedelta, actor: Actor) -> None:
    """Judge and write its links."""
    one = happened(row)
    windows, ids = ran_around(one.at, after, one.tag)
    found = links(one, windows, after)
    if isinstance(row, Incident):
        facts = [IncidentLink(incident=row, window_id=ids[link.reference], **reason(link, actor)) for link in found]
        IncidentLink.objects.bulk_create(facts)
    else:
        told = [ComplaintLink(complaint=row, window_id=ids[link.reference], **reason(link, actor)) for link in found]
        ComplaintLink.objects.bulk_create(told)


def reason(link: Link, actor: Actor) -> dict[str, str]:
    return {"by": link.by.value, "reason": link.reason, "made_by": actor.name}


def place(service: object, environment: object, window: object) -> dict[str, str]:
    found = {name: texts.line(value, name, longest=63) for name, value in (("service", service), ("environment", environment))}
    if found["service"] and not Service.objects.filter(slug=found["service"]).exists():
        raise Invalid(f"There is no service “{found['service']}”.", field="service")
    if found["environment"] and not Environment.objects.filter(slug=found["environment"]).exists():
        raise Invalid(f"There is no environment “{found['environment']}”.", field="environment")
    tag = texts.line(window, "window", longest=20).upper()
    if tag and not (tag.startswith("MW-") and tag[3:].isascii() and tag[3:].isdigit()):
        raise Invalid("Name a window as MW-1042.", field="window")
    return found | {"tag": tag}


def moment(given: datetime | str, field_: str, now: datetime) -> datetime | None:
    if given == "":
        return None
    at = parse(given, field_)
    if at > now + SLIP:
        raise Invalid("This lies in the future.", field=field_)
    return at


def reference_of(given: object) -> str | None:
    return texts.line(given, "external_ref", required=True) if given else None


def save_new(row: Incident | Complaint) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        if "external_ref" not in str(error):
            raise
        known = type(row)._default_manager.filter(external_ref=row.external_ref).first()
        raise Conflict(f"This is known already, as {known}.", field="external_ref") from error
