"""Whether a webhook was signed by somebody who knows one of our secrets: Standard Webhooks 1.0.0 (INTEROP §9). Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

TOLERANCE = timedelta(minutes=5)  # of the sender's clock, either way
MOST_SIGNATURES = 20
ID = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
SECONDS = re.compile(r"\d{1,11}", re.ASCII)


class Unsigned(Exception):
    """It proves nothing; the text says what is wrong without a word about our secrets."""


@dataclass(frozen=True, slots=True)
class Signed:
    """`id` is the same at every try of one message; `at` is this try's."""

    id: str
    at: datetime


def proved(headers: Mapping[str, str], body: bytes, keys: Collection[bytes], now: datetime) -> Signed:
    """Who sent it and when. Unsigned where a header lacks or cannot be, no key made the signature, or the try is not of these minutes.

    `headers` are asked by their lower-case names. Several keys are in force while one takes another's place.
    """
    name, seconds = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not ID.fullmatch(name) or not SECONDS.fullmatch(seconds):
        raise Unsigned("Send webhook-id (1 to 255 printable ASCII characters) and webhook-timestamp (Unix seconds) with the webhook.")
    sent = signatures(headers.get("webhook-signature", ""))
    content = f"{name}.{seconds}.".encode() + body
    fits = False
    for key in keys:
        made = hmac.new(key, content, hashlib.sha256).digest()
        for one in sent:
            fits |= hmac.compare_digest(made, one)  # every pair is compared: how long it takes tells nothing
    if not fits:
        raise Unsigned("The signature does not fit: webhook-signature is v1, a comma and the base64 of HMAC-SHA256 over id.timestamp.body.")
    at = datetime.fromtimestamp(int(seconds), UTC)
    if abs(now - at) > TOLERANCE:
        raise Unsigned("webhook-timestamp is more than five minutes from our clock: sign each try anew, and look at yours.")
    return Signed(name, at)


def signatures(header: str) -> list[bytes]:
    """Those of version 1; what is of another version, or no base64, is passed over."""
    found = []
    for part in header[:4096].split(" ")[:MOST_SIGNATURES]:
        version, _, text = part.partition(",")
        if version != "v1":
            continue
        try:
            found.append(base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError):
            continue
    return found
