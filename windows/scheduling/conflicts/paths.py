"""The ways through the dependencies, up or down."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from windows.scheduling.conflicts.facts import Needs

DEPTH = 2
Paths = Mapping[str, tuple[str, ...]]


def neighbours(services: set[str], needs: Needs, depth: int) -> dict[str, tuple[str, ...]]:
    """Every service within `depth` dependencies up or down, with the way there: ("orders", "needs payments", "needs bank").

    A way goes only up or only down: two services that need the same third do not disturb each other. Cycles end.
    """
    needed_by: dict[str, set[str]] = {}
    for service, wanted in needs.items():
        for other in wanted:
            needed_by.setdefault(other, set()).add(service)
    found: dict[str, tuple[str, ...]] = {}
    for graph, verb in ((needs, "needs"), (needed_by, "is needed by")):
        queue: deque[tuple[str, tuple[str, ...]]] = deque((service, (service,)) for service in sorted(services))
        seen = set(services)
        while queue:
            service, path = queue.popleft()
            if len(path) > depth:
                continue
            for other in sorted(graph.get(service, ())):
                if other not in seen:
                    seen.add(other)
                    way = (*path, f"{verb} {other}")
                    found.setdefault(other, way)
                    queue.append((other, way))
    return found


def told(path: tuple[str, ...]) -> str:
    """ "orders needs payments, which needs bank"."""
    return f"{path[0]} {', which '.join(path[1:])}"
