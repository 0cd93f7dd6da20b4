"""Keyset paging: a page costs what it shows, however long the list is, and nothing is skipped or shown twice when rows come and go.

A cursor is opaque to callers: the sort key of the last row shown, as URL-safe base64 of JSON.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from windows.errors import Invalid

LARGEST = 200
USUAL = 50


def limit_of(params: Mapping[str, str]) -> int:
    """The page size asked for; Invalid for one that is none."""
    raw = params.get("limit", str(USUAL))
    if not raw.isascii() or not raw.isdigit() or not 1 <= int(raw[:6]) <= LARGEST:
        raise Invalid(f"limit is a number from 1 to {LARGEST}.", field="limit")
    return int(raw)


def cursor_of(params: Mapping[str, str], *kinds: type) -> tuple[Any, ...] | None:
    """The key to go on after, or None for the first page; Invalid for a cursor that is not ours. `kinds`: int or datetime each."""
    raw = params.get("cursor")
    if not raw:
        return None
    try:
        found = json.loads(base64.urlsafe_b64decode(raw[:500] + "=" * (-len(raw) % 4)))
        if len(found) != len(kinds):
            raise ValueError
        return tuple(datetime.fromisoformat(part) if kind is datetime else kind(part) for kind, part in zip(kinds, found, strict=True))
    except (ValueError, TypeError, binascii.Error, OverflowError):
        raise Invalid("This cursor is none of ours; leave it out to begin again.", field="cursor")


def cursor_to(key: Sequence[Any]) -> str:
    parts = [part.isoformat() if isinstance(part, datetime) else part for part in key]
    return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")


def page(rows: list[dict[str, Any]], limit: int, *key: str) -> dict[str, Any]:
    """`rows` holds up to limit + 1: the one too many says that there is more."""
    shown = rows[:limit]
    onward = cursor_to([shown[-1][name] for name in key]) if len(rows) > limit else None
    return {"items": shown, "next_cursor": onward}


def known_only(values: Iterable[str], known: Iterable[str], field: str) -> None:
    """Invalid where a filter names a value that there is not; the text names those that there are."""
    there = list(known)
    if strange := sorted(set(values) - set(there)):
        raise Invalid(f"There is no {field.replace('_', ' ')} “{strange[0][:40]}”. There are: {', '.join(there)}.", field=field)


def only(params: Mapping[str, str], *allowed: str) -> dict[str, str]:
    """The filters sent, held against the list of those that exist; a misspelt filter must not silently match everything."""
    unknown = sorted(set(params) - set(allowed) - {"cursor", "limit", "format"})
    if unknown:
        raise Invalid(f"There is no filter “{unknown[0][:60]}”. There are: {', '.join(allowed) or 'none'}.", field=unknown[0][:60])
    return {name: params[name] for name in allowed if name in params}
