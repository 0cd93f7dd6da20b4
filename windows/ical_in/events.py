"""Maintenance told as JSON: a CloudEvent, or the body of Standard Webhooks. It is written as the MAINTNOTE event that it means, and read as
any other. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from windows.ical_in.lines import Unreadable
from windows.ical_in.notices import OWN, Notice
from windows.ical_in.values import CONTROL

MANY = 500  # items of a list; more is no announcement
OPTIONAL = frozenset({OWN + "ACCOUNT", OWN + "IMPACT"})  # of JSON: a cloud's event often names neither


def calendar_in(raw: bytes) -> tuple[bytes, bool]:
    """The calendar that a webhook's body is or means, and whether it came as JSON. Unreadable where it is neither."""
    if not raw.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return raw, False
    try:
        document = json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Unreadable("The body is not UTF-8.") from None
    except RecursionError:
        raise Unreadable("The body is nested too deeply.") from None
    except json.JSONDecodeError as error:
        raise Unreadable(f"The body is not JSON: {error.msg} (column {error.colno}).", error.lineno) from None
    except ValueError:
        raise Unreadable("The body holds a number that is too long.") from None
    data = document.get("data")
    if isinstance(data, str):
        return data.encode(errors="replace"), False
    if not isinstance(data, dict):
        raise Unreadable("“data” is missing: the maintenance as an object, or a calendar as text.")
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", *written(document, data), "END:VEVENT", "END:VCALENDAR"]
    return "".join(f"{line}\r\n" for line in lines).encode(errors="replace"), True


def written(document: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[str]:
    """The lines of the event. A value that cannot be is written as it was said, and told by whoever reads it."""
    uid = text(data.get("uid"))
    for name, value in (("UID", uid), ("SUMMARY", text(data.get("title"))), ("URL", text(data.get("link")))):
        if value:
            yield f"{name}:{value}"
    if (stamp := document.get("time") or document.get("timestamp")) is not None:
        yield f"DTSTAMP:{moment(stamp)}"
    if data.get("sequence") is not None:
        yield f"SEQUENCE:{text(data['sequence'])}"
    for name, given in (("DTSTART", "starts_at"), ("DTEND", "ends_at")):
        if data.get(given) is not None:
            yield f"{name}:{moment(data[given])}"
    yield f"{OWN}PROVIDER:-"  # whose secret signed it says who speaks
    if account := text(data.get("account")):
        yield f"{OWN}ACCOUNT:{account}"
    for name, given in (("IMPACT", "impact"), ("STATUS", "status")):
        if word := text(data.get(given)):
            yield f"{OWN}{name}:{word.upper().replace('_', '-')}"
    for reference in listed(data.get("references")) or [uid]:
        yield f"{OWN}MAINTENANCE-ID:{reference}"
    for name in listed(data.get("objects")):
        yield f"{OWN}OBJECT-ID:{name}"


def text(value: Any) -> str:
    """A TEXT value on one line: no line break, and so no property of the sender's making."""
    plain = " ".join(CONTROL.sub(" ", "" if value is None or isinstance(value, dict | list) else str(value)).split())
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def listed(value: Any) -> list[str]:
    found = value if isinstance(value, list) else [] if value is None else [value]
    return [one for one in map(text, found[:MANY]) if one]


def moment(value: Any) -> str:
    """ISO 8601 with its zone, in UTC."""
    try:
        at = datetime.fromisoformat(str(value))
        return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}" if at.tzinfo else text(value)
    except (ValueError, OverflowError):
        return text(value)


def without_what_json_need_not_say(notice: Notice) -> Notice:
    notice.missing = [name for name in notice.missing if name not in OPTIONAL]
    return notice
