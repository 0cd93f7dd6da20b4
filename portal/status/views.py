"""The public page as the portal serves it: the kept copy, to anybody. A program may ask from any origin."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.views.decorators.http import require_safe

from windows.announcements.models import Edition
from windows.errors import NotFound, Unavailable


@require_safe
def status_copy(request: HttpRequest, path: str = "") -> HttpResponse:
    edition = Edition.objects.filter(pk=1).first()
    if edition is None:
        raise Unavailable("The status page is being made: try again in a moment.", retry_after=5)
    if path not in edition.copies:
        raise NotFound("There is no such page.")
    kind, text = edition.copies[path]
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:20]}"'
    known = request.headers.get("If-None-Match") == tag
    answer: HttpResponse = HttpResponseNotModified() if known else HttpResponse(text, content_type=kind)
    answer["ETag"], answer["Cache-Control"], answer["Access-Control-Allow-Origin"] = tag, "public, max-age=10", "*"
    return answer
