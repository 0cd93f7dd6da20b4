"""Which live window's tag holds at a place, flag or no flag: what a node puts on its telemetry. Pure.

A window is open longer than any flag of it is set; what is measured before the first flag and after the last belongs to it too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from windows.flags.routing import FlagKey


class LiveTag(NamedTuple):
    """An open window at one of its places. No confidential one: nodes tell their tags to everybody."""

    window: str  # MW-1042
    owner: str
    step: str  # "" between steps
    service: str
    environment: str
    region: str
    layer: str

    def holds_at(self, place: FlagKey) -> bool:
        return FlagKey(self.service, self.environment, self.region, self.layer).concerns(place)

    @property
    def plain(self) -> dict[str, str]:
        return {"window": self.window, "owner": self.owner, "step": self.step, "scope": f"{self.service}/{self.environment}/{self.region}"}


def tag_at(live: Sequence[LiveTag], place: FlagKey, window: str = "") -> LiveTag | None:
    """The tag of this window where it is named (the flag's own), else of the one that opened last (`live` is in order of opening)."""
    return next((tag for tag in reversed(live) if tag.holds_at(place) and window in ("", tag.window)), None)
