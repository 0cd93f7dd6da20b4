"""A text is checked or kept from the browser; what is wrong stands beside it with line and column."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from windows.access.pages import signed_in
from windows.access.requests import actor_of
from windows.access.roles import TABLE, Subject, Verb, require
from windows.access.sheets import MENDED, sheet
from windows.access.uploads import numbered, text_in
from windows.catalogue.models import Team
from windows.errors import Refused
from windows.runbooks.commands import upload_runbook
from windows.runbooks.models import Runbook
from windows.runbooks.queries import runbook, version
from windows.runbooks.ready_made import text_of
from windows.runbooks.spec import SpecError, parse
from windows.runbooks.spec.sentences import story

BLANK = """runbook: short-name
title: What it does
layers: [L3]
rollback_reserve: 1m
steps:
  - name: The first step
    wait: {duration: 10s}
"""


def shown(request: HttpRequest, text: str, team: str, known: Runbook | None, error: Refused | None = None) -> HttpResponse:
    actor = actor_of(request)
    mine = Team.objects.order_by("name")
    if not actor.sre:
        mine = mine.filter(slug__in=[slug for slug, role in actor.roles if role in TABLE[Verb.EDIT_RUNBOOK]])
    context: dict[str, Any] = {
        "known": known,
        "teams": [] if known else list(mine.values_list("slug", "name")),
        "lines": numbered(text, error),
        "problems": error.problems if isinstance(error, SpecError) else (),
    }
    if error is None and request.method == "POST":
        spec = parse(text)
        context |= {"checked": spec, "story": story(spec)}
    return sheet(request, "runbooks/upload.html", {"text": text, "team": team}, context, error)


def uploaded(request: HttpRequest, known: Runbook | None) -> HttpResponse:
    """`act=check` only judges; otherwise the text is kept."""
    team, text = request.POST.get("team", "").replace("\0", ""), ""
    try:
        text = text_in(request)
        if request.POST.get("act") == "check":
            parse(text)
            return shown(request, text, team, known)
        made = upload_runbook(actor_of(request), known.slug if known else parse(text).slug, text, team=team)
    except MENDED as error:
        return shown(request, text, team, known, error)
    return HttpResponseRedirect(reverse("runbook", args=[made.runbook.slug]))


@signed_in
def new_runbook(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return uploaded(request, None)
    return shown(request, text_of(request.GET.get("template", "")) or BLANK, "", None)


@signed_in
def new_version(request: HttpRequest, slug: str) -> HttpResponse:
    known = runbook(slug)
    actor = actor_of(request)
    require(actor, Verb.EDIT_RUNBOOK, Subject(team=known.team, called=f"the runbook {slug}"))
    if request.method == "POST":
        return uploaded(request, known)
    return shown(request, version(slug).source, known.team, known)
