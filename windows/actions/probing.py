"""Trying every declared write path: what is said to be read-only must refuse a write there, and tell when to come back (X15, X14)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from windows.actions.params import Params
from windows.actions.ports import HttpAnswer, HttpPort, NotAllowed, PortError, Stopped

REFUSALS = frozenset({403, 405, 423, 429, 503})
TEMPORARY = frozenset({429, 503})  # these must say when


class WritePath(Params):
    """A request that would write. It carries `Maintenance-Probe: 1`; give a body that does no harm should it get through."""

    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#]", max_length=2000)]
    method: Literal["POST", "PUT", "PATCH", "DELETE"] = "POST"
    document: Any = Field(default=None, alias="json")


def let_through(paths: Iterable[WritePath], http: HttpPort) -> str:
    """The first path that does not refuse as it should, in one sentence; empty where all do. NotAllowed and Stopped pass through."""
    for path in paths:
        content = b"" if path.document is None else json.dumps(path.document).encode()
        headers = {"Maintenance-Probe": "1"} | ({"Content-Type": "application/json"} if content else {})
        called = f"{path.method} {path.url}"
        try:
            answer = http.request(path.method, path.url, headers=headers, content=content, timeout=5.0)
        except (NotAllowed, Stopped):
            raise
        except PortError as error:
            return f"{called} could not be tried: {error}"
        if trouble := wrong(answer):
            return f"{called} {trouble}"
    return ""


def wrong(answer: HttpAnswer) -> str:
    if answer.status not in REFUSALS:
        return f"answered {answer.status}: writes are not refused there."
    if answer.status in TEMPORARY and not any(name.lower() == "retry-after" for name in answer.headers):
        return f"answered {answer.status} without Retry-After: clients are not told when to come back."
    return ""
