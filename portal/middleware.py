"""What every request passes: an id, who acts, and one translation of everything that can go wrong.

Order in settings: RequestId outermost, Errors before the views, Actors after Django's own session and authentication.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers, patch_vary_headers

from portal.problems import answer, problem_of
from slo.telemetry.carrying import TAGS
from windows.access.requests import request_id
from windows.access.roles import Actor
from windows.catalogue.queries import actor_for, authenticate_token
from windows.scheduling.queries.windows import REFERENCE

log = logging.getLogger("portal.requests")
Handler = Callable[[HttpRequest], HttpResponse]


class RequestId:
    """Names each request by sixteen hex digits: X-Request-Id on the answer, in each log line, on each audit entry.

    An id sent by the caller is not taken over: it would let a stranger write into our logs.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = secrets.token_hex(8)  # type: ignore[attr-defined]
        request_id.set(request.request_id)  # type: ignore[attr-defined]  # kept until the next request: Django logs after us
        TAGS.set(None)
        response = self.get_response(request)
        response["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        return response

    def process_view(self, request: HttpRequest, view: Handler, args: Sequence[Any], named: Mapping[str, Any]) -> None:
        """A request about a window logs under its tag, and asks others under it."""
        if REFERENCE.fullmatch(reference := str(named.get("reference", ""))):
            TAGS.set({"maintenance.window": reference.upper()})


class Errors:
    """Every exception of a view becomes the answer `problems` has for it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, ImproperlyConfigured):
            return None  # a broken installation: loud, as Django has it
        return answer(request, problem_of(error))


class Actors:
    """Puts `request.actor` there: an Actor, or None for a stranger.

    A bearer token decides alone where one is sent, also when it is wrong (`request.token_refused`): a bad token never falls back
    to a session. A person who was disabled loses the session for good with the next request. Who acts is asked from the database
    at each request, so a role taken away counts at once. Private pages are never cached.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            request.actor, request.token_refused = recognise(request)  # type: ignore[attr-defined]
        except Exception as error:
            return answer(request, problem_of(error))
        response = self.get_response(request)
        if request.actor is not None:  # type: ignore[attr-defined]
            private(response)
        return response


def private(response: HttpResponse) -> None:
    """What one reader may see is kept for nobody else."""
    patch_vary_headers(response, ["Cookie", "Authorization"])
    if not response.has_header("Cache-Control"):
        add_never_cache_headers(response)


def is_bearer(request: HttpRequest) -> bool:
    return request.headers.get("Authorization", "")[:7].lower() == "bearer "


def recognise(request: HttpRequest) -> tuple[Actor | None, bool]:
    """Who acts, and whether a token was sent and refused. A token is looked up once for each request."""
    if is_bearer(request):
        if not hasattr(request, "sender"):
            raw = request.headers["Authorization"][7:]
            request.sender = authenticate_token(raw.strip()) if len(raw) < 200 and raw.isascii() else None  # type: ignore[attr-defined]
        request.user = AnonymousUser()  # the session of a browser counts for nothing beside a token
        return request.sender, request.sender is None  # type: ignore[attr-defined]
    person = request.user
    if person.is_authenticated:
        return actor_for(person, "browser"), False
    if request.session.get("_auth_user_id"):  # disabled, or the password changed elsewhere
        log.info("a session ended with its account")
        request.session.flush()
    return None, False
