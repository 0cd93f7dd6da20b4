"""A body as it was sent, turned into a message of the protocol. Pure.

Source: OTLP 1.x, "OTLP/HTTP": binary protobuf or JSON in protobuf's mapping with trace and span ids in hex, optionally gzip. Bounded
before and after unpacking, so that a small body cannot become a large one.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message

from windows.errors import Invalid, TooLarge

PROTOBUF, JSON = "application/x-protobuf", "application/json"
SENT = 1024 * 1024  # bytes as they come
UNPACKED = 4 * 1024 * 1024
MEMBERS = 64  # of one gzip: each is a copy of what follows it
NODES = 200_000  # of JSON, whose reading into messages costs far more than its parsing
DEPTH = 60  # of JSON; protobuf's own reader stops at 100
IDS = frozenset({"traceId", "trace_id", "spanId", "span_id", "parentSpanId", "parent_span_id"})
M = TypeVar("M", bound=Message)


def message(kind: type[M], body: bytes, content_type: str, encoding: str = "") -> M:
    """The request in a body. TooLarge where it is or becomes too long, Invalid (field "body") where it cannot be read."""
    raw = unpacked(body, encoding)
    if not raw and content_type == JSON:  # nothing is sent, which the protocol allows
        raw = b"{}"
    if content_type == JSON:
        return of_json(kind, raw)
    try:
        found: M = kind.FromString(raw)
    except (DecodeError, RecursionError) as error:
        raise Invalid("The body is not a message of OpenTelemetry's protocol in protobuf.", field="body") from error
    return found


def unpacked(body: bytes, encoding: str) -> bytes:
    """The body without its gzip; bodies of several members are read whole."""
    if len(body) > SENT:
        raise TooLarge(f"At most {SENT >> 20} MiB may be sent at once; send smaller batches.", limit=SENT)
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise Invalid("The body may be packed by gzip, or not at all.", field="Content-Encoding")
    parts: list[bytes] = []
    left, rest = UNPACKED, body
    while rest:
        if len(parts) == MEMBERS:
            raise Invalid(f"The gzip of the body has more than {MEMBERS} members; send one.", field="body")
        inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            parts.append(inflater.decompress(rest, left + 1))
        except zlib.error as error:
            raise Invalid("The body is not gzip.", field="body") from error
        left -= len(parts[-1])
        if left < 0:
            raise TooLarge(f"A body may unpack to {UNPACKED >> 20} MiB; send smaller batches.", limit=UNPACKED)
        if not inflater.eof:
            raise Invalid("The gzip of the body ends too early.", field="body")
        rest = inflater.unused_data
    return b"".join(parts)


def of_json(kind: type[M], raw: bytes) -> M:
    try:
        tree = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Invalid("The body is not JSON.", field="body") from error
    if not isinstance(tree, dict):
        raise Invalid("The body is one JSON object.", field="body")
    if sum(1 for _ in islice(nodes_with_ids_in_base64(tree), NODES + 1)) > NODES:
        raise TooLarge(f"A body in JSON may hold {NODES:,} values; send smaller batches.", limit=NODES)
    found: M = kind()
    try:
        json_format.ParseDict(tree, found, ignore_unknown_fields=True, max_recursion_depth=DEPTH)
    except (json_format.Error, ValueError, TypeError, AttributeError, RecursionError) as error:
        text = str(error).splitlines()[0][:200] if str(error) else "it cannot be read"
        raise Invalid(f"The body is not a message of OpenTelemetry's protocol in JSON: {plain(text)}", field="body") from error
    return found


def nodes_with_ids_in_base64(tree: Any) -> Iterator[None]:
    """Ids are hex in OTLP's JSON and base64 in protobuf's. Without recursion: a deep body must not end the process."""
    waiting = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        if depth > DEPTH:
            raise Invalid(f"The body is nested deeper than {DEPTH} levels.", field="body")
        yield
        if isinstance(node, Mapping):
            for name, value in node.items():
                if name in IDS and isinstance(value, str):
                    node[name] = hex_as_base64(value)  # type: ignore[index]
                else:
                    waiting.append((value, depth + 1))
        elif isinstance(node, list):
            waiting.extend((value, depth + 1) for value in node)


def hex_as_base64(text: str) -> str:
    """What is no hex becomes the empty id, which the record is then refused for."""
    try:
        return base64.b64encode(bytes.fromhex(text)).decode()
    except ValueError:
        return ""


def plain(text: str) -> str:
    """Without control characters and halves of surrogate pairs: it goes back to the sender, and into logs."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
