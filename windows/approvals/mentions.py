"""Who is meant by an @name. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

HANDLE = re.compile(r"(?<![\w.@])@([\w][\w.+-]*)")
MOST = 20


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody who can be meant."""

    id: int
    name: str
    email: str

    @property
    def handle(self) -> str:
        return self.email.partition("@")[0].lower()


def handles(text: str) -> list[str]:
    """The words behind an @, lower case, each once; an e-mail address is no mention."""
    return list(dict.fromkeys(found.rstrip(".-+").lower() for found in HANDLE.findall(text)))[:MOST]


def mentioned(text: str, people: Iterable[Named]) -> list[Named]:
    """Of these people those whom the text means: `@ben` by the part of the address before its @, `@Ben Okafor` by the whole name.

    Where several have the same handle all of them are meant.
    """
    said, whole = set(handles(text)), text.lower()
    return [one for one in people if one.handle in said or re.search(rf"(?<![\w.@])@{re.escape(one.name.lower())}(?!\w)", whole)][:MOST]
