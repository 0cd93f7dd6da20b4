"""Messages that somebody sent us."""

from email.message import EmailMessage


def mail(subject: str = "MW-1042: nothing works", text: str = "Grüße,\r\nEve\x07", **heads: str) -> bytes:
    message = EmailMessage()
    for name, value in {
        "From": "Eve <eve@example.com>",
        "Subject": subject,
        "Message-ID": "<1@x>",
        "Date": "Sun, 01 Mar 2026 03:00:00 +0100",
    }.items():
        message[name] = heads.get(name.lower(), value)
    message.set_content(text)
    return bytes(message)
