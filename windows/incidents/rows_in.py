"""Complaints out of a CSV table or an e-mail file, as plain fields. Pure and bounded: what is wrong is told with its line."""

from __future__ import annotations

import csv
import email
import email.policy
import io
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime
from hashlib import sha256

from windows.errors import Invalid

LARGEST, MOST = 512 * 1024, 1000
COLUMNS = ("text", "received_at", "who", "service", "environment", "window", "external_ref")
BEGINS = re.compile(rb"(?m)^From [^\n]*\n")
REFERENCE = re.compile(r"\bMW-[0-9]{4,9}\b")


@dataclass(frozen=True, slots=True)
class Row:
    """One complaint as it was read: what it says by column, or what is wrong with it."""

    line: int
    said: dict[str, str] = field(default_factory=dict)
    wrong: Invalid | None = None


def from_csv(text: str) -> list[Row]:
    """Invalid(field="text") where the whole is no such table; what is wrong with one row stands in it."""
    if len(text) > LARGEST:
        raise Invalid(f"At most {LARGEST // 1024} KiB of text; this has {len(text) // 1024}.", field="text")
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    rows: list[Row] = []
    try:
        heads = [name.strip().lower() for name in next(reader)]
        check(heads)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(rows) >= MOST:
                raise Invalid(f"At most {MOST} rows at once.", field="text", line=reader.line_num)
            if len(cells) != len(heads):
                wrong = Invalid(f"This row has {len(cells)} cells, the first line {len(heads)}.", field="text")
                rows.append(Row(reader.line_num, wrong=wrong))
            else:
                rows.append(Row(reader.line_num, dict(zip(heads, (cell.strip() for cell in cells), strict=True))))
    except StopIteration:
        raise Invalid("The first line names the columns, separated by commas.", field="text", line=1) from None
    except csv.Error as error:
        raise Invalid(f"This is no CSV: {error}.", field="text", line=reader.line_num) from None
    return rows


def check(heads: list[str]) -> None:
    strange = [name for name in heads if name not in COLUMNS]
    if strange:
        raise Invalid(f"There is no column “{strange[0][:40]}”. There are: {', '.join(COLUMNS)}.", field="text", line=1)
    if "text" not in heads or len(set(heads)) != len(heads):
        raise Invalid("Name the column “text”, and each column once.", field="text", line=1)


def from_mail(raw: bytes) -> list[Row]:
    """One message (.eml) or a mailbox (mbox). A message without text is told with its place, and the others are taken."""
    if len(raw) > LARGEST:
        raise Invalid(f"At most {LARGEST // 1024} KiB; this has {len(raw) // 1024}.", field="file")
    raw = raw.removeprefix(b"\xef\xbb\xbf").lstrip()
    parts = [part for part in BEGINS.split(raw) if part.strip()] if raw.startswith(b"From ") else [raw]
    if len(parts) > MOST:
        raise Invalid(f"A mailbox has at most {MOST} messages; this one has {len(parts)}.", field="file")
    return [told(part, number) for number, part in enumerate(parts, 1)]


def told(raw: bytes, number: int) -> Row:
    message = email.message_from_bytes(raw, policy=email.policy.compat32)
    if not message.keys():
        return Row(number, wrong=Invalid("This is no e-mail: it has no headers.", field="file"))
    subject, body = header(message, "Subject"), body_of(message)
    text = "\n".join(part for part in (subject, body) if part)[:4000]
    if not text:
        return Row(number, wrong=Invalid("This message has no text.", field="file"))
    named = REFERENCE.search(text)
    name = header(message, "Message-ID") or sha256(raw).hexdigest()
    said = {"text": text, "who": parseaddr(header(message, "From"))[1][:200], "external_ref": f"mail:{name}"[:200]}
    return Row(number, said | {"received_at": date_of(message), "window": named[0] if named else ""})


def header(message: Message, name: str) -> str:
    try:
        value = str(make_header(decode_header(str(message.get(name, ""))[:2000])))
    except (LookupError, ValueError):
        value = str(message.get(name, ""))[:2000]
    return " ".join(clean(value).split())


def body_of(message: Message) -> str:
    for part in message.walk():
        if part.get_content_type() == "text/plain" and not part.get_filename():
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                try:
                    return clean(payload.decode(part.get_content_charset() or "utf-8", "replace")).strip()
                except LookupError:
                    return clean(payload.decode("utf-8", "replace")).strip()
    return ""


def clean(text: str) -> str:
    kept = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(letter for letter in kept if letter == "\n" or letter.isprintable())


def date_of(message: Message) -> str:
    """As RFC 3339; empty where the message does not say, or says nonsense."""
    try:
        at = parsedate_to_datetime(str(message.get("Date", "")))
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC).isoformat() if isinstance(at, datetime) else ""
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""
