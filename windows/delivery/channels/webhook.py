"""A signed webhook, as Standard Webhooks 1.0.0 says (INTEROP §9): its id is the same at every try, its signature is over each try."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time

from windows.delivery.models import Message
from windows.delivery.posting import checked_address, encoded, post

label = "Signed webhook"
wants_secret = False


def checked(address: str, secret: str) -> tuple[str, str]:
    """The secret is ours to make: it is shown once, when the channel is made."""
    return checked_address(address), f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


shows_secret = True


def send(message: Message) -> None:
    assert message.target is not None
    data = {
        "title": message.title, "body": message.body, "urgency": message.urgency, "window": message.window, "fact": message.fact,
        **message.facts,
    }  # fmt: skip
    at = message.created_at.isoformat().replace("+00:00", "Z")
    body = encoded({"type": f"maintenance.message.{message.urgency}", "timestamp": at, "data": data})
    post(message.target.address, body, headers(f"msg_{message.pk}", int(time.time()), body, message.target.secret))


def headers(name: str, at: int, body: bytes, secret: str) -> dict[str, str]:
    """`at` in Unix seconds, of this try."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{name}.{at}.".encode() + body, hashlib.sha256).digest()
    return {"webhook-id": name, "webhook-timestamp": str(at), "webhook-signature": f"v1,{base64.b64encode(signed).decode()}"}
