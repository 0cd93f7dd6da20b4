"""What text may hold. Pure. A control character in a title breaks calendar feeds for everybody, so none is stored."""

from __future__ import annotations

import math
import re
from typing import Any

from windows.errors import Invalid

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
BREAK = re.compile(r"[\t\n\r]")


def line(text: object, field: str, *, longest: int = 200, required: bool = False) -> str:
    """One line without any control character, trimmed."""
    found = lines(text, field, longest=longest, required=required)
    if BREAK.search(found):
        raise Invalid("Write this on one line.", field=field)
    return found


def lines(text: object, field: str, *, longest: int = 4000, required: bool = False) -> str:
    """Text of several lines: line breaks become \\n, other control characters are refused."""
    if not isinstance(text, str):
        raise Invalid("Write text here.", field=field)
    found = text.replace("\r\n", "\n").strip()
    if CONTROL.search(found) or "\r" in found:
        raise Invalid("Control characters are not allowed here.", field=field)
    if required and not found:
        raise Invalid("This must not be empty.", field=field)
    if len(found) > longest:
        raise Invalid(f"At most {longest} characters; this has {len(found)}.", field=field)
    return found


def plain_json(value: Any, field: str, depth: int = 0) -> Any:
    """Plain JSON values whose strings and keys hold no control characters; bounded in depth."""
    if depth > 10:
        raise Invalid("Nested too deeply.", field=field)
    match value:
        case str():
            return lines(value, field)
        case bool() | int() | None:
            return value
        case float():
            if not math.isfinite(value):
                raise Invalid("Write a finite number.", field=field)
            return value
        case list() | tuple():
            return [plain_json(item, f"{field}[{index}]", depth + 1) for index, item in enumerate(value)]
        case dict():
            return {line(key, field): plain_json(item, f"{field}.{key}", depth + 1) for key, item in value.items()}
    raise Invalid("Use text, numbers, true, false, lists and objects.", field=field)
