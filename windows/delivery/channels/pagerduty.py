"""PagerDuty, Events API v2 (INTEROP §7): one incident a fact, or a group of facts where they name one."""

from __future__ import annotations

import re

from django.conf import settings

from windows.delivery.clocks import spoken
from windows.delivery.models import Message
from windows.delivery.posting import checked_address, encoded, post
from windows.errors import Invalid

label = "PagerDuty Events v2"
wants_secret = True
shows_incidents = True
ENDPOINT = "https://events.pagerduty.com/v2/enqueue"
SEVERITY = {"page": "critical", "ticket": "warning", "notice": "info"}


def checked(address: str, secret: str) -> tuple[str, str]:
    """Without an address, PagerDuty's own."""
    if not re.fullmatch(r"[A-Za-z0-9]{32}", secret):
        raise Invalid("A routing key has 32 letters and digits.", field="secret")
    return checked_address(address or ENDPOINT), secret


def send(message: Message) -> None:
    assert message.target is not None
    key = f"mw:{message.facts.get('dedup_key') or message.fact or message.dedup_key}"[:255]
    about = {"routing_key": message.target.secret, "dedup_key": key, "event_action": message.facts.get("event_action", "trigger")}
    if about["event_action"] != "trigger":  # these need no more
        post(message.target.address, encoded(about), {})
        return
    title, body = spoken(message)
    link = f"{settings.PORTAL_URL}/windows/{message.window}" if message.window else f"{settings.PORTAL_URL}/alerts/"
    payload = {
        "summary": title[:1024], "source": message.window or "Roadworks", "severity": SEVERITY[message.urgency],
        "timestamp": message.created_at.isoformat(), "custom_details": {"body": body, "window": message.window},
        **{name: message.facts[name] for name in ("component", "group", "class") if message.facts.get(name)},
    }  # fmt: skip
    event = {
        **about, "payload": payload,
        "client": "Roadworks", "client_url": settings.PORTAL_URL, "links": [{"href": link, "text": message.window or "Alerts"}],
    }  # fmt: skip
    post(message.target.address, encoded(event), {})
