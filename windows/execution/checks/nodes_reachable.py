"""Is every node that reads the scope's flags there, and does it acknowledge what is in force? Else a flag set now may go unheard."""

from __future__ import annotations

from datetime import timedelta

from windows.execution.checking import Answered, Candidate, failed, passed
from windows.flags.queries import convergence

MAX_AGE = timedelta(seconds=120)  # nodes post their receipt anew every 30 s


def check(candidate: Candidate) -> Answered:
    if "flag" not in candidate.kinds:
        return passed("No step sets a flag.")
    silent, seen = [], 0
    for service, environment in sorted({(service, environment) for service, environment, _ in candidate.places}):
        found = convergence(service, environment)
        seen += len(found.nodes)
        oldest = candidate.now - MAX_AGE
        silent += [f"{service}/{node.name}" for node in found.nodes if not node.agrees or node.at is None or node.at < oldest]
    evidence = {"nodes": seen, "silent": silent}
    if silent:
        return failed(f"{len(silent)} of {seen} nodes do not acknowledge the flags in force: {', '.join(silent[:10])}.", **evidence)
    return passed(f"{seen} nodes acknowledge the flags in force." if seen else "No node is registered for this scope.", **evidence)
