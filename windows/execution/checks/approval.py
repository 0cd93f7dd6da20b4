"""Does the approval still stand: nothing material changed, every approver active and in their role, executor apart?"""

from __future__ import annotations

from windows.approvals.queries.standing import standing
from windows.execution.checking import Answered, Candidate, failed, passed
from windows.lifecycle.words import counted


def check(candidate: Candidate) -> Answered:
    found = standing(candidate.window.pk, candidate.run.started_by_id)
    evidence = {"digest": found.digest, "policy": found.policy, "fields": list(found.fields)}
    if not found.valid:
        return failed(" ".join(found.reasons), **evidence)
    return passed(f"Approved under “{found.policy}” by {counted(len(found.approvers), 'person', 'people')}.", **evidence)
