"""Runbooks: the library, a version in sentences, what differs between two, and which windows pin one."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from windows.access.pages import reads
from windows.access.requests import actor_of
from windows.access.roles import TABLE, Actor, Subject, Verb, permitted
from windows.audit.clock import clock
from windows.catalogue.models import Team
from windows.errors import Invalid, NotFound
from windows.playbooks.queries import guides_named
from windows.runbooks.models import RunbookVersion
from windows.runbooks.queries import file_of, runbook, runbooks, spec_of, version, versions
from windows.runbooks.ready_made import templates
from windows.runbooks.spec import SpecError
from windows.runbooks.spec.sentences import story
from windows.scheduling.models import Window
from windows.scheduling.queries.listing import for_eyes_of

USED, VERSIONS, AROUND = 10, 50, 3


@reads
def library(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    sent = {name: request.GET.get(name, "").replace("\0", "").strip()[:63] for name in ("q", "team")}
    rows = runbooks(team=sent["team"], containing=sent["q"])
    pinned = Window.objects.filter(for_eyes_of(actor), runbook_version__isnull=False).values_list("runbook_version__runbook__slug")
    used = dict(pinned.annotate(times=Count("pk")).order_by())
    teams = dict(Team.objects.order_by("name").values_list("slug", "name"))
    context = {
        "rows": [{"book": row, "team": teams.get(row.team, row.team), "used": used.get(row.slug, 0)} for row in rows],
        "sent": sent,
        "narrowed": any(sent.values()),
        "teams": teams.items(),
        "may_add": may_write(actor),
        "templates": templates(),
        "now": clock(),
    }
    return render(request, "runbooks/library.html", context)


def may_write(actor: Actor) -> bool:
    return any(role in TABLE[Verb.EDIT_RUNBOOK] for _, role in actor.roles)


@reads
def runbook_page(request: HttpRequest, slug: str, number: int | None = None) -> HttpResponse:
    """The newest version, or one of the past. An old text that today's rules refuse is still shown, with what they say."""
    actor, book = actor_of(request), runbook(slug)
    known = versions(slug)
    shown = next((one for one in known if number is None or one.number == number), None)
    if shown is None:
        raise NotFound(f"There is no version {number} of the runbook {slug[:63]} here.")
    try:
        spec, refused = spec_of(shown), None
    except SpecError as error:
        spec, refused = None, error
    file = file_of(book.pk)
    context = {
        "book": book,
        "file": file,
        "current": next((one.number for one in known if file and one.digest == file.digest), None),  # what lies in Git now
        "shown": shown,
        "spec": spec,
        "story": story(spec) if spec else None,
        "refused": refused,
        "guides": guides_named(spec.playbooks) if spec else [],
        "versions": known[:VERSIONS],
        "newest": known[0].number,
        "before": next((one.number for one in known if one.number < shown.number), None),
        "used": used_by(slug, actor),
        "most": USED,
        "may_edit": permitted(actor, Verb.EDIT_RUNBOOK, Subject(team=book.team)),
        "now": clock(),
    }
    return render(request, "runbooks/runbook.html", context)


def used_by(slug: str, actor: Actor) -> list[Window]:
    """The windows that pin a version of it, the latest start first; one more than is shown."""
    rows = Window.objects.filter(for_eyes_of(actor), runbook_version__runbook__slug=slug).select_related("runbook_version")
    return list(rows.defer("runbook_version__source").order_by("-starts_at", "-pk")[: USED + 1])


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a difference: `kind` is same, gone, new or skip; numbers are None where the line is not in that text."""

    kind: str
    text: str
    old: int | None = None
    new: int | None = None


def differing(old: str, new: str, around: int = AROUND) -> list[Line]:
    """The two texts line by line, with some lines around each change and a mark where lines are left out. Pure."""
    before, after = old.splitlines(), new.splitlines()
    found: list[Line] = []
    end = (0, 0)
    for group in SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(around):
        left_out = group[0][1] - end[0]
        if left_out:
            found.append(Line("skip", f"{left_out} unchanged line{'' if left_out == 1 else 's'}"))
        for tag, i, i_end, j, j_end in group:
            if tag == "equal":
                found += [Line("same", before[i + n], i + n + 1, j + n + 1) for n in range(i_end - i)]
            else:
                found += [Line("gone", before[n], n + 1) for n in range(i, i_end)]
                found += [Line("new", after[n], None, n + 1) for n in range(j, j_end)]
        end = (group[-1][2], group[-1][4])
    if found and len(before) > end[0]:
        left_out = len(before) - end[0]
        found.append(Line("skip", f"{left_out} unchanged line{'' if left_out == 1 else 's'}"))
    return found


@reads
def compare(request: HttpRequest, slug: str) -> HttpResponse:
    """`?from=1&to=2`; left out: the newest against the one before."""
    known = versions(slug)
    old, new = chosen(request, "from", known, 1), chosen(request, "to", known, 0)
    lines = differing(old.source, new.source)
    context: dict[str, Any] = {
        "book": runbook(slug),
        "old": old,
        "new": new,
        "lines": lines,
        "gone": sum(line.kind == "gone" for line in lines),
        "added": sum(line.kind == "new" for line in lines),
        "numbers": [one.number for one in known],
    }
    return render(request, "runbooks/compare.html", context)


def chosen(request: HttpRequest, name: str, known: list[RunbookVersion], usual: int) -> RunbookVersion:
    sent = request.GET.get(name, "")
    if not sent:
        return known[min(usual, len(known) - 1)]
    if not sent.isascii() or not sent.isdigit() or len(sent) > 9:
        raise Invalid("A version is a whole number.", field=name)
    return version(known[0].runbook.slug, int(sent))
