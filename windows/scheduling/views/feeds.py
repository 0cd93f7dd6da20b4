"""The secret calendar address itself: read by calendar programs, without a session."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.http import http_date, parse_http_date_safe
from django.views.decorators.http import require_safe

from windows.audit.clock import clock
from windows.scheduling import ical
from windows.scheduling.commands.feeds import feed_by_token
from windows.scheduling.queries.feeds import FeedVersion, feed_version


@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """200 with the calendar, 304 where nothing changed, 404 once revoked. `?cancelled=keep` for programs that drop cancelled events."""
    row, eyes = feed_by_token(token)
    now, keep = clock(), request.GET.get("cancelled") == "keep"
    version = feed_version(row, eyes, now, keep_cancelled=keep)
    if is_known(request, version):
        return manners(HttpResponseNotModified(), version)
    response = HttpResponse(ical.feed(row, eyes, now, keep_cancelled=keep), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="roadworks.ics"'
    return manners(response, version)


def is_known(request: HttpRequest, version: FeedVersion) -> bool:
    """If-None-Match decides where it is sent (RFC 9110); otherwise If-Modified-Since."""
    sent = request.headers.get("If-None-Match")
    if sent is not None:
        return sent.strip() == "*" or version.etag in [tag.strip().removeprefix("W/") for tag in sent.split(",")]
    since = parse_http_date_safe(request.headers.get("If-Modified-Since", ""))
    return since is not None and version.last_modified is not None and int(version.last_modified.timestamp()) <= since


def manners(response: HttpResponse, version: FeedVersion) -> HttpResponse:
    response["ETag"] = version.etag
    if version.last_modified:
        response["Last-Modified"] = http_date(version.last_modified.timestamp())
    response["Cache-Control"] = "private, no-cache"
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response
