"""Every flag at one moment, immutable, and the views of it. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from windows.flags.routing import PARTS, FlagKey, FlagRow, newest, resolve
from windows.flags.server.tags import LiveTag, tag_at
from windows.lifecycle.states import Mode

VIEWS = 4096  # kept per snapshot; more places than this are computed each time


def value_at(rows: Iterable[FlagRow], place: FlagKey) -> dict[str, Any]:
    """What a place is told: mode, version (the one to acknowledge), window, and the payload (message, retry_after, until …)."""
    rows = list(rows)
    decides, last = resolve(rows, place), newest(rows, place)
    said = decides.payload if decides else {}
    return said | {
        "mode": decides.mode if decides else Mode.NORMAL.value,
        "version": last.global_version if last else 0,
        "window": decides.window if decides else "",
    }


@dataclass(frozen=True, slots=True)
class View:
    """What one place may know. The same place, version and epoch give the same bytes."""

    version: int
    echo: str
    etag: bytes
    body: bytes
    event: bytes  # as a server-sent event that only says "ask again"
    event_with_body: bytes


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`epoch` names the store: one built anew counts from 1 again, and its low versions must be believed."""

    epoch: str
    version: int
    rows: tuple[FlagRow, ...]
    nodes_version: int = 0
    nodes: frozenset[str] = frozenset()  # SHA-256 of the tokens of nodes in service
    live: tuple[LiveTag, ...] = ()  # open windows, in order of opening: no versions, nobody acknowledges them
    views: dict[FlagKey | None, View] = field(default_factory=dict, compare=False, repr=False)
    answers: dict[FlagKey, bytes] = field(default_factory=dict, compare=False, repr=False)  # OFREP, see ofrep.py

    def etag_of(self, version: int, place: FlagKey | None = None) -> str:
        """Of a version and of the tag that holds at the place."""
        tag = self.told_at(place)[1] if place else None
        mark = f"-{zlib.crc32(orjson.dumps(tag.plain)):08x}" if tag else ""
        return f'"{self.epoch[:8]}-{version}{mark}"'

    def told_at(self, place: FlagKey) -> tuple[dict[str, Any], LiveTag | None]:
        """The value in force at a place and the live tag there; `window` in the value names the live one where the flag names none."""
        value = value_at(self.rows, place)
        tag = tag_at(self.live, place, value["window"])
        return value | {"window": value["window"] or (tag.window if tag else "")}, tag

    def view(self, place: FlagKey | None) -> View:
        """All flags (None), or those that concern a place together with the value that is in force there."""
        known = self.views.get(place)
        if known is None:
            known = self.render(place)
            if len(self.views) < VIEWS:
                self.views[place] = known
        return known

    def render(self, place: FlagKey | None) -> View:
        concerned = self.rows if place is None else tuple(row for row in self.rows if row.key.concerns(place))
        last = max(concerned, key=lambda row: row.global_version, default=None)
        version, echo = (last.global_version, last.echo) if last else (0, "")
        told: dict[str, Any] = {"epoch": self.epoch, "version": version, "echo": echo}
        if place is not None:
            told["value"], tag = self.told_at(place)
            told |= {"tag": tag.plain} if tag else {}
        body = orjson.dumps(told | {"flags": [plain(row) for row in concerned]})
        etag = self.etag_of(version, place)
        call = {"type": "refetchEvaluation", "etag": etag, "version": version, "epoch": self.epoch}
        return View(version, echo, etag.encode(), body, event(etag, call), event(etag, call | {"snapshot": orjson.Fragment(body)}))

    def to_disk(self) -> bytes:
        rows = [plain(row) | {"echo": row.echo} for row in self.rows]
        return orjson.dumps({
            "epoch": self.epoch, "version": self.version, "rows": rows, "nodes_version": self.nodes_version, "nodes": sorted(self.nodes),
            "live": [list(tag) for tag in self.live],
        })  # fmt: skip

    @classmethod
    def from_disk(cls, content: bytes) -> Snapshot:
        """ValueError, KeyError or TypeError for anything but what to_disk() wrote."""
        told = orjson.loads(content)
        facts = ("mode", "global_version", "version", "window", "payload", "echo")
        rows = tuple(FlagRow(FlagKey(*(row[part] for part in PARTS)), *(row[fact] for fact in facts)) for row in told["rows"])
        return cls(
            told["epoch"],
            told["version"],
            rows,
            told["nodes_version"],
            frozenset(told["nodes"]),
            tuple(LiveTag(*one) for one in told.get("live", ())),
        )


def plain(row: FlagRow) -> dict[str, Any]:
    return row.key.columns | {
        "mode": row.mode,
        "version": row.version,
        "global_version": row.global_version,
        "window": row.window,
        "payload": row.payload,
    }


def event(name: str, data: dict[str, Any]) -> bytes:
    return b"id: %s\nevent: message\ndata: %s\n\n" % (name.encode(), orjson.dumps(data))
