"""A program that polls a list with its token and the tag it has is told “unchanged” before anything else is asked (P-F1).

Nothing is decided here: the token, the key and the tag are those of the ordinary way, and whatever is not plainly unchanged goes it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import DisallowedHost
from django.db import Error, connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified

from portal.middleware import is_bearer, private
from windows.access.roles import Actor, Verb
from windows.audit.queries import MARK
from windows.catalogue.queries import USED, WHO_SENDS, sender, token_digest
from windows.errors import Refused
from windows.scheduling.api.windows import LISTED, asked
from windows.scheduling.kept import etag, unchanged

BOTH = f"""with mark(entries, last) as ({MARK}), who as ({WHO_SENDS})
 select mark.entries, mark.last, who.* from mark left join who on true"""  # noqa: S608 - no part of it was sent by anybody


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
        actor, mark = sender_and_mark(request.headers["Authorization"][7:].strip())
        request.sender = actor  # type: ignore[attr-defined]  # a token is looked up once for each request
        if actor is None or (actor.scopes is not None and Verb.READ.value not in actor.scopes):
            return None
        tag = etag(asked(actor, request.GET).key, mark)
    except (Refused, DisallowedHost, Error):
        return None
    if not unchanged(sent, tag):
        return None
    answer = HttpResponseNotModified(headers={"ETag": tag})
    private(answer)
    return answer


def sender_and_mark(raw: str) -> tuple[Actor | None, str]:
    """Whose token it is, and the trail's mark: one statement, which is also the look whether the connection still stands."""
    if len(raw) > 200 or not raw.isascii():
        return None, ""
    try:
        with planned_once() as cursor:
            cursor.execute(BOTH, [USED.total_seconds(), token_digest(raw)])
            entries, last, *found = cursor.fetchone()
    except Error:
        connection.close()  # the ordinary way opens another
        raise
    return (sender(found) if found[0] is not None else None), f"{entries}.{last}"


def planned_once() -> CursorWrapper:
    """A cursor whose statements the store plans once for each connection: planning this one takes longer than answering it."""
    store: Any = connection
    store.ensure_connection()
    store.connection.prepare_threshold = 0
    cursor, counted = ServerBindingCursor(store.connection), store.queries_logged  # type: ignore[call-arg]
    shown: CursorWrapper = store.make_debug_cursor(cursor) if counted else store.make_cursor(cursor)
    return shown
