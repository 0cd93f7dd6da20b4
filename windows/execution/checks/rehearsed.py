"""Was this very version of the runbook rehearsed with its rollback lately, where a mistake would be grave (N15)?"""

from __future__ import annotations

from windows.execution.checking import Answered, Candidate, failed, passed
from windows.execution.queries.rehearsals import standing_of


def check(candidate: Candidate) -> Answered:
    version = candidate.run.runbook_version
    if version is None:
        return passed("A manual window: no runbook to rehearse.")
    places = {(service, environment) for service, environment, _ in candidate.places}
    found = standing_of(candidate.window.pk, version.pk, places, candidate.now)
    if not found.is_wanted:
        return passed(f"It need not have been rehearsed. {found.rule.told}")
    if found.proof is not None and found.proof.ended_at is not None:
        told = f"Version {version.number} was rehearsed with its rollback on {found.proof.ended_at:%Y-%m-%d} (RH-{found.proof.pk})."
        return passed(told, rehearsal=found.proof.pk)
    if found.glass is not None:
        who = {"broken_by": found.glass.person.name, "why": found.glass.reason}
        return passed(f"Version {version.number}: {found.lacks} {found.glass.person.name} broke the glass: {found.glass.reason}", **who)
    return failed(f"Version {version.number} was not rehearsed with its rollback: {found.lacks} Rehearse it, or break the glass.")
