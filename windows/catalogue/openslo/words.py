"""The words both directions share."""

from __future__ import annotations

import re

VERSION = "openslo/v1"
PREFIX = "roadworks.internal/"  # openslo.com/ is reserved
DOCUMENT_KEYS = ("apiVersion", "kind", "metadata", "spec")
KINDS = ("SLO", "SLI", "DataSource", "AlertPolicy", "AlertCondition", "AlertNotificationTarget", "Service")
OPERATORS = ("lte", "gte", "lt", "gt")
SHORT = {"1h": "5m", "6h": "30m", "1d": "2h", "3d": "6h"}  # the short window of a long one where nothing is said: about a twelfth
URGENCIES = ("page", "ticket")
NAME = r"[a-z0-9]([-a-z0-9]{0,118}[a-z0-9])?"  # RFC 1123, as long as ours may be
COUNTED = re.compile(r"sum\(increase\((?P<selector>[a-zA-Z_:][a-zA-Z0-9_:]*(\{[^{}]*\})?)\[\{\{ window \}\}\]\)\)\Z")
SELECTOR = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*(\{[^{}]*\})?\Z")


def counted(selector: str) -> str:
    """The events a counter counted in the window that is asked for."""
    return f"sum(increase({selector}[{{{{ window }}}}]))"
