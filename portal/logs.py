"""What every log line carries, and what none may carry."""

from __future__ import annotations

import logging
import re

from slo.telemetry.carrying import tags
from windows.access.requests import request_id

SECRETS = re.compile(r"(/feeds/)[^/\s.]{8,}|\b(rwn?_)[A-Za-z0-9_-]{8,}|(Bearer )\S{8,}")
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class RequestIdFilter(logging.Filter):
    """Puts `request_id` on each record, "-" outside a request, and the tags of the window that the work is for.

    Hides tokens; breaks no line where a caller's text had a line break.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get() or "-"
        record.tags = "".join(f' {name}="{one}"' for name, value in tags().items() if (one := CONTROL.sub(" ", value.replace('"', "'"))))
        said = record.getMessage()
        clean = CONTROL.sub("\N{REPLACEMENT CHARACTER}", SECRETS.sub(hidden, said))
        if clean != said:
            record.msg, record.args = clean, ()
        return True


def hidden(found: re.Match[str]) -> str:
    return f"{next(part for part in found.groups() if part)}[hidden]"
