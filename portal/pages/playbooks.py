"""Playbooks: the list, one as it reads, its past, and which runbooks name it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.pages.runbooks import differing, may_write
from windows.access.pages import reads
from windows.access.requests import actor_of
from windows.access.roles import Subject, Verb, permitted
from windows.audit.clock import clock
from windows.catalogue.models import Team
from windows.errors import Invalid, NotFound
from windows.playbooks.models import PlaybookVersion
from windows.playbooks.queries import playbook, playbooks, versions
from windows.playbooks.text import read
from windows.runbooks.queries import naming
from windows.texts.problems import SpecError

VERSIONS = 50


@reads
def playbook_list(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    sent = {name: request.GET.get(name, "").replace("\0", "").strip()[:63] for name in ("q", "team")}
    teams = dict(Team.objects.order_by("name").values_list("slug", "name"))
    rows = [{"book": row, "team": teams.get(row.team, row.team)} for row in playbooks(team=sent["team"], containing=sent["q"])]
    context = {
        "rows": rows,
        "sent": sent,
        "narrowed": any(sent.values()),
        "teams": teams.items(),
        "may_add": may_write(actor),
        "now": clock(),
    }
    return render(request, "playbooks/list.html", context)


@reads
def playbook_page(request: HttpRequest, slug: str, number: int | None = None) -> HttpResponse:
    """The newest version, or one of the past. An old text that today's rules refuse is still shown, with what they say."""
    actor, book, known = actor_of(request), playbook(slug), versions(slug)
    shown = next((one for one in known if number is None or one.number == number), None)
    if shown is None:
        raise NotFound(f"There is no version {number} of the playbook {slug[:63]} here.")
    try:
        said, refused = read(shown.source), None
    except SpecError as error:
        said, refused = None, error
    context = {
        "book": book, "shown": shown, "said": said, "refused": refused, "versions": known[:VERSIONS], "newest": known[0].number,
        "before": next((one.number for one in known if one.number < shown.number), None), "runbooks": naming(slug),
        "may_edit": permitted(actor, Verb.EDIT_RUNBOOK, Subject(team=book.team)), "now": clock(),
    }  # fmt: skip
    return render(request, "playbooks/playbook.html", context)


@reads
def playbook_history(request: HttpRequest, slug: str) -> HttpResponse:
    """`?from=1&to=2`; left out: the newest against the one before."""
    known = versions(slug)
    old, new = chosen(request, "from", known, 1), chosen(request, "to", known, 0)
    lines = differing(old.source, new.source)
    context: dict[str, Any] = {
        "book": playbook(slug), "old": old, "new": new, "lines": lines, "gone": sum(line.kind == "gone" for line in lines),
        "added": sum(line.kind == "new" for line in lines), "numbers": [one.number for one in known],
    }  # fmt: skip
    return render(request, "playbooks/history.html", context)


def chosen(request: HttpRequest, name: str, known: list[PlaybookVersion], usual: int) -> PlaybookVersion:
    sent = request.GET.get(name, "")
    if not sent:
        return known[min(usual, len(known) - 1)]
    if not sent.isascii() or not sent.isdigit() or len(sent) > 9:
        raise Invalid("A version is a whole number.", field=name)
    found = next((one for one in known if one.number == int(sent)), None)
    if found is None:
        raise NotFound(f"There is no version {sent} of it here.")
    return found
