"""What every page's frame shows: its style sheets, the rail, and the live strip."""

from __future__ import annotations

import secrets
from typing import Any

from django.db import Error
from django.http import HttpRequest

from portal.strip import strip
from windows.access.roles import Actor

SHEETS = [f"portal/{name}.css" for name in ("tokens", "base", "signs", "cockpit", "forms", "slots", "calendar", "screens")]
PLACES = [
    ("Today", "/", "today"),
    ("Calendar", "/calendar/", "calendar"),
    ("Windows", "/windows/", "windows"),
    ("Approvals", "/approvals/", "approvals"),
    ("Runs", "/runs/", "runs"),
    ("Dashboards", "/dashboards/", "dashboards"),
]


def fresh_token() -> str:
    """A new one for each form: templates call it."""
    return secrets.token_hex(16)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Never raises: the page that tells of a broken database has the same frame."""
    actor = getattr(request, "actor", None)
    shown: dict[str, Any] = {
        "actor": actor,
        "sheets": SHEETS,
        "windows_href": "/windows/",
        "strip_href": "/strip",
        "strip": [],
        "form_token": fresh_token,
    }
    if not isinstance(actor, Actor):
        return shown
    try:
        shown["strip"] = strip(actor)
    except Error:
        shown["strip"] = []
    shown["zone"] = getattr(request.user, "timezone", "UTC")
    shown["rail"] = [
        {"word": word, "href": href, "icon": icon, "here": request.path == href or (href != "/" and request.path.startswith(href))}
        for word, href, icon in PLACES
    ]
    return shown
