"""One error, one answer: what a refusal looks like over HTTP, for pages and API alike (RFC 9457).

`problem_of` maps an exception to a Problem; `answer` renders it as problem+json under /api/ and as a page elsewhere. Whatever it
does not know is a 500 without a word about the inside: the request's id is what a person can quote.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.core.exceptions import (
    BadRequest,
    MultipleObjectsReturned,
    ObjectDoesNotExist,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFilesSent,
    ValidationError,
)
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404
from django.utils.cache import patch_vary_headers
from rest_framework import exceptions as drf

import slo.errors
from portal.slashes import without_slash
from windows.errors import Refused

log = logging.getLogger("portal.problems")
RETRY_AFTER = 2  # seconds: a restarting database is back by then, see TRAPS
TITLES = {
    400: "The request could not be understood",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "Not possible here",
    406: "No such format",
    409: "In conflict",
    412: "Changed meanwhile",
    413: "Too big",
    415: "Format not accepted",
    422: "Not valid",
    428: "Say which version you mean",
    429: "Too many tries",
    500: "Something broke",
    503: "Not available for a moment",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """`slug` names the kind of problem and makes its type, /problems/<slug>; `facts` are plain JSON members beside the standard ones."""

    status: int
    slug: str
    detail: str
    facts: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return "Not proved" if self.slug == "unproved" else TITLES.get(self.status, "Refused")


def problem_of(error: BaseException) -> Problem:
    """The answer to an exception, known or not; an unknown one is logged with its traceback and told as a bare 500."""
    match error:
        case Refused():
            headers = {"Retry-After": str(error.facts["retry_after"])} if "retry_after" in error.facts else {}
            return Problem(error.status, error.slug, error.detail, error.facts, headers)
        case slo.errors.Invalid():
            return Problem(422, "invalid", error.detail, {"field": error.field})
        case slo.errors.Missing():
            return Problem(404, "not-found", error.detail)
        case slo.errors.Stale():
            return Problem(412, "stale", f"It was changed meanwhile: {error}.", {"current": error.current})
        case drf.ValidationError():
            errors = field_errors(error.detail)
            return Problem(422, "invalid", sentence(errors), {"field": errors[0]["field"], "errors": errors})
        case drf.APIException():
            return of_framework(error)
        case ValidationError():
            errors = [{"field": name, "detail": text} for name, texts in messages_of(error).items() for text in texts]
            return Problem(422, "invalid", sentence(errors), {"field": errors[0]["field"], "errors": errors})
        case Http404() | ObjectDoesNotExist():
            return Problem(404, "not-found", "There is nothing here, or nothing for your eyes.")
        case PermissionDenied():
            return Problem(403, "forbidden", "You may not do this.")
        case RequestDataTooBig() | TooManyFilesSent():
            return Problem(413, "too-big", "A request may be 1 MiB long.", {"limit": 1024 * 1024})
        case SuspiciousOperation() | BadRequest():
            return Problem(400, "bad-request", "The request could not be understood.")
        case OperationalError() | InterfaceError():
            log.warning("database away: %s", type(error).__name__)
            return Problem(
                503,
                "unavailable",
                "The database does not answer. Nothing was changed, or it was changed as a whole; try again.",
                {"retry_after": RETRY_AFTER},
                {"Retry-After": str(RETRY_AFTER)},
            )
        case DataError() | MultipleObjectsReturned():
            log.exception("a value the database refuses", exc_info=error)
            return Problem(422, "invalid", "A value is out of the range that can be stored.")
        case _:
            log.error("unexpected %s", type(error).__name__, exc_info=error)
            return Problem(500, "unexpected", "The portal met something it did not expect. Nothing was decided in your favour by it.")


def of_framework(error: drf.APIException) -> Problem:
    """DRF's own exceptions, with the headers HTTP wants beside them."""
    headers: dict[str, str] = {}
    facts: dict[str, Any] = {}
    slug = str(error.default_code).replace("_", "-")
    match error:
        case drf.NotAuthenticated() | drf.AuthenticationFailed():
            headers["WWW-Authenticate"], slug = 'Bearer realm="roadworks"', "unauthenticated"
        case drf.PermissionDenied():
            slug = "forbidden"
        case drf.ParseError():
            slug = "unreadable"
        case _:
            pass
    return Problem(error.status_code, slug, str(error.detail), facts, headers)


def answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The problem as problem+json for programs, as a page for people. Never cached, never a redirect."""
    request_id = getattr(request, "request_id", "")
    response: HttpResponse
    if request.path.startswith("/api/") or "application/problem+json" in request.headers.get("Accept", ""):
        facts = {name: fact for name, fact in problem.facts.items() if name not in {"type", "title", "status", "detail", "instance"}}
        body = {
            "type": f"/problems/{problem.slug}",
            "title": problem.title,
            "status": problem.status,
            "detail": problem.detail,
            "instance": request.path,
            "request_id": request_id,
            **facts,
        }
        content = orjson.dumps(body, default=str, option=orjson.OPT_NON_STR_KEYS)
        response = HttpResponse(content, content_type="application/problem+json", status=problem.status)
    else:
        context = {"problem": problem, "request_id": request_id, "asks_sign_in": problem.status == 401, "back": back_from(request.path)}
        response = render(request, "portal/problem.html", context, status=problem.status)
    for name, value in problem.headers.items():
        response[name] = value
    response["Cache-Control"] = "no-store"
    patch_vary_headers(response, ["Accept", "Cookie"])
    return response


def back_from(path: str) -> tuple[str, str] | None:
    """The page of the window or run that a question was asked of: its address and what it is called."""
    found = re.match(r"(/(?:windows/(MW-\d+)|runs/\d+))/", path)
    return (found[1], found[2] or "the run") if found else None


def field_errors(detail: Any, at: str = "") -> list[dict[str, str]]:
    """DRF's nested error detail as a flat list of {field: dotted.path, detail: sentence}."""
    if isinstance(detail, dict):
        inner = [field_errors(value, f"{at}.{name}".strip(".") if name != "non_field_errors" else at) for name, value in detail.items()]
        return [found for part in inner for found in part]
    if isinstance(detail, list):
        nested = any(isinstance(value, dict | list) for value in detail)
        return [found for n, value in enumerate(detail) for found in field_errors(value, f"{at}.{n}".strip(".") if nested else at) if value]
    return [{"field": at or "body", "detail": str(detail)}]


def messages_of(error: ValidationError) -> dict[str, list[str]]:
    return dict(error.message_dict) if hasattr(error, "error_dict") else {"body": list(error.messages)}


def sentence(errors: list[dict[str, str]]) -> str:
    return " ".join(f"{error['field']}: {error['detail']}" for error in errors[:5])


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    elsewhere = without_slash(request) if isinstance(exception, Resolver404) else None
    return elsewhere or answer(request, problem_of(Http404()))


def not_allowed(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return answer(request, problem_of(PermissionDenied()))


def not_understood(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return answer(request, problem_of(exception if isinstance(exception, SuspiciousOperation) else BadRequest()))


def broken(request: HttpRequest) -> HttpResponse:
    return answer(request, Problem(500, "unexpected", "The portal met something it did not expect."))


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that did not come from a page of ours (CSRF_FAILURE_VIEW)."""
    return answer(request, Problem(403, "forged", "This form did not come from a page of yours. Load the page again and repeat it."))
