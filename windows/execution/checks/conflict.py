"""Does another window stand in the way, now, when everything is known?"""

from __future__ import annotations

from windows.execution.checking import Answered, Candidate, failed, passed
from windows.lifecycle.states import ChangeType
from windows.scheduling.conflicts import ConflictKind, Severity
from windows.scheduling.queries import conflicts_of
from windows.scheduling.queries.overrides import open_conflicts, theirs_to_answer

# Freezes are the check `freeze`; how many windows a month may hold is asked of whoever takes a place in it.
ELSEWHERE = {ConflictKind.FREEZE, ConflictKind.TOO_MANY}


def check(candidate: Candidate) -> Answered:
    found = [f for f in conflicts_of(candidate.window.pk, now=candidate.now) if f.kind not in ELSEWHERE]
    evidence = {"conflicts": [{"kind": f.kind.value, "severity": f.severity.value, "what": f.what} for f in found]}
    hard = [f for f in found if f.severity is Severity.HARD]
    if hard:
        return failed(f"{hard[0].what}: {hard[0].why}", **evidence)
    if candidate.window.change_type != ChangeType.EMERGENCY:
        unasked, waiting = open_conflicts(candidate.window, candidate.now)
        soft = [f for f in (*unasked, *waiting) if f.kind not in ELSEWHERE]
        unaccepted = theirs_to_answer(candidate.window, soft, candidate.now)
        if unaccepted:
            first = unaccepted[0]
            return failed(f"{first.what}: {first.why} No two people have accepted this soft conflict, as it is now.", **evidence)
    return passed("No window is in the way.", **evidence)
