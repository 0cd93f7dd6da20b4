"""What every log line carries."""

from __future__ import annotations

import logging

from windows.access.requests import request_id


class RequestIdFilter(logging.Filter):
    """Puts `request_id` on each log record, "-" outside a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get() or "-"
        return True
