"""Attributes of OpenTelemetry as plain, bounded values that can be stored. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from windows.signals.records import Plain, size

MOST, KEY, TEXT, WHOLE, DEEP = 64, 120, 1000, 4096, 4  # attributes, letters of a key, of a text, bytes of all, levels
LOOKED = 4 * MOST


def text_of(given: str, longest: int = TEXT) -> str:
    """Storable: no NUL and no other control character but line breaks and tabs, cut where it is too long."""
    cut = given if len(given) <= longest else given[: longest - 1] + "…"
    if cut.isprintable():
        return cut
    return "".join(letter if (letter >= " " and letter != "\x7f") or letter in "\n\t" else "\N{REPLACEMENT CHARACTER}" for letter in cut)


def value_of(given: AnyValue, deep: int = DEEP) -> Any:
    """A plain value. NaN and infinities become their names: JSON has none."""
    match given.WhichOneof("value"):
        case "string_value":
            return text_of(given.string_value)
        case "bool_value":
            return given.bool_value
        case "int_value":
            return given.int_value
        case "double_value":
            return given.double_value if math.isfinite(given.double_value) else str(given.double_value)
        case "bytes_value":
            return text_of(given.bytes_value[:TEXT].hex())
        case "array_value":
            return [value_of(one, deep - 1) for one in given.array_value.values[:MOST]] if deep else "…"
        case "kvlist_value":
            return pairs(given.kvlist_value.values, deep - 1)[0] if deep else "…"
        case _:
            return None


def pairs(given: Sequence[KeyValue], deep: int = DEEP) -> tuple[Plain, int]:
    """The attributes that fit, in the sender's order, and how many were left out. Of a key that comes twice the last counts. Only the
    first are looked at: empty ones cost two bytes each."""
    found: Plain = {}
    room, dropped = WHOLE, max(0, len(given) - LOOKED)
    for one in given[:LOOKED]:
        if len(found) >= MOST or not 0 < len(one.key) <= KEY:
            dropped += 1
            continue
        value = value_of(one.value, deep)
        cost = len(one.key) + size(value)
        if cost > room:
            dropped += 1
            continue
        room -= cost
        found[text_of(one.key, KEY)] = value
    return found, dropped


def spoken(value: Any) -> str:
    """For a line of text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
