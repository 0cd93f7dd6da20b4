"""Does the window's tag get through where it will be looked for? Judged by the canary of each critical signal (N13). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SHOWN = 5  # signals named in one sentence


@dataclass(frozen=True, slots=True)
class Signal:
    """One way by which a critical service tells of itself. `back` of `sent` canaries, or series, carry the tag; None: it cannot be told.

    `called` is “metrics of orders-reads”; `unit` what is counted; `why` what was said where something is missing.
    """

    called: str
    back: int | None
    sent: int = 1
    unit: str = "canaries"
    why: str = ""

    @property
    def is_ready(self) -> bool:
        return self.back is not None and 0 < self.sent <= self.back

    @property
    def told(self) -> str:
        because = f": {self.why}" if self.why else ""
        if self.back is None:
            return f"nothing is known of {self.called}{because}"
        share = 100 * self.back / self.sent if self.sent else 0.0
        return f"{share:.1f} % of {self.called} ({self.back} of {self.sent} {self.unit}){because}"


@dataclass(frozen=True, slots=True)
class Readiness:
    """`is_known` is False where a signal could not be asked and none is known to lack the tag."""

    is_ready: bool
    is_known: bool
    told: str


def judged(tag: str, signals: Sequence[Signal]) -> Readiness:
    """Ready only where every critical signal is at 100 %; what cannot be told is not ready either."""
    missing = [one for one in signals if not one.is_ready]
    if not missing:
        return Readiness(True, True, f"A canary with the tag {tag} came back from each of {len(signals)} critical signals.")
    named = "; ".join(one.told for one in missing[:SHOWN])
    more = f"; and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
    return Readiness(False, any(one.back is not None for one in missing), f"The canary of {tag} is missing: {named}{more}.")
