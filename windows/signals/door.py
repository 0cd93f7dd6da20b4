"""The portal's own OTLP door, from outside: what a canary knocks with, and how it is known again there.

No token of a person's is in it: the claim is signed with the portal's own key, names the very body it comes with and is worth nothing
after some minutes.
"""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import dataclass
from functools import cache

import httpx
from django.conf import settings
from django.core import signing
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse as Response  # the others have the same fields

from windows.signals.otlp.reading import PROTOBUF

SCHEME = "Canary"  # of the header Authorization
SALT = "windows.signals.door"
GOOD_FOR = 300  # seconds: the two machines' clocks may differ


@dataclass(frozen=True, slots=True)
class Claim:
    """`series` is what the canary's metric is counted under."""

    body: str
    series: str


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def signed(body: bytes, series: str) -> str:
    return signing.dumps([digest(body), series], salt=SALT)


def claim_in(header: str) -> Claim | None:
    """What an Authorization header claims; None for another scheme, and for what we did not sign."""
    scheme, _, text = header.partition(" ")
    if scheme != SCHEME:
        return None
    try:
        body, series = signing.loads(text.strip(), salt=SALT, max_age=GOOD_FOR)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Claim(body, series)


def knock(signal: str, body: bytes, series: str) -> str:
    """Send it as an exporter would; "" where the door took it, else what it said. `signal` is logs, traces or metrics."""
    url = f"{settings.OTLP_URL}/api/v1/{signal}"
    headers = {"Content-Type": PROTOBUF, "Authorization": f"{SCHEME} {signed(body, series)}"}
    limit = settings.ROADWORKS.gate_timeout.total_seconds()
    try:
        with httpx.Client(verify=_trust(), timeout=limit, trust_env=False, follow_redirects=False) as client:
            answer = client.post(url, content=body, headers=headers)
        if answer.status_code != 200:
            return f"{url} answered {answer.status_code}"
        told: str = Response.FromString(answer.content).partial_success.error_message
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return f"{url} could not be reached: {type(error).__name__} {error}".strip()
    except DecodeError:
        return f"{url} answered as no OTLP receiver does"
    return told


@cache
def _trust() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)
