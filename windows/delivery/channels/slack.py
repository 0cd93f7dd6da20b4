"""A Slack-compatible incoming webhook: {"text": …}. The whole address is the secret."""

from __future__ import annotations

from windows.delivery.clocks import spoken
from windows.delivery.models import Message
from windows.delivery.posting import checked_address, encoded, post

label = "Slack or compatible webhook"
wants_secret = False
LONGEST = 3500


def checked(address: str, secret: str) -> tuple[str, str]:
    """The address goes where secrets are kept: whoever has it can write there."""
    return "", checked_address(address)


def send(message: Message) -> None:
    assert message.target is not None
    sign = {"page": ":rotating_light: ", "ticket": ":ticket: "}.get(message.urgency, "")
    title, body = spoken(message)
    text = f"{sign}*{escaped(title)}*\n{escaped(body[:LONGEST])}"
    post(message.target.secret, encoded({"text": text}), {})


def escaped(text: str) -> str:
    """What Slack would read as a mention or a link stays text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
