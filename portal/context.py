"""What every page's frame shows: its style sheets, the rail, and the live strip."""

from __future__ import annotations

import secrets
from typing import Any

from django.db import Error
from django.http import HttpRequest

from portal.strip import strip_of
from windows.access.pages import chosen_environment
from windows.access.roles import Actor
from windows.approvals.queries import waiting_count
from windows.catalogue.models import Environment

SHEETS = [
    f"portal/{name}.css"
    for name in ("tokens", "base", "signs", "cockpit", "forms", "slots", "calendar", "reference", "request", "approvals", "screens")
]
PLACES = [  # word, address, icon
    ("Today", "/", "today"),
    ("Calendar", "/calendar/", "calendar"),
    ("Windows", "/windows/", "windows"),
    ("Approvals", "/approvals/", "approvals"),
    ("Runs", "/runs/", "runs"),
    ("Alerts", "/alerts/", "bell"),
    ("Dashboards", "/dashboards/", "dashboards"),
    ("Services", "/services/", "services"),
    ("Runbooks", "/runbooks/", "runbooks"),
    ("Flags", "/flags/", "flags"),
    ("Reviews", "/reviews/", "reviews"),
    ("Audit", "/audit/", "audit"),
    ("Settings", "/settings/", "settings"),
]
THUMB = {"Today", "Calendar", "Approvals", "Runs"}


def fresh_token() -> str:
    """A new one for each form: templates call it."""
    return secrets.token_hex(16)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Never raises: the page that tells of a broken database has the same frame."""
    actor = getattr(request, "actor", None)
    shown: dict[str, Any] = {
        "actor": actor,
        "sheets": SHEETS,
        "strip_href": "/strip",
        "theme": request.COOKIES.get("theme") if request.COOKIES.get("theme") in ("light", "dark") else "",
        "strip": [],
        "form_token": fresh_token,
    }
    if not isinstance(actor, Actor):
        return shown
    waiting = 0
    try:
        shown["strip"] = strip_of(request, actor)
        waiting = waiting_count(actor)
        shown["every_environment"] = list(Environment.objects.order_by("-is_production", "name").values_list("slug", "name"))
    except Error:
        shown["strip"], shown["every_environment"] = [], []
    chosen = chosen_environment(request)
    shown["looks_at"] = next(({"slug": slug, "name": name} for slug, name in shown["every_environment"] if slug == chosen), None)
    shown["zone"] = getattr(request.user, "timezone", "UTC")
    shown["rail"] = [
        {
            "word": word,
            "href": href,
            "icon": icon,
            "here": request.path == href or (href != "/" and request.path.startswith(href)),
            "thumb": word in THUMB,
            "count": waiting if word == "Approvals" else 0,
        }
        for word, href, icon in PLACES
    ]
    return shown
