"""Answers kept as bytes while nothing has changed: a list that many programs poll costs its rows once per change, not once per poll.

The key holds who looks and what was asked; the trail's mark says whether anything was done since. Every act leaves an entry in its own
transaction, so an unchanged mark means unchanged answers. The mark is read before the rows: rows may be newer than it, never older.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from threading import Lock

from windows.access.roles import Actor

MOST = 64  # answers per process; the largest page is some 100 kB
KEEPERS: list[Kept] = []


class Kept:
    """The answers used last. Safe among threads; two that miss at once both compute, and either may stay."""

    def __init__(self, most: int = MOST) -> None:
        self.most, self.lock = most, Lock()
        self.answers: OrderedDict[str, tuple[str, bytes]] = OrderedDict()
        KEEPERS.append(self)

    def clear(self) -> None:
        with self.lock:
            self.answers.clear()

    def get(self, key: str, mark: str) -> bytes | None:
        with self.lock:
            found = self.answers.get(key)
            if found is None or found[0] != mark:
                return None
            self.answers.move_to_end(key)
            return found[1]

    def keep(self, key: str, mark: str, answer: bytes) -> None:
        with self.lock:
            self.answers[key] = (mark, answer)
            self.answers.move_to_end(key)
            while len(self.answers) > self.most:
                self.answers.popitem(last=False)


def eyes(viewer: Actor) -> str:
    """What of a viewer decides which windows are seen: equal words, equal windows (see queries.listing.for_eyes_of)."""
    if viewer.is_system or viewer.administrator or viewer.sre:
        return "all"
    return f"{viewer.person_id} {' '.join(sorted({team for team, _ in viewer.roles}))}"


def etag(key: str, mark: str) -> str:
    return f'"{hashlib.sha256(f"{mark} {key}".encode()).hexdigest()[:32]}"'


def unchanged(sent: str, current: str) -> bool:
    """Whether If-None-Match names the current answer (RFC 9110: a list, weak comparison, or anything at all)."""
    return sent.strip() == "*" or current in [tag.strip().removeprefix("W/") for tag in sent.split(",")]
