"""How tests speak to the portal: a program with a token, a browser with a session. Plain functions."""

import json
from datetime import timedelta
from typing import Any

from django.test import Client

from windows.access.roles import Actor, Verb
from windows.audit.clock import clock
from windows.catalogue.commands.tokens import issue_token
from windows.catalogue.models import Person
from windows.catalogue.queries import actor_for

EVERY_SCOPE = sorted(verb.value for verb in Verb)


class Caller:
    """Sends JSON (or a calendar as bytes) with a bearer token and reads JSON back."""

    def __init__(self, raw: str | None) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {raw}"} if raw else {}, raise_request_exception=False)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        kind = "text/calendar" if data.startswith(b"BEGIN:VCALENDAR") else "application/json"
        return self.client.generic(method, f"/api/v1{path}" if not path.startswith("/api") else path, data, kind, headers=named)

    def get(self, path: str, **headers: str) -> Any:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("POST", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self.send("PATCH", path, body, **headers)


def token_of(who: Person | Actor, *scopes: str) -> str:
    person = who if isinstance(who, Person) else Person.objects.get(pk=who.person_id)
    session = actor_for(person, via="browser")
    return issue_token(session, "test", scopes or EVERY_SCOPE, clock() + timedelta(hours=1))[1]


def caller(who: Person | Actor, *scopes: str) -> Caller:
    """A program acting for somebody; with every scope unless some are named."""
    return Caller(token_of(who, *scopes))


def stranger() -> Caller:
    return Caller(None)


def browser(who: Person | Actor, *, checks_csrf: bool = False) -> Client:
    """A signed-in browser."""
    client = Client(enforce_csrf_checks=checks_csrf, raise_request_exception=False)
    client.force_login(who if isinstance(who, Person) else Person.objects.get(pk=who.person_id))
    return client
