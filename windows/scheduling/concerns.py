"""Which acts can change what stands in the way of a window. Pure: read off the kind of an entry of the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any


class Concern(StrEnum):
    """Whose conflicts are to be asked for again."""

    RIVALS = "rivals"  # the window's own, and of those near it
    FREEZE = "freeze"  # of whatever lies in a freeze, or did
    PROVIDER = "provider"  # of whatever lies in a provider's maintenance, or did
    MAPPING = "mapping"  # the same, for everything that a provider announced
    SERVICE = "service"  # of whatever touches a service or its neighbours
    RULES = "rules"  # of every window ahead


# A draft holds nothing, so what becomes of one concerns nobody.
OF_WINDOWS = frozenset(
    f"window.{verb}" for verb in ("requested", "amended", "rejected", "withdrawn", "cancelled", "expired", "started", "extended")
) | {"window.completed", "window.rolled_back", "window.failed"}
# Whoever is on call twice is only pointed out, at every look and from the shifts as they are then: a changed on-call calendar concerns
# nobody who would have to be told.
OTHERS = {
    "freeze": Concern.FREEZE,
    "external_window": Concern.PROVIDER,
    "provider_object": Concern.MAPPING,
    "dependency": Concern.SERVICE,
    "service": Concern.SERVICE,
    "redundancy_group": Concern.RULES,
    "region_pair": Concern.RULES,
    "limit": Concern.RULES,
    "window_budget": Concern.RULES,
}


def concern_of(kind: str) -> Concern | None:
    """None: it changes no conflict."""
    return Concern.RIVALS if kind in OF_WINDOWS else OTHERS.get(kind.partition(".")[0])


def periods_before(data: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
    """Where a window that was moved lay before, from its entry; None where it was not moved."""
    changed = data.get("changed", {})
    begins, ends = (changed.get(name, [data.get(name)])[0] for name in ("starts_at", "ends_at"))
    if not changed.keys() & {"starts_at", "ends_at"} or not begins or not ends:
        return None
    return datetime.fromisoformat(begins), datetime.fromisoformat(ends)
