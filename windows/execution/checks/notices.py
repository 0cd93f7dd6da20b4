"""Were those told whom the window touches: on-call and owners of the teams, and the public where it will notice (X6)?

An emergency begins whatever is found here; so does what was approved a moment ago, whose notices are on their way.
"""

from __future__ import annotations

from datetime import timedelta

from windows.execution.checking import Answered, Candidate, failed, passed, unknown
from windows.notices.queries import Standing, standing

PATIENCE = timedelta(minutes=5)


def check(candidate: Candidate) -> Answered:
    if candidate.run.rehearsal:
        return passed("A rehearsal is announced to nobody.")
    found = standing(candidate.window)
    numbers = {"messages": found.messages, "lost": found.lost, "pending": found.pending}
    evidence = {"sent": found.is_sent, **numbers, "unannounced": list(found.unannounced)}
    if found.unannounced:
        who = ", ".join(found.unannounced)
        told = f"The public knows {who} and was not told that it will be {candidate.window.mode.replace('_', ' ')}: announce the window."
        return failed(told, **evidence)
    if found.messages and found.lost == found.messages:
        return failed(f"No notice reached anybody ({found.messages} were sent): tell the teams that it touches.", **evidence)
    late = found.due_since is not None and candidate.now - found.due_since > PATIENCE
    if found.is_sent and found.messages and found.lost + found.pending == found.messages:
        told = f"No notice has been delivered yet: {found.pending} of {found.messages} {'is' if found.pending == 1 else 'are'} on the way."
        return (
            unknown(f"{told} Does a worker consume the queue notify, and is the mail server there?", **evidence)
            if late
            else passed(f"Approved just now. {told}", **evidence)
        )
    if found.is_sent:
        return passed(delivered(found) if found.messages else "There is nobody to tell.", **evidence)
    if late:
        return failed("Those whom it touches were not told yet: does a worker consume the queue notify?", **evidence)
    return passed("Approved just now: its notices are on their way.", **evidence)


def delivered(found: Standing) -> str:
    """How many of the notices arrived; what is on the way, and what nobody got, is not counted as told."""
    rest = [f"{number} {words}" for number, words in ((found.pending, "on the way"), (found.lost, "lost")) if number]
    return f"Notices delivered: {found.messages - found.lost - found.pending} of {found.messages}{''.join(f', {one}' for one in rest)}."
