"""Durations as people write them: 30s, 2m, 1h, 1d, or parts together: 1h30m. Pure."""

from __future__ import annotations

import re
from datetime import timedelta

UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
SHAPE = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6}(?:\.\d{1,3})?)s)?\Z", re.ASCII)
LONGEST = timedelta(days=30)


def parse_duration(text: object) -> timedelta:
    """'90s' → 90 seconds. ValueError says what would be right; a bare number is refused because it hides its unit."""
    found = SHAPE.match(text) if isinstance(text, str) and text else None
    if not found:
        raise ValueError(f"{text!r} is no duration: write a number with its unit, like 30s, 2m, 1h or 1h30m")
    length = timedelta(seconds=sum(float(part) * unit for part, unit in zip(found.groups(), UNITS.values(), strict=True) if part))
    if length > LONGEST:
        raise ValueError(f"{text} is longer than {LONGEST.days} days")
    return length


def spoken(length: timedelta) -> str:
    """As a sentence says it: 1 h 30 min, 20 s."""
    words = {"d": " d", "h": " h", "m": " min", "s": " s"}
    return " ".join(f"{count}{words[unit]}" for count, unit in re.findall(r"([\d.]+)([dhms])", write_duration(length)))


def write_duration(length: timedelta) -> str:
    """The shortest text parse_duration reads back as the same (to a millisecond)."""
    left, parts = round(length.total_seconds() * 1000), []
    for unit, seconds in list(UNITS.items())[:3]:
        count, left = divmod(left, seconds * 1000)
        parts += [f"{count}{unit}"] if count else []
    return "".join([*parts, f"{left / 1000:g}s"] if left or not parts else parts)
