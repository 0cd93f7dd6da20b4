"""Who calls the API: the actor the middleware recognised, by token or by session. A session must prove its page (CSRF)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from windows.access.roles import Actor, Verb
from windows.errors import Forbidden


class CsrfReason(CsrfViewMiddleware):
    """Django's check, which returns its reason instead of a page."""

    def _reject(self, request: HttpRequest, reason: str) -> Any:
        return reason


class ByActor(BaseAuthentication):
    """Takes over `request.actor`. Answers 401 to a refused token, 403 to a session that changes something without its CSRF token."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        inner = request._request
        if getattr(inner, "token_refused", False):
            raise AuthenticationFailed("This token is unknown, expired or revoked.")
        actor = getattr(inner, "actor", None)
        if not isinstance(actor, Actor):
            return None
        if actor.via == "browser":
            check = CsrfReason(lambda _: HttpResponse())
            check.process_request(inner)
            if reason := check.process_view(inner, lambda _: HttpResponse(), (), {}):
                raise PermissionDenied(f"Send the CSRF token of your session as X-CSRFToken. {reason}")
        return inner.user, actor

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="roadworks"'


class SignedIn(BasePermission):
    """Nobody reads or writes unrecognised; a token reads only with the scope "read". What may be written, commands decide."""

    def has_permission(self, request: Request, view: Any) -> bool:
        actor = getattr(request._request, "actor", None)
        if not isinstance(actor, Actor):
            return False
        if request.method in SAFE_METHODS and actor.scopes is not None and Verb.READ.value not in actor.scopes:
            raise Forbidden("This token lacks the scope “read”.", verb=Verb.READ.value)
        return True
