"""A playbook is checked or kept from the browser; what is wrong stands beside it with its line."""

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
from windows.playbooks.commands.versions import keep_playbook
from windows.playbooks.models import Playbook
from windows.playbooks.queries import playbook, version
from windows.playbooks.text import read
from windows.texts.problems import SpecError

BLANK = """---
playbook: short-name
title: What has happened
triggers:
  - alert: NameOfTheAlert
    service: short-name-of-the-service
  - when: Something else, in words
---
## First

1. Look at …
2. If …, roll back. Else go on.
"""


def shown(request: HttpRequest, text: str, team: str, known: Playbook | None, error: Refused | None = None) -> HttpResponse:
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
        context["checked"] = read(text)
    return sheet(request, "playbooks/upload.html", {"text": text, "team": team}, context, error)


def uploaded(request: HttpRequest, known: Playbook | None) -> HttpResponse:
    """`act=check` only judges; otherwise the text is kept."""
    team, text = request.POST.get("team", "").replace("\0", ""), ""
    try:
        text = text_in(request)
        if request.POST.get("act") == "check":
            read(text)
            return shown(request, text, team, known)
        made = keep_playbook(actor_of(request), known.slug if known else read(text).slug, text, team=team)
    except MENDED as error:
        return shown(request, text, team, known, error)
    return HttpResponseRedirect(reverse("playbook", args=[made.playbook.slug]))


@signed_in
def new_playbook(request: HttpRequest) -> HttpResponse:
    return uploaded(request, None) if request.method == "POST" else shown(request, BLANK, "", None)


@signed_in
def new_playbook_version(request: HttpRequest, slug: str) -> HttpResponse:
    known = playbook(slug)
    require(actor_of(request), Verb.EDIT_RUNBOOK, Subject(team=known.team, called=f"the playbook {slug}"))
    if request.method == "POST":
        return uploaded(request, known)
    return shown(request, version(slug).source, known.team, known)
