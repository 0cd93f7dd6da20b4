"""Which of two notices about the same maintenance counts. Pure (MAINTNOTE: a receiver ignores lower sequences)."""

from __future__ import annotations

from datetime import datetime


def is_older(sequence: int, stamped_at: datetime | None, known_sequence: int, known_stamp: datetime | None) -> bool:
    """Whether what arrives is older than what is known. The same sequence again is decided by its stamp; without one it is newer."""
    if sequence != known_sequence:
        return sequence < known_sequence
    return stamped_at is not None and known_stamp is not None and stamped_at < known_stamp
