"""A program that polls a list with its token and the tag it has is told “unchanged” before anything else is asked (P-F1).

Nothing is decided here: the token, the key and the tag are those of the ordinary way, and whatever is not plainly unchanged goes it.
"""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified

from portal.middleware import is_bearer, private, recognise
from windows.access.roles import Verb
from windows.audit.queries import trail_mark
from windows.errors import Refused
from windows.scheduling.api.windows import LISTED, asked
from windows.scheduling.kept import etag, unchanged


class Polled:
    """Middleware, outside all that pages need. A 304 carries what the 200 carried of what a cache keeps: ETag, Vary, Cache-Control."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        sent = request.headers.get("If-None-Match")
        if not sent or request.path_info != LISTED or request.method != "GET" or not is_bearer(request):
            return self.get_response(request)
        return still(request, sent) or self.get_response(request)


def still(request: HttpRequest, sent: str) -> HttpResponse | None:
    """The 304, or None: let the ordinary way answer, errors and refusals too."""
    try:
        request.get_host()
        actor, _ = recognise(request)
        if actor is None or (actor.scopes is not None and Verb.READ.value not in actor.scopes):
            return None
        tag = etag(asked(actor, request.GET).key, trail_mark())
    except (Refused, DisallowedHost):
        return None
    if not unchanged(sent, tag):
        return None
    answer = HttpResponseNotModified(headers={"ETag": tag})
    private(answer)
    return answer
