"""Were those told whom the window touches: on-call and owners of the teams, and the public where it will notice (X6)?

An emergency begins whatever is found here; so does what was approved a moment ago, whose notices are on their way.
"""

from __future__ import annotations

from datetime import timedelta

from windows.execution.checking import Answered, Candidate, failed, passed
from windows.notices.queries import standing

PATIENCE = timedelta(minutes=5)


def check(candidate: Candidate) -> Answered:
    if candidate.run.rehearsal:
        return passed("A rehearsal is announced to nobody.")
    found = standing(candidate.window)
    evidence = {"sent": found.is_sent, "messages": found.messages, "lost": found.lost, "unannounced": list(found.unannounced)}
    if found.unannounced:
        who = ", ".join(found.unannounced)
        told = f"The public knows {who} and was not told that it will be {candidate.window.mode.replace('_', ' ')}: announce the window."
        return failed(told, **evidence)
    if found.messages and found.lost == found.messages:
        return failed(f"No notice reached anybody ({found.messages} were sent): tell the teams that it touches.", **evidence)
    if found.is_sent:
        return passed(f"Notices sent: {found.messages}." if found.messages else "There is nobody to tell.", **evidence)
    if found.due_since is not None and candidate.now - found.due_since > PATIENCE:
        return failed("Those whom it touches were not told yet: does a worker consume the queue notify?", **evidence)
    return passed("Approved just now: its notices are on their way.", **evidence)
