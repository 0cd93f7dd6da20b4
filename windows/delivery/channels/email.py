"""E-mail, through Django's configured backend."""

from __future__ import annotations

import smtplib

from django.core.mail import EmailMessage

from windows.delivery.models import Message
from windows.delivery.undelivered import Undelivered


def send(message: Message) -> None:
    """One recipient, one mail. The dedup key is its Message-ID's base, so that a second copy can be told for one."""
    mail = EmailMessage(subject=message.title, body=message.body, to=[message.recipient])
    mail.extra_headers["X-Roadworks-Key"] = message.dedup_key
    if message.window:
        mail.extra_headers["X-Roadworks-Window"] = message.window
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        code = next(iter(error.recipients.values()))[0]
        raise Undelivered(f"the server refused {message.recipient} ({code})", permanent=500 <= code < 600) from error
    except (smtplib.SMTPException, OSError) as error:
        raise Undelivered(f"{type(error).__name__}: {error}") from error
