"""Is every node that reads the scope's flags there, and does it acknowledge what is in force? Else a flag set now may go unheard.

A step that waits for its nodes needs at least one: without any it would fail when it is too late to think about it.
"""

from __future__ import annotations

from datetime import timedelta

from windows.execution.checking import Answered, Candidate, failed, passed
from windows.execution.models import Run
from windows.flags.queries import convergence
from windows.lifecycle.words import counted

MAX_AGE = timedelta(seconds=120)  # nodes post their receipt anew every 30 s
ANY = "*"


def check(candidate: Candidate) -> Answered:
    if "flag" not in candidate.kinds:
        return passed("No step sets a flag.")
    silent, seen = [], 0
    for service, environment in sorted({(service, environment) for service, environment, _ in candidate.places}):
        found = convergence(service, environment)
        seen += len(found.nodes)
        oldest = candidate.now - MAX_AGE
        silent += [f"{service}/{node.name}" for node in found.nodes if not node.agrees or node.at is None or node.at < oldest]
    deaf = unheard(candidate.run)
    evidence = {"nodes": seen, "silent": silent, "unheard": deaf}
    if deaf:
        return failed(
            f"No node is registered that could acknowledge the flag of {', '.join(deaf[:5])}: register its nodes, or say converge: false.",
            **evidence,
        )
    if silent:
        return failed(f"{len(silent)} of {seen} nodes do not acknowledge the flags in force: {', '.join(silent[:10])}.", **evidence)
    heard = f"{counted(seen, 'node')} acknowledge{'s' if seen == 1 else ''} the flags in force."
    return passed(heard if seen else "No node is registered for this scope.", **evidence)


def unheard(run: Run) -> list[str]:
    """“step” (its place), for each step that waits for nodes where there is none. Two statements for each place."""
    found, known = [], dict[tuple[str, str, str], bool]()
    for name, params in run.steps.filter(kind="flag").order_by("position").values_list("name", "params"):
        if params.get("converge") is False or "service" not in params:
            continue
        place = (params["service"], params["environment"], params.get("region", ANY))
        if place not in known:
            known[place] = bool(convergence(*place).nodes)
        if not known[place]:
            found.append(f"“{name}” ({'/'.join(place)})")
    return found
