"""The public page as the portal serves it: the kept copy, to anybody. A program may ask from any origin."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.views.decorators.http import require_safe

from portal.status.copies import copies
from windows.announcements.models import Edition
from windows.announcements.queries import components, maintenances
from windows.audit.clock import clock
from windows.errors import NotFound


@require_safe
def status_copy(request: HttpRequest, path: str = "") -> HttpResponse:
    edition = Edition.objects.filter(pk=1).first()
    kept = edition.copies if edition else copies(components(), maintenances(), clock())  # none yet: workers have just begun
    if path not in kept:
        raise NotFound("There is no such page.")
    kind, text = kept[path]
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:20]}"'
    known = request.headers.get("If-None-Match") == tag
    answer: HttpResponse = HttpResponseNotModified() if known else HttpResponse(text, content_type=kind)
    answer["ETag"], answer["Cache-Control"], answer["Access-Control-Allow-Origin"] = tag, "public, max-age=10", "*"
    return answer
