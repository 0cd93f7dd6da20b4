"""The same POST twice is one act: the second gets the first one's answer.

A program sends `Idempotency-Key`; a form of ours carries a one-time `form_token`. Per person and key: the first answer below 500 is
kept for 24 hours, errors too; another body with the same key is refused (422); while the first is under way a program gets 409 with
Retry-After and a browser waits for it.

If the process dies between the act's commit and the answer's, the row stays "under way". One act = one transaction = one audit
entry with the request's id, so after `ABANDONED` seconds the trail decides: an entry means the act stands and is named, none means
that nothing happened and the act may be tried again.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException

from portal.api.models import StoredAnswer
from portal.problems import Problem, answer, problem_of
from windows.audit.models import AuditEntry
from windows.errors import Invalid

log = logging.getLogger(__name__)
KEPT_HOURS = 24
ABANDONED = 120  # seconds; longer than any request of ours may take
PATIENCE = 5.0  # seconds a browser's second click waits for the first
KEPT_HEADERS = ("Content-Type", "Location", "ETag", "Cache-Control", "HX-Redirect")


@dataclass(frozen=True, slots=True)
class Wish:
    """One POST, as far as being the same POST matters."""

    person_id: int
    key: str
    digest: str
    request_id: str
    from_form: bool


class Idempotency:
    """Middleware, inside Actors."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST" or getattr(request, "actor", None) is None:
            return self.get_response(request)
        try:
            wish = wish_of(request)
            earlier = claim(wish) if wish else None
        except RawPostDataException:
            wish, earlier = None, None
        except Exception as error:
            return answer(request, problem_of(error))
        if wish is None:
            return self.get_response(request)
        if isinstance(earlier, Problem):
            return answer(request, earlier)
        if earlier is not None:
            return replay(earlier)
        response = self.get_response(request)
        try:
            keep(request, wish, response)
        except (OperationalError, InterfaceError) as error:  # the act has its answer; what becomes of the key the trail decides later
            log.warning("An answer could not be kept: %s", type(error).__name__)
        return response


def wish_of(request: HttpRequest) -> Wish | None:
    """None where the caller did not ask for "once". Invalid for a key that cannot be one."""
    key, from_form = request.headers.get("Idempotency-Key"), False
    if key is None and request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        body = request.body  # before POST is parsed: afterwards it cannot be read
        key, from_form = request.POST.get("form_token"), True
        if not key:
            return None
    elif key is None:
        return None
    else:
        body = request.body
    if not (0 < len(key) <= 255 and key.isascii() and key.isprintable()):
        raise Invalid("An idempotency key has 1 to 255 printable ASCII characters.", field="Idempotency-Key")
    digest = hashlib.sha256(request.get_full_path().encode() + b"\0" + body).hexdigest()
    person_id = request.actor.person_id or 0  # type: ignore[attr-defined]
    return Wish(person_id, f"form:{key}" if from_form else key, digest, request.request_id, from_form)  # type: ignore[attr-defined]


def claim(wish: Wish) -> StoredAnswer | Problem | None:
    """None: this request is the first and owns the key now. Else the earlier answer, or why there is none to give."""
    deadline = time.monotonic() + (PATIENCE if wish.from_form else 0)
    while True:
        if inserted(wish):
            return None
        row = StoredAnswer.objects.filter(person_id=wish.person_id, key=wish.key).first()
        if row is None:
            continue  # the owner gave it back meanwhile
        if row.digest != wish.digest:
            return Problem(422, "key-reused", "This idempotency key was used with another request.", {"field": "Idempotency-Key"})
        if row.status is not None:
            return row
        if (abandoned := take_over(row, wish)) is not False:
            return abandoned
        if time.monotonic() >= deadline:
            text = "The first request with this key is still under way. Ask again in a second."
            return Problem(409, "under-way", text, {"field": "Idempotency-Key", "retry_after": 1}, {"Retry-After": "1"})
        time.sleep(0.05)


def inserted(wish: Wish) -> bool:
    """Whether this request's row got in; what is past its day leaves first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "delete from api_storedanswer where person_id = %s and created_at < clock_timestamp() - make_interval(hours => %s)",
            [wish.person_id, KEPT_HOURS],
        )
        cursor.execute(
            "insert into api_storedanswer (person_id, key, digest, request_id, headers, body) values (%s, %s, %s, %s, '{}', '')"
            " on conflict do nothing",
            [wish.person_id, wish.key, wish.digest, wish.request_id],
        )
        return bool(cursor.rowcount == 1)


def take_over(row: StoredAnswer, wish: Wish) -> Problem | Literal[False] | None:
    """For a row whose owner is gone: a Problem naming the act that was committed, None when this request owns it now, else False."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select created_at < clock_timestamp() - make_interval(secs => %s) from api_storedanswer where id = %s", [ABANDONED, row.pk]
        )
        found = cursor.fetchone()
    if found is None or not found[0]:
        return False
    done = AuditEntry.objects.filter(request_id=row.request_id).order_by("pk").first()
    if done is not None:
        text = f"The first request was cut off after it had done its work: {done.kind} {done.subject}. Nothing was done twice."
        return Problem(409, "done-already", text, {"field": "Idempotency-Key", "subject": done.subject, "kind": done.kind})
    with connection.cursor() as cursor:  # compare-and-swap: one of the waiting ones wins
        cursor.execute(
            "update api_storedanswer set request_id = %s, created_at = clock_timestamp()"
            " where id = %s and request_id = %s and status is null",
            [wish.request_id, row.pk, row.request_id],
        )
        return None if cursor.rowcount == 1 else False


def keep(request: HttpRequest, wish: Wish, response: HttpResponse) -> None:
    """Stores the answer, or gives the key back where nothing was decided (5xx, not signed in, throttled)."""
    mine = StoredAnswer.objects.filter(person_id=wish.person_id, key=wish.key, request_id=wish.request_id)
    if response.status_code >= 500 or response.status_code in (401, 429) or response.streaming:
        mine.filter(status=None).delete()
        return
    render = getattr(response, "render", None)
    if callable(render) and not getattr(response, "is_rendered", True):
        render()
    if "no-store" in response.get("Cache-Control", "") and response.status_code < 300:  # a secret shown once is not kept by us either
        text = "The first request with this key was carried out; its answer held a secret, which is shown once only."
        response = answer(request, Problem(409, "done-already", text, {"field": "Idempotency-Key"}))
    headers = {name: response[name] for name in KEPT_HEADERS if response.has_header(name)}
    mine.update(status=response.status_code, headers=headers, body=response.content)


def replay(row: StoredAnswer) -> HttpResponse:
    response = HttpResponse(bytes(row.body), status=row.status or 500)
    for name, value in row.headers.items():
        response[name] = value
    response["Idempotency-Replayed"] = "true"
    return response
