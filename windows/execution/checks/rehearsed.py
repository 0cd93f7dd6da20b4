"""Was this very version of the runbook rehearsed with its rollback lately, where a mistake would be grave (N15)?"""

from __future__ import annotations

from windows.catalogue.models import Service
from windows.execution.checking import Answered, Candidate, failed, passed
from windows.execution.queries.rehearsals import glass_over, proof_for
from windows.execution.rehearsing import CRITICAL, GOOD_FOR, wants_rehearsal


def check(candidate: Candidate) -> Answered:
    version = candidate.run.runbook_version
    if version is None:
        return passed("A manual window: no runbook to rehearse.")
    services = {service for service, _, _ in candidate.places}
    tiers = set(Service.objects.filter(slug__in=services).values_list("tier", flat=True))
    if not wants_rehearsal(tiers, {environment for _, environment, _ in candidate.places}):
        return passed(f"Only work on services of tier {CRITICAL} in production must have been rehearsed.")
    proof = proof_for(version.pk, candidate.now)
    if proof is not None and proof.ended_at is not None:
        return passed(
            f"Version {version.number} was rehearsed with its rollback on {proof.ended_at:%Y-%m-%d} (RH-{proof.pk}).", rehearsal=proof.pk
        )
    glass = glass_over(candidate.window.pk, version.pk)
    if glass is not None:
        told = {"broken_by": glass.person.name, "why": glass.reason}
        return passed(f"Version {version.number} was not rehearsed; {glass.person.name} broke the glass: {glass.reason}", **told)
    return failed(
        f"Version {version.number} was not rehearsed with its rollback in the last {GOOD_FOR.days} days: rehearse it, or break the glass."
    )
