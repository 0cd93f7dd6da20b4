"""HTTP in its raw ASGI form: reading a request, sending an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Header = tuple[bytes, bytes]

BODY = 65_536  # bytes a request may have
AGE = b"roadworks-snapshot-age"  # on answers while the database is away: seconds since it last confirmed what is served
JSON = b"application/json"
NO_CACHE: Header = (b"cache-control", b"no-cache")  # keep it, but ask each time


class TooLarge(Exception):
    pass


def header(scope: Scope, name: bytes) -> bytes | None:
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return None


def query(scope: Scope) -> dict[str, str]:
    raw = scope["query_string"]
    return dict(parse_qsl(raw.decode("latin-1"))) if raw else {}


async def read(receive: Receive) -> bytes:
    """The whole body; TooLarge beyond BODY."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > BODY:
            raise TooLarge
    return body


async def answer(send: Send, status: int, body: bytes, headers: Iterable[Header] = (), *, kind: bytes = JSON) -> None:
    facts = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), NO_CACHE]
    await send({"type": "http.response.start", "status": status, "headers": [*facts, *headers]})
    await send({"type": "http.response.body", "body": body})


async def not_modified(send: Send, headers: Iterable[Header]) -> None:
    await send({"type": "http.response.start", "status": 304, "headers": [NO_CACHE, *headers]})
    await send({"type": "http.response.body", "body": b""})


async def problem(send: Send, status: int, details: str, headers: Iterable[Header] = (), **facts: str) -> None:
    """An error in OFREP's shape, which every path here shares: errorDetails, and key and errorCode where they apply."""
    await answer(send, status, orjson.dumps(facts | {"errorDetails": details}), headers)


async def come_back(send: Send, details: str, headers: Iterable[Header] = (), seconds: int = 2) -> None:
    """503: a fault that passes. Never 401 for one: providers stop for good on that."""
    await problem(send, 503, details, [*headers, (b"retry-after", b"%d" % seconds)])
