"""Finding a value in a JSON document by its dotted path ("items.0.state"). Pure."""

from __future__ import annotations

from typing import Any

MISSING = "(missing)"


def at_path(document: Any, path: str) -> Any:
    for part in path.split("."):
        if isinstance(document, dict) and part in document:
            document = document[part]
        elif isinstance(document, list) and part.isdecimal() and int(part) < len(document):
            document = document[int(part)]
        else:
            return MISSING
    return document
