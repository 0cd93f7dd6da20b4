"""What a replica does with a request in each maintenance mode. Pure."""

from __future__ import annotations

from enum import StrEnum


class Treatment(StrEnum):
    SERVE = "serve"
    CHEAP = "cheap"  # from memory, without the database
    REFUSE = "refuse"  # 503 with Retry-After, before anything is touched


def treatment(mode: str, kind: str) -> Treatment:
    """`mode` is the flag's, `kind` "read" or "write". Throttled and rerouted traffic is shaped before it reaches a replica.

    A mode that this version does not know is treated as the strictest one: better closed than wrong.
    """
    match mode:
        case "normal" | "throttled" | "rerouted":
            return Treatment.SERVE
        case "degraded":
            return Treatment.CHEAP if kind == "read" else Treatment.SERVE
        case "read_only":
            return Treatment.SERVE if kind == "read" else Treatment.REFUSE
    return Treatment.REFUSE
