"""Refusals as the protocol words them: google.rpc.Status. Pure.

Source: google/rpc/status.proto (int32 code = 1, string message = 2) and code.proto. Two fields: no package is needed to write them.
"""

from __future__ import annotations

CODES = {400: 3, 401: 16, 403: 7, 404: 5, 413: 3, 415: 3, 422: 3, 429: 8, 503: 14}  # HTTP status → Status.code; 13, internal, for the rest
INTERNAL = 13


def code_of(status: int) -> int:
    return CODES.get(status, INTERNAL)


def status_of(status: int, text: str) -> bytes:
    """The Status message in protobuf."""
    said = text.encode()[:2000]
    return b"\x08" + varint(code_of(status)) + b"\x12" + varint(len(said)) + said


def varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)
