"""Alerts that a change is expected to raise: by name, on one service of its scope, for some minutes of its window. Pure.

Written as lines, `OrdersSlow orders/production 0-30 the index is rebuilt`, and kept as plain values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from windows.errors import Invalid

MOST, LONGEST = 20, 24 * 60
LINE = re.compile(
    r"(?P<alert>\S+)\s+(?P<service>[^\s/]+)/(?P<environment>\S+)\s+(?P<begin>\d{1,5})\s*[-–]\s*(?P<end>\d{1,5})\s+(?P<because>\S.*)"
)
NAME = re.compile(r"[A-Za-z_:][A-Za-z0-9_:.\-]{0,199}")
SHAPE = (
    "Write: alert name, service/environment, from-to in minutes of the window, why. For example: OrdersSlow orders/production 0-30 reindex"
)


@dataclass(frozen=True, slots=True)
class Expected:
    """`begin` and `end` in minutes after the window has begun; at `end` it is expected no longer."""

    alert: str
    service: str
    environment: str
    begin: int
    end: int
    because: str

    def covers(self, name: str, service: str, environment: str) -> bool:
        """Never by pattern. An alert that names no environment cannot be told from one of elsewhere: it is not expected."""
        return (name, service, environment) == (self.alert, self.service, self.environment)

    def until(self, since: datetime) -> datetime:
        return since + timedelta(minutes=self.end)

    def holds(self, since: datetime, at: datetime) -> bool:
        return since + timedelta(minutes=self.begin) <= at < self.until(since)

    @property
    def line(self) -> str:
        return f"{self.alert} {self.service}/{self.environment} {self.begin}-{self.end} {self.because}"


def in_lines(text: str) -> tuple[Expected, ...]:
    """As a person writes them, one a line. Invalid names the line."""
    lines = [line.strip() for line in text.splitlines()]
    found = []
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        told = LINE.fullmatch(line)
        if told is None:
            raise Invalid(f"Line {number} cannot be read. {SHAPE}.", field="expected_alerts")
        values: dict[str, Any] = told.groupdict()
        found.append(checked(values | {"begin": int(values["begin"]), "end": int(values["end"])}, f"Line {number}"))
    return bounded(found)


def as_lines(kept: Iterable[Mapping[str, Any]]) -> str:
    return "\n".join(one.line for one in from_plain(kept))


def from_plain(kept: Iterable[Mapping[str, Any]]) -> tuple[Expected, ...]:
    """As they are stored and sent by programs. Invalid names the entry."""
    return bounded([checked(one, f"Entry {number}") for number, one in enumerate(kept, 1)])


def plain(found: Iterable[Expected]) -> list[dict[str, Any]]:
    return [asdict(one) for one in found]


def bounded(found: list[Expected]) -> tuple[Expected, ...]:
    if len(found) > MOST:
        raise Invalid(f"A window expects at most {MOST} alerts; these are {len(found)}.", field="expected_alerts")
    return tuple(found)


def checked(given: object, where: str) -> Expected:
    def wrong(why: str) -> Invalid:
        return Invalid(f"{where}: {why}", field="expected_alerts")

    names = tuple(Expected.__dataclass_fields__)
    if not isinstance(given, Mapping) or set(given) != set(names):
        raise wrong(f"say {', '.join(names)}, and nothing else.")
    for name in ("alert", "service", "environment", "because"):
        if not isinstance(given[name], str) or not given[name].strip():
            raise wrong(f"{name} is missing.")
    if not NAME.fullmatch(given["alert"]):
        raise wrong(f"{given['alert'][:60]!r} is no alert's name; patterns would expect everything.")
    begin, end = given["begin"], given["end"]
    if not all(isinstance(one, int) and not isinstance(one, bool) for one in (begin, end)) or not 0 <= begin < end <= LONGEST:
        raise wrong(f"minutes run from 0 to {LONGEST}, the first before the last.")
    if len(given["because"]) > 300 or any(len(given[name]) > 63 for name in ("service", "environment")):
        raise wrong("a reason has at most 300 characters, a service and an environment 63.")
    return Expected(given["alert"], given["service"], given["environment"], begin, end, " ".join(given["because"].split()))
