"""What a channel raises when a message did not go out."""

from __future__ import annotations


class Undelivered(Exception):
    """It did not go out. `permanent` says that trying again cannot help."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.permanent = permanent
