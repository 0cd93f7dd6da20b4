"""Runbooks in Git: which places, what lies there, what is wrong with it; one more place, one less, a pull at once."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from windows.access.pages import signed_in
from windows.access.requests import actor_of
from windows.access.roles import TABLE, Subject, Verb, permitted
from windows.access.sheets import MENDED, sheet, typed
from windows.audit.clock import clock
from windows.catalogue.models import Team
from windows.errors import Refused
from windows.runbooks.commands.sources import add_source, ask_pull, remove_source
from windows.runbooks.queries import sources
from windows.runbooks.tasks import reconcile

NAMES = ("repository", "branch", "folder", "team")


@signed_in
def git_page(request: HttpRequest) -> HttpResponse:
    given = typed(request, *NAMES)
    if request.method != "POST":
        return shown(request, given)
    try:
        add_source(actor_of(request), **given)
    except MENDED as error:
        return shown(request, given, error)
    reconcile.delay_on_commit()
    return HttpResponseRedirect(reverse("runbook-sources"))


def shown(request: HttpRequest, given: dict[str, str], error: Refused | None = None) -> HttpResponse:
    actor = actor_of(request)
    mine = Team.objects.order_by("name")
    if not actor.sre:
        mine = mine.filter(slug__in=[slug for slug, role in actor.roles if role in TABLE[Verb.EDIT_RUNBOOK]])
    rows = [
        {
            "source": row,
            "files": sorted(row.files.all(), key=lambda file: file.path),
            "may": permitted(actor, Verb.EDIT_RUNBOOK, Subject(team=row.team)),
        }
        for row in sources()
    ]
    teams = list(mine.values_list("slug", "name"))
    context = {"rows": rows, "teams": teams, "allowed": settings.RUNBOOK_REPOSITORIES, "now": clock()}
    return sheet(request, "runbooks/git.html", given, context, error)


@signed_in
@require_POST
def git_pull(request: HttpRequest, repository_id: int) -> HttpResponse:
    ask_pull(actor_of(request), repository_id)
    reconcile.delay_on_commit()
    return HttpResponseRedirect(reverse("runbook-sources"))


@signed_in
@require_POST
def git_remove(request: HttpRequest, repository_id: int) -> HttpResponse:
    remove_source(actor_of(request), repository_id)
    return HttpResponseRedirect(reverse("runbook-sources"))
