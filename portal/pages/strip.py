"""The strip's own address: a browser asks for it every five seconds."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from portal.pages.panel import panel
from portal.strip import strip
from windows.access.pages import reads
from windows.access.requests import actor_of


@reads
def strip_panel(request: HttpRequest) -> HttpResponse:
    return panel(request, render_to_string("portal/_strip.html", {"strip": strip(actor_of(request))}))
