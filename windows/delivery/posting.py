"""One POST of a channel: guarded against inner addresses, without redirects, and what the answer means for trying again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from windows.actions.ports import NotAllowed, PortError
from windows.delivery.undelivered import Undelivered
from windows.errors import Invalid
from windows.outbound.exchange import exchange
from windows.outbound.limits import Limits

PATIENCE = 15.0
LATER = (408, 425, 429)  # of the 4xx those that trying again can help


def post(url: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Delivered by a 2xx. Undelivered says what else was answered; the address may hold a secret, so it is never repeated."""
    host = urlsplit(url).hostname or "the address"
    sent = {"User-Agent": "Roadworks", "Content-Type": "application/json", **headers}
    try:
        answer = exchange("POST", url, Limits.of(PATIENCE, lambda: False), headers=sent, content=body, allowed=settings.HTTP_ALLOWED_HOSTS)
    except NotAllowed as error:
        raise Undelivered(str(error).replace(url, host), permanent=True) from None
    except PortError as error:
        raise Undelivered(str(error).replace(url, host), is_way=True) from None
    if 200 <= answer.status < 300:
        return
    said = f"{host} answered {answer.status}"
    if answer.status == 410:
        raise Undelivered(f"{said}: it wants nothing any more", gone=True)
    if 300 <= answer.status < 400:
        raise Undelivered(f"{said}: it points to another address, and redirects are not followed", permanent=True)
    later = answer.headers.get("retry-after", "")
    rest = timedelta(seconds=int(later)) if later.isascii() and later.isdigit() and len(later) < 6 else None
    later_ = answer.status >= 500 or answer.status in LATER
    raise Undelivered(said, permanent=not later_, retry_after=rest, is_way=later_)


def encoded(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def checked_address(address: str) -> str:
    """An http or https address without a password in it; Invalid otherwise. Whether it may be reached is asked at each sending."""
    try:
        parts = httpx.URL(address)
    except (httpx.InvalidURL, ValueError):
        raise Invalid("This is no address.", field="address") from None
    if parts.scheme not in ("http", "https") or not parts.host or parts.userinfo or len(address) > 500:
        raise Invalid("Write an http or https address without a password in it.", field="address")
    return address
