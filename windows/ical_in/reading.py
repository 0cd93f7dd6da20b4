"""Reads a stranger's calendar or mailbox in a child process and brings back plain values."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from windows.ical_in.lines import LARGEST, Unreadable
from windows.ical_in.notices import Notice

HOME = Path(__file__).resolve().parents[2]
CHILD = [sys.executable, "-E", "-s", "-m", "windows.ical_in.child"]
SECONDS = 30.0  # by the clock on the wall; the child itself is held to as much of the processor's time


@dataclass(frozen=True, slots=True)
class Whole:
    """What a file holds: the notices of all its calendars, and of each calendar its X-CALENDAR-TYPE and what it is called."""

    notices: list[Notice]
    types: list[str]
    titles: list[str]


def read(raw: bytes, seconds: float = SECONDS) -> list[Notice]:
    """Every notice of a calendar, a message or a mailbox. Unreadable, with its line, for what is none, is too large or takes too long."""
    return read_whole(raw, seconds).notices


def read_whole(raw: bytes, seconds: float = SECONDS) -> Whole:
    """As `read`, with what the calendars say of themselves."""
    if len(raw) > LARGEST:
        raise Unreadable(f"A file has at most {LARGEST // 1024} KiB; this one has {len(raw) // 1024}.")
    try:
        done = subprocess.run(CHILD, input=raw, cwd=HOME, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise Unreadable(f"Reading this took longer than {seconds:g} seconds.") from None
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        raise Unreadable("Reading this took more memory or time than a calendar may.") from None
    if "error" in answer:
        raise Unreadable(answer["error"], answer["line"])
    return Whole([Notice(**one) for one in answer["notices"]], answer["types"], answer["titles"])
