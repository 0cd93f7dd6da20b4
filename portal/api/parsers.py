"""JSON as strict as a command: no duplicate key, no NaN, no endless nesting, no more than 1 MiB."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

DEPTH = 50


class StrictJsonParser(BaseParser):
    """ParseError (400) for what is not JSON or is read differently by different programs, RequestDataTooBig (413) above the limit."""

    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        raw = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(raw) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig
        return parse(raw)


def parse(raw: bytes) -> Any:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ParseError(f"The body is not UTF-8 (byte {error.start}).")
    if "\\u0000" in text or "\x00" in text:
        raise ParseError("The body contains a NUL character.")
    if too_deep(text):
        raise ParseError(f"The body is nested deeper than {DEPTH} levels.")
    try:
        found = json.loads(text, object_pairs_hook=unique, parse_constant=refuse, parse_float=finite)
        text.encode()
        json.dumps(found, ensure_ascii=False).encode("utf-8")  # half a surrogate pair cannot be stored
    except json.JSONDecodeError as error:
        raise ParseError(f"The body is not JSON: {error.msg} (line {error.lineno}, column {error.colno}).")
    except UnicodeEncodeError:
        raise ParseError("The body contains half of a surrogate pair.")
    except (ValueError, RecursionError) as error:
        raise ParseError(f"The body cannot be read: {error}.")
    return found


def too_deep(text: str) -> bool:
    """Counts brackets outside strings: the C scanner would answer a deep document with RecursionError, or crash."""
    if text.count("[") + text.count("{") <= DEPTH:
        return False
    depth, quoted, escaped = 0, False, False
    for letter in text:
        if quoted:
            if escaped:
                escaped = False
            elif letter == "\\":
                escaped = True
            elif letter == '"':
                quoted = False
        elif letter == '"':
            quoted = True
        elif letter in "[{":
            depth += 1
            if depth > DEPTH:
                return True
        elif letter in "]}":
            depth -= 1
    return False


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ParseError(f"The key “{twice[:80]}” stands twice in one object.")
    return found


def finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ParseError(f"The number {digits[:40]} is too large.")
    return number


def refuse(name: str) -> NoReturn:
    raise ParseError(f"{name} is not JSON.")
