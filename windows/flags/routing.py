"""Which flag counts here: pure resolution of rows that name a place or leave parts of it open ("*").

A row *touches* a place when each part of its key is "*" or equal. Among the rows that touch:

1. A row in mode `normal` is a cleared flag and says nothing, so that a service which once had a window still hears a flag set
   later on the whole system. Its payload may carry `exempt: true`: then it is a statement ("all is offline but this").
2. The most specific row wins: the one that names the most parts (target, environment, region, layer, component count alike).
3. Among equally specific rows the strictest mode wins (`Mode` is declared from the mildest to the strictest),
4. and among equally strict ones the newest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from windows.lifecycle.states import Mode

ANY = "*"
PARTS = ("target", "environment", "region", "layer", "component")
STRICTNESS: dict[str, int] = {mode.value: rank for rank, mode in enumerate(Mode)}


@dataclass(frozen=True, slots=True, order=True)
class FlagKey:
    """Where a flag is set: slugs, or "*" for every one. As a place that asks, an open part is one the asker does not name."""

    target: str = ANY
    environment: str = ANY
    region: str = ANY
    layer: str = ANY
    component: str = ANY

    def __str__(self) -> str:
        return "/".join(self.parts)

    @property
    def parts(self) -> tuple[str, str, str, str, str]:
        return self.target, self.environment, self.region, self.layer, self.component

    @property
    def columns(self) -> dict[str, Any]:
        return dict(zip(PARTS, self.parts, strict=True))

    @property
    def specificity(self) -> int:
        """How many parts are named: 0 (the whole system) to 5."""
        return sum(part != ANY for part in self.parts)

    def touches(self, place: FlagKey) -> bool:
        """Whether this flag's rule covers the place. A part the place leaves open is covered by "*" only."""
        return all(mine in (ANY, theirs) for mine, theirs in zip(self.parts, place.parts, strict=True))

    def concerns(self, place: FlagKey) -> bool:
        """Whether anything in the place may be covered: as `touches`, but a part the place leaves open stands for all of it."""
        return all(mine in (ANY, theirs) or theirs == ANY for mine, theirs in zip(self.parts, place.parts, strict=True))


@dataclass(frozen=True, slots=True)
class FlagRow:
    """One flag's current value. `version` is the flag's own, `global_version` the store's when it last changed."""

    key: FlagKey
    mode: str
    global_version: int
    version: int = 0
    window: str = ""
    payload: dict[str, Any] = field(default_factory=dict)
    echo: str = ""  # the word a receipt for `global_version` repeats

    @property
    def says_something(self) -> bool:
        return self.mode != Mode.NORMAL.value or self.payload.get("exempt") is True


def touching(rows: Iterable[FlagRow], place: FlagKey) -> list[FlagRow]:
    return [row for row in rows if row.key.touches(place)]


def newest(rows: Iterable[FlagRow], place: FlagKey) -> FlagRow | None:
    """The row that changed last among those that concern the place, cleared ones too: its global version is what a node there
    must acknowledge. Rows on a layer or component count: the node hosts them."""
    return max((row for row in rows if row.key.concerns(place)), key=lambda row: row.global_version, default=None)


def rank(row: FlagRow) -> tuple[int, int, int]:
    return row.key.specificity, STRICTNESS.get(row.mode, len(STRICTNESS)), row.global_version


def resolve(rows: Iterable[FlagRow], place: FlagKey) -> FlagRow | None:
    """The row that decides the mode of this place; None means normal: nobody said anything."""
    return max((row for row in touching(rows, place) if row.says_something), key=rank, default=None)
