"""One's own settings: name and time zone, password, API tokens. A secret is on the page once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import available_timezones

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from windows.access.pages import Question, decided, signed_in
from windows.access.requests import actor_of
from windows.access.roles import Verb
from windows.access.sheets import MENDED, number, once, sheet, typed
from windows.access.words import VERBS
from windows.audit.clock import clock
from windows.catalogue.commands.people import change_password, edit_person, end_sessions
from windows.catalogue.commands.tokens import issue_token, revoke_token
from windows.catalogue.models import ApiToken, Membership, Person
from windows.errors import Invalid, NotFound

SHOWN = 100
LASTING = [("7", "a week"), ("30", "30 days"), ("90", "90 days"), ("365", "a year")]
SCOPES = [(verb.value, *VERBS[verb]) for verb in Verb]
ZONES = ["UTC", *sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("posix/", "right/", "Etc/")))]


@signed_in
def account(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    person = Person.objects.get(pk=actor.person_id or 0)
    held = Membership.objects.filter(person=person).select_related("team").order_by("team__name", "role")
    context = {"person": person, "held": held, "zones": [(zone, zone.replace("_", " ")) for zone in ZONES]}
    given = {"name": person.name, "timezone": person.timezone, "wants_digest": person.wants_digest}
    if request.method == "POST":
        given = typed(request, *given)
        try:
            edit_person(actor, person.pk, given | {"wants_digest": bool(given["wants_digest"])})
        except MENDED as error:
            return sheet(request, "catalogue/account.html", given, context, error)
        return HttpResponseRedirect(reverse("settings"))
    return sheet(request, "catalogue/account.html", given, context)


@signed_in
def password(request: HttpRequest) -> HttpResponse:
    """The present one is asked for: an open browser is not yet its owner. Every session ends, this one too."""
    actor = actor_of(request)
    given = {"present": "", "password": ""}
    if request.method == "POST":
        person = Person.objects.get(pk=actor.person_id or 0)
        try:
            if not person.check_password(request.POST.get("present", "")[:200]):
                raise Invalid("This is not your present password.", field="present")
            change_password(actor, person.pk, request.POST.get("password", "")[:200])
        except MENDED as error:
            return sheet(request, "catalogue/password.html", given, error=error)
        return HttpResponseRedirect(reverse("sign-in"))
    return sheet(request, "catalogue/password.html", given)


@signed_in
def end_all(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    question = Question(
        title="Sign out everywhere",
        consequence="Every session of yours ends, this one too. API tokens and calendar addresses go on: revoke those by themselves.",
        button="Sign out everywhere",
        icon="person",
        back=reverse("settings"),
        tone="danger",
        reason="none",
    )
    return decided(request, question, lambda _: end_sessions(actor, actor.person_id or 0), reverse("sign-in"))


@signed_in
def tokens(request: HttpRequest) -> HttpResponse:
    actor, now = actor_of(request), clock()
    rows = [
        {"token": row, "may": [VERBS[Verb(scope)][0] for scope in row.scopes]}
        for row in ApiToken.objects.filter(person_id=actor.person_id or 0).order_by("-id")[:SHOWN]
    ]
    context = {"rows": rows, "scopes": SCOPES, "lasting": LASTING, "now": now}
    given: dict[str, Any] = {"name": "", "days": "30", "scopes": ["read"]}
    if request.method == "POST":
        given = typed(request, "name", "days", lists=("scopes",))
        try:
            days = number(given["days"], "days", least=1, most=365)
            token, raw = issue_token(actor, given["name"], given["scopes"], now + timedelta(days=days))
        except MENDED as error:
            return sheet(request, "catalogue/tokens.html", given, context, error)
        use = "A program sends it as a bearer token: Authorization: Bearer rw_…"
        return once(request, f"The token “{token.name}”", raw, use, back=reverse("tokens"))
    return sheet(request, "catalogue/tokens.html", given, context)


@signed_in
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    actor, page = actor_of(request), reverse("tokens")
    token = ApiToken.objects.filter(pk=token_id).first()
    if token is None or not (token.person_id == actor.person_id or actor.administrator):
        raise NotFound("There is no such token here.")
    question = Question(
        title=f"Revoke “{token.name}”",
        consequence="What uses it is refused from its next request on. It cannot be brought back.",
        button="Revoke the token",
        icon="close",
        back=page,
        tone="danger",
        reason="none",
        about=f"{token.hint}…",
    )
    return decided(request, question, lambda _: revoke_token(actor, token_id), page)
