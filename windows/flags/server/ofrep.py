"""OpenFeature Remote Evaluation Protocol: the questions and answers, without the wire. Pure.

One flag, `maintenance`; the context names the place: service and environment (both needed: a node that forgot to say where it
stands must not hear "normal"), and region, layer, component where they apply. A targetingKey is not needed.
"""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlencode

import orjson

from windows.flags.routing import ANY, FlagKey
from windows.flags.server.snapshot import Snapshot

KEY = "maintenance"
INACTIVITY = 120  # seconds after which a provider may close its stream


class Rejected(Exception):
    """400 with an OpenFeature error code."""

    def __init__(self, code: str, details: str) -> None:
        super().__init__(details)
        self.code, self.details = code, details


def place_of(body: bytes) -> FlagKey:
    """The place a request asks for; Rejected says what is wrong with it."""
    try:
        asked = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise Rejected("PARSE_ERROR", f"The body is no JSON: {error}.") from None
    context = asked.get("context", {}) if isinstance(asked, dict) else None
    if not isinstance(context, dict):
        raise Rejected("INVALID_CONTEXT", "The body must be an object with a context object.")
    return place_from(context)


def place_from(context: dict[str, Any]) -> FlagKey:
    parts = {name: context.get(name) for name in ("service", "environment", "region", "layer", "component")}
    for name, part in parts.items():
        if part is not None and (not isinstance(part, str) or not 0 < len(part) <= 63 or part == ANY):
            raise Rejected("INVALID_CONTEXT", f"{name} must be a slug of at most 63 characters.")
    if parts["service"] is None or parts["environment"] is None:
        raise Rejected("INVALID_CONTEXT", "The context must name service and environment.")
    return FlagKey(*(part or ANY for part in parts.values()))


def evaluation(snapshot: Snapshot, place: FlagKey, age: float | None = None) -> dict[str, Any]:
    """The flag's evaluation. `age` in seconds is told when the database is away; metadata holds scalars only."""
    value, tag = snapshot.told_at(place)
    metadata: dict[str, Any] = {
        "flagVersion": value["version"],
        "windowId": value["window"],
        "echo": snapshot.view(place).echo,
        "stale": age is not None,
    }
    if tag is not None:
        metadata |= {"owner": tag.owner, "step": tag.step, "scope": tag.plain["scope"]}
    if age is not None:
        metadata["ageSeconds"] = round(age, 1)
    reason = "STATIC" if value["version"] == 0 else "TARGETING_MATCH"
    return {"key": KEY, "reason": reason, "variant": value["mode"], "value": value, "metadata": metadata}


def single(snapshot: Snapshot, place: FlagKey, age: float | None) -> bytes:
    if age is not None:
        return orjson.dumps(evaluation(snapshot, place, age))
    known = snapshot.answers.get(place)
    if known is None:
        known = orjson.dumps(evaluation(snapshot, place))
        if len(snapshot.answers) < 4096:
            snapshot.answers[place] = known
    return known


def bulk(snapshot: Snapshot, place: FlagKey) -> bytes:
    """Nothing here may depend on the moment: the ETag promises the same bytes."""
    parts = dict(zip(("service", "environment", "region", "layer", "component"), place.parts, strict=True))
    query = urlencode({name: part for name, part in parts.items() if part != ANY})
    stream = {"type": "sse", "endpoint": {"requestUri": f"/stream?{query}"}, "inactivityDelaySec": INACTIVITY}
    return orjson.dumps({"flags": [evaluation(snapshot, place)], "metadata": {"epoch": snapshot.epoch}, "eventStreams": [stream]})


def etag(snapshot: Snapshot, place: FlagKey) -> bytes:
    """Of the bulk answer: the version that concerns the place and the tag there, and the place itself, because all come in one URL."""
    mark = hashlib.sha256(str(place).encode()).hexdigest()[:8]
    return snapshot.view(place).etag[:-1] + f'-{mark}"'.encode()
