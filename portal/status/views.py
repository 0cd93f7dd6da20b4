"""The public page as the portal serves it: the kept copy, to anybody. A program may ask from any origin."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.views.decorators.http import require_safe

from portal.status.copies import copies
from windows.announcements.queries import components, maintenances, part_of_edition
from windows.audit.clock import clock
from windows.errors import NotFound
from windows.flags.server.status import MARK, OLD, age_note


@require_safe
def status_copy(request: HttpRequest, path: str = "") -> HttpResponse:
    """One part of the page. Where no worker has rendered it for long, it says of when it is, as the flag server's copy does."""
    if "\0" in path:
        raise NotFound("There is no such page.")
    now = clock()
    kept = part_of_edition(path)  # None while workers have just begun
    part, rendered_at = kept or (copies(components(), maintenances(), now).get(path), now)
    if part is None:
        raise NotFound("There is no such page.")
    kind, text = part
    if is_old := now - rendered_at > timedelta(seconds=OLD):
        text = text.replace(MARK.decode(), age_note(rendered_at.timestamp(), now.timestamp()).decode())
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:20]}"'
    known = request.headers.get("If-None-Match") == tag
    answer: HttpResponse = HttpResponseNotModified() if known else HttpResponse(text, content_type=kind)
    answer["ETag"], answer["Cache-Control"], answer["Access-Control-Allow-Origin"] = tag, "public, max-age=10", "*"
    if is_old:
        answer["Age"] = str(int((now - rendered_at).total_seconds()))
    return answer
