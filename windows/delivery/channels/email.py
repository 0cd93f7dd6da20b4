"""E-mail, through Django's configured backend."""

from __future__ import annotations

import smtplib

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email

from windows.delivery.clocks import spoken
from windows.delivery.models import Message
from windows.delivery.undelivered import Undelivered
from windows.errors import Invalid

label = "E-mail to a team's address"
wants_secret = False


def checked(address: str, secret: str) -> tuple[str, str]:
    try:
        validate_email(address)
    except ValidationError:
        raise Invalid("Write an e-mail address.", field="address") from None
    return address, ""


def send(message: Message) -> None:
    """One recipient, one mail. The dedup key is its Message-ID's base, so that a second copy can be told for one."""
    title, body = spoken(message)
    mail = EmailMessage(subject=title, body=body, to=[message.recipient])
    mail.extra_headers["X-Roadworks-Key"] = message.dedup_key
    if message.window:
        mail.extra_headers["X-Roadworks-Window"] = message.window
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        code = next(iter(error.recipients.values()))[0]
        raise Undelivered(f"the server refused {message.recipient} ({code})", permanent=500 <= code < 600) from error
    except smtplib.SMTPDataError as error:  # too big, or not to its taste: the next mail may go
        raise Undelivered(f"the server refused this mail ({error.smtp_code})", permanent=500 <= error.smtp_code < 600) from error
    except smtplib.SMTPNotSupportedError as error:
        raise Undelivered(f"{type(error).__name__}: {error}", permanent=True) from error
    except (smtplib.SMTPException, OSError) as error:
        raise Undelivered(f"{type(error).__name__}: {error}", is_way=True) from error
