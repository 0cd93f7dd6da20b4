"""Manners every page shares: strangers are sent to sign in, an act is asked once before it is done, lists carry on by cursor."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from windows.access.roles import Actor
from windows.errors import Invalid

P = ParamSpec("P")
ENVIRONMENT = "environment"  # the cookie of the frame's filter
SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def chosen_environment(request: HttpRequest) -> str:
    """The environment this browser looks at, by its slug; "" for every one. It narrows lists and calendars, and hides nothing else."""
    slug = request.COOKIES.get(ENVIRONMENT, "")
    return slug if SLUG.fullmatch(slug) else ""


def signed_in(view: Callable[Concatenate[HttpRequest, P], HttpResponse]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """A page for people: a stranger is sent to sign in and comes back; a panel's request just learns 401. GET, HEAD and POST only."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if isinstance(getattr(request, "actor", None), Actor):
            return view(request, *args, **kwargs)
        if request.headers.get("HX-Request"):
            return HttpResponse("Sign in again.", status=401, content_type="text/plain")
        return HttpResponseRedirect(f"{settings.LOGIN_URL}?{urlencode({'next': request.get_full_path()})}")

    return require_http_methods(["GET", "HEAD", "POST"])(guarded)


def reads(view: Callable[Concatenate[HttpRequest, P], HttpResponse]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """A page for signed-in people that only shows: GET and HEAD."""
    return require_safe(signed_in(view))


@dataclass(frozen=True, slots=True)
class Question:
    """What a confirmation page asks: the consequence in one sentence, and a reason where the trail wants one."""

    title: str
    consequence: str
    button: str
    icon: str
    back: str  # where to go instead
    tone: str = "main"  # the button's class: main, back, danger
    reason: str = "optional"  # none, optional, required
    about: str = ""  # MW-1042 Orders schema migration
    label: str = "Why"  # what the reason is called
    choices: tuple[tuple[str, str], ...] = ()  # value and label of what is to be chosen as well, by name `choice`
    facts: tuple[str, ...] = ()  # what it is about, a sentence each; UTC times in them are shown as the reader's
    warnings: tuple[str, ...] = ()  # what stands in its way or will, a sentence each
    idle: bool = False  # there is nothing to decide: the consequence says so, and no button stands under it
    version: str = ""  # of what the person read: the form brings it back as `version`


def ask(request: HttpRequest, question: Question, error: Invalid | None = None) -> HttpResponse:
    """The page; its form posts to where it stands."""
    context = {"question": question, "error": error, "given": request.POST}
    return render(request, "portal/ask.html", context, status=200 if error is None else error.status)


def reason_in(request: HttpRequest, question: Question) -> str:
    """The reason typed; Invalid where one is required and none was given."""
    text = request.POST.get("reason", "").strip()
    if question.reason == "required" and not text:
        raise Invalid("Say why, in a sentence: it stands in the trail.", field="reason")
    return text


def decided(request: HttpRequest, question: Question, act: Callable[[str], Any], onward: str) -> HttpResponse:
    """GET asks; POST acts with the reason and goes on, or asks again where the reason will not do."""
    if request.method != "POST":
        return ask(request, question)
    try:
        act(reason_in(request, question))
    except Invalid as error:
        return ask(request, question, error)
    return HttpResponseRedirect(onward)
