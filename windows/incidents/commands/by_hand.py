"""Verbs: a person links an incident to a window, or takes a link away; both with a reason that stays in the trail."""

from __future__ import annotations

from windows.access.roles import Actor, Verb, require
from windows.audit.commands import record
from windows.errors import Conflict, NotFound
from windows.incidents.commands.reporting import reporter
from windows.incidents.models import Incident, IncidentLink
from windows.incidents.states import LinkedBy
from windows.scheduling import texts
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.queries import subject_of, window_id_of


@one_transaction
def link_incident(actor: Actor, incident_id: int, reference: str, reason: str) -> IncidentLink:
    """Conflict where it is linked already; NotFound for a window that the actor may not see."""
    incident = found(actor, incident_id)
    window_id = window_id_of(reference)
    require(actor, Verb.READ, subject_of(window_id))
    why = texts.lines(reason, "reason", required=True)
    link, is_new = IncidentLink.objects.get_or_create(
        incident=incident, window_id=window_id, defaults={"by": LinkedBy.PERSON.value, "reason": why, "made_by": actor.name}
    )
    if not is_new:
        raise Conflict(f"{incident.reference} is linked to MW-{window_id} already.", field="window")
    record("incident.linked", actor, incident.reference, window=f"MW-{window_id}", data={"reason": why, "title": incident.title})
    return link


@one_transaction
def unlink_incident(actor: Actor, incident_id: int, reference: str, reason: str) -> None:
    incident = found(actor, incident_id)
    window_id = window_id_of(reference)
    require(actor, Verb.READ, subject_of(window_id))
    why = texts.lines(reason, "reason", required=True)
    if not IncidentLink.objects.filter(incident=incident, window_id=window_id).delete()[0]:
        raise NotFound(f"{incident.reference} is not linked to MW-{window_id}.")
    record("incident.unlinked", actor, incident.reference, window=f"MW-{window_id}", data={"reason": why, "title": incident.title})


def found(actor: Actor, incident_id: int) -> Incident:
    require(actor, Verb.REPORT, reporter(actor))
    row = Incident.objects.select_for_update().filter(pk=incident_id).first()
    if row is None:
        raise NotFound("There is no such incident.")
    return row
