"""Does a change freeze cover the scope now? A soft one that was accepted with the approval does not block."""

from __future__ import annotations

from windows.execution.checking import Answered, Candidate, failed, passed
from windows.execution.queries.freezes import freezes_over


def check(candidate: Candidate) -> Answered:
    found = freezes_over(candidate.window.pk, candidate.now)
    if found.refusal:
        return failed(found.refusal, **found.evidence)
    return passed("No change freeze is in the way.", **found.evidence)
