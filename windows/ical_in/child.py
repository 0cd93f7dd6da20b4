"""The child process in which strangers' files are read: `python -m windows.ical_in.child`, the file on standard input, JSON on
standard output.

Its limits are set before a byte is read: no iCalendar or mail parser is bounded in memory and time by itself.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

from windows.ical_in.lines import LARGEST, Unreadable, calendars
from windows.ical_in.mail import attached, is_mail
from windows.ical_in.notices import notices, plain_values
from windows.ical_in.values import plain

MEMORY, SECONDS = 256 * 1024 * 1024, 30


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        answer = understood(sys.stdin.buffer.read(LARGEST + 1))
    except Unreadable as error:
        answer = {"error": error.detail, "line": error.line}
    except RecursionError:
        answer = {"error": "This is nested too deeply.", "line": None}
    except MemoryError:
        answer = {"error": f"Reading this takes more than {MEMORY >> 20} MiB of memory.", "line": None}
    json.dump(answer, sys.stdout)


def understood(raw: bytes) -> dict[str, Any]:
    if len(raw) > LARGEST:
        raise Unreadable(f"A file has at most {LARGEST // 1024} KiB.")
    texts = list(attached(raw)) if is_mail(raw) else [raw]
    found = [calendar for text in texts for calendar in calendars(text)]
    return {
        "notices": plain_values([one for calendar in found for one in notices(calendar)]),
        "types": [calendar.value("X-CALENDAR-TYPE").upper()[:60] for calendar in found],
        "titles": [plain(calendar.value("X-WR-CALDESC") or calendar.value("X-WR-CALNAME"), 200) for calendar in found],
    }


if __name__ == "__main__":
    main()
