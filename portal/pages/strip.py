"""The strip's own address: a browser asks for it every five seconds."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.template.loader import render_to_string

from portal.strip import strip
from windows.access.pages import reads
from windows.access.requests import actor_of


@reads
def strip_panel(request: HttpRequest) -> HttpResponse:
    inside = render_to_string("portal/_strip.html", {"strip": strip(actor_of(request))})
    etag = f'"{hashlib.sha256(inside.encode()).hexdigest()[:24]}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified()
    return HttpResponse(inside, headers={"ETag": etag})
