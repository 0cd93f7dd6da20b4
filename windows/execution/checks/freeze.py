"""Does a change freeze cover the scope now? A soft one that was accepted with the approval does not block."""

from __future__ import annotations

from windows.approvals.models import ApprovalRequest, RequestStatus
from windows.execution.checking import Answered, Candidate, failed, passed
from windows.scheduling.queries import freezes_for


def check(candidate: Candidate) -> Answered:
    found = freezes_for(candidate.scope, candidate.now)
    granted = ApprovalRequest.objects.filter(window=candidate.window.pk, status=RequestStatus.GRANTED.value).first()
    accepted = str(granted.conflicts) if granted else ""
    barring = [f for f in found if f.severity == "hard" or (f.severity == "soft" and f.title not in accepted)]
    evidence = {"freezes": [{"title": f.title, "severity": f.severity, "until": f.ends_at.isoformat()} for f in found]}
    if barring:
        worst = barring[0]
        return failed(f"The change freeze “{worst.title}” is in force until {worst.ends_at:%Y-%m-%d %H:%M} UTC.", **evidence)
    return passed("No change freeze is in the way.", **evidence)
