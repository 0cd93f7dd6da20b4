"""The secret calendar address itself, read by calendar programs without a session; and one window as a file."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.http import http_date, parse_http_date_safe
from django.views.decorators.http import require_safe

from windows.access.pages import reads
from windows.access.requests import actor_of
from windows.access.roles import Actor
from windows.audit.clock import clock
from windows.audit.queries import trail_mark
from windows.errors import Invalid
from windows.scheduling import ical, texts
from windows.scheduling.commands.feeds import feed_by_token
from windows.scheduling.kept import Kept, eyes
from windows.scheduling.models import Feed
from windows.scheduling.queries.feeds import FeedVariant, FeedVersion, feed_version
from windows.scheduling.queries.windows import window_id_of
from windows.scheduling.views.squeezed import squeezed, takes_gzip

VERSIONS = Kept(1000)
SOONEST, LATEST = 1, 7 * 24 * 60  # minutes of an alarm


@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """200 with the calendar, 304 where nothing changed, 404 once revoked.

    `?cancelled=keep` for programs that drop cancelled events, `?alarm=30` for an alarm half an hour before, `?account=…` for MAINTNOTE.
    """
    row, viewer = feed_by_token(token)
    now, variant, small = clock(), variant_of(request), takes_gzip(request)
    version = known_version(row, viewer, now, variant)
    etag = f'"{version.digest}-gzip"' if small else version.etag
    if is_known(request, version):
        return manners(HttpResponseNotModified(), version, etag)
    data = squeezed(version.digest, lambda: ical.feed(row, viewer, now, variant), small=small)
    response = HttpResponse(data, content_type=ical.CONTENT_TYPE)
    if small:
        response["Content-Encoding"] = "gzip"
    response["Content-Disposition"] = 'inline; filename="roadworks.ics"'
    return manners(response, version, etag)


def known_version(row: Feed, viewer: Actor, now: datetime, variant: FeedVariant) -> FeedVersion:
    """The feed's version, asked for anew when anything was done since, or when a minute has passed: events fade out by the clock."""
    key, mark = f"{row.pk} {eyes(viewer)} {variant} {now:%Y%m%d%H%M}", trail_mark()
    if (found := VERSIONS.get(key, mark)) is not None:
        digest, _, last = found.decode().partition(" ")
        return FeedVersion(digest, datetime.fromisoformat(last) if last else None)
    version = feed_version(row, viewer, now, variant)
    last = version.last_modified.isoformat() if version.last_modified else ""
    VERSIONS.keep(key, mark, f"{version.digest} {last}".encode())
    return version


@reads
def event_file(request: HttpRequest, reference: str) -> HttpResponse:
    """One window for a mail or a calendar: METHOD:PUBLISH and its ORGANIZER; `?account=…` makes it a MAINTNOTE notice."""
    data = ical.single(window_id_of(reference), actor_of(request), account_of(request))
    response = HttpResponse(data, content_type=f"{ical.CONTENT_TYPE}; method=PUBLISH")
    response["Content-Disposition"] = f'attachment; filename="{reference}.ics"'
    response["Cache-Control"] = "private, no-cache"
    return response


def variant_of(request: HttpRequest) -> FeedVariant:
    alarm = request.GET.get("alarm", "0")
    if not (alarm.isascii() and alarm.isdigit() and len(alarm) < 6) or not (alarm == "0" or SOONEST <= int(alarm) <= LATEST):
        raise Invalid(f"An alarm is {SOONEST} to {LATEST} minutes before.", field="alarm")
    return FeedVariant(request.GET.get("cancelled") == "keep", int(alarm), account_of(request))


def account_of(request: HttpRequest) -> str:
    return texts.line(request.GET.get("account", ""), "account", longest=200)


def is_known(request: HttpRequest, version: FeedVersion) -> bool:
    """If-None-Match decides where it is sent (RFC 9110); otherwise If-Modified-Since."""
    sent = request.headers.get("If-None-Match")
    if sent is not None:
        ours = {version.etag, f'"{version.digest}-gzip"'}
        return sent.strip() == "*" or any(tag.strip().removeprefix("W/") in ours for tag in sent.split(","))
    since = parse_http_date_safe(request.headers.get("If-Modified-Since", ""))
    return since is not None and version.last_modified is not None and int(version.last_modified.timestamp()) <= since


def manners(response: HttpResponse, version: FeedVersion, etag: str) -> HttpResponse:
    response["ETag"] = etag
    if version.last_modified:
        response["Last-Modified"] = http_date(version.last_modified.timestamp())
    response["Cache-Control"] = "private, no-cache"
    response["Vary"] = "Accept-Encoding"
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response
