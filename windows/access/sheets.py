"""A form on a page of its own: what was typed stays typed, and an error stands beside its field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from windows.errors import Conflict, Invalid, Refused, Stale

MENDED = (Invalid, Conflict, Stale)  # what the person at the form can mend; all else is a page of its own


def typed(request: HttpRequest, *names: str, lists: tuple[str, ...] = ()) -> dict[str, Any]:
    """The named fields as sent, without what no text field may hold; missing ones are empty."""
    given: dict[str, Any] = {name: request.POST.get(name, "").replace("\0", "").strip() for name in names}
    return given | {name: [value.replace("\0", "") for value in request.POST.getlist(name)] for name in lists}


def place_of(error: Refused, given: Mapping[str, Any]) -> str:
    """The input an error belongs to: commands speak of services[0] and payload.retry_after. "" where the form has no such input."""
    field = str(getattr(error, "field", None) or "")
    parts = [part for part in re.split(r"[.\[\]]", field) if part]
    return next((name for name in (field, *parts[:1], *parts[-1:]) if name in given), "")


def sheet(
    request: HttpRequest,
    template: str,
    given: Mapping[str, Any],
    context: Mapping[str, Any] | None = None,
    error: Refused | None = None,
) -> HttpResponse:
    """The page with the form; answered with the error's own status where there is one. `given` names every input of the form."""
    at = place_of(error, given) if error else ""
    known = {"given": given, "error": error, "error_at": at, "error_elsewhere": error is not None and not at}
    return render(request, template, known | dict(context or {}), status=error.status if error else 200)


def once(request: HttpRequest, what: str, secret: str, use: str, *, back: str, label: str = "Token") -> HttpResponse:
    """The page that shows a secret the one time it can be shown; neither a cache nor we keep it."""
    response = render(request, "portal/once.html", {"what": what, "secret": secret, "use": use, "back": back, "label": label})
    response["Cache-Control"] = "no-store"
    return response


def number(text: str, name: str, *, least: int = 0, most: int = 2**53) -> int:
    """A whole number as typed; Invalid names its field and its bounds."""
    text = text.strip()
    if not text.isascii() or not text.isdigit() or len(text) > 18 or not least <= int(text) <= most:
        raise Invalid(f"Write a whole number from {least:,} to {most:,}.", field=name)
    return int(text)
