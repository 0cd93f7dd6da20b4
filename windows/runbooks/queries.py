"""Nouns that read: runbooks, their versions, what a version means, what differs between two."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from difflib import unified_diff
from functools import lru_cache

from django.db.models import Count, Exists, Max, OuterRef, QuerySet

from windows.errors import NotFound
from windows.runbooks.models import Runbook, RunbookSource, RunbookVersion, SourceFile
from windows.runbooks.spec import RunbookSpec, SpecError, parse

IN_FORCE = ("-is_in_git", "-number")  # the order of current_first()


@dataclass(frozen=True, slots=True)
class RunbookRow:
    slug: str
    title: str
    team: str
    versions: int
    newest_at: datetime | None
    is_example: bool


def runbooks(*, team: str = "", containing: str = "") -> list[RunbookRow]:
    """Every runbook, by title; of one team, or with a word in its title or slug."""
    found = Runbook.objects.annotate(count=Count("versions"), newest_at=Max("versions__created_at")).order_by("title", "slug")
    if team:
        found = found.filter(team=team)
    if containing:
        found = found.filter(title__icontains=containing) | found.filter(slug__icontains=containing)
    return [RunbookRow(each.slug, each.title, each.team, each.count, each.newest_at, each.is_example) for each in found]


def runbook(slug: str) -> Runbook:
    """NotFound where there is none."""
    found = Runbook.objects.filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no runbook {slug} here.")
    return found


def versions(slug: str) -> list[RunbookVersion]:
    """Newest first; NotFound where there is no such runbook."""
    return list(runbook(slug).versions.select_related("runbook").order_by("-number"))


def current_first() -> QuerySet[RunbookVersion]:
    """Versions, those in force of their runbooks before all others: what lies in Git now, for a runbook kept there (a commit that was
    taken back leaves a higher number behind), else the newest."""
    lies = SourceFile.objects.filter(runbook=OuterRef("runbook"), digest=OuterRef("digest"))
    return RunbookVersion.objects.annotate(is_in_git=Exists(lies)).order_by(*IN_FORCE)


def version(slug: str, number: int | None = None) -> RunbookVersion:
    """One version, or the one in force. NotFound where there is none."""
    found = current_first().select_related("runbook").filter(runbook__slug=slug)
    one = (found if number is None else found.filter(number=number)).first()
    if one is None:
        raise NotFound(f"There is no {'runbook' if number is None else f'version {number} of the runbook'} {slug} here.")
    return one


def naming(playbook: str) -> list[Runbook]:
    """The runbooks whose version in force names this playbook, by title. One query."""
    in_force = current_first().order_by("runbook_id", *IN_FORCE).distinct("runbook_id").values("pk")
    rows = RunbookVersion.objects.filter(pk__in=in_force, source__contains=playbook).select_related("runbook").order_by("runbook__title")
    return [row.runbook for row in rows if playbook in guides_of(row)]


def guides_of(version: RunbookVersion) -> tuple[str, ...]:
    """The playbooks that a version names; none where today's rules refuse its text."""
    try:
        return spec_of(version).playbooks
    except SpecError:
        return ()


parsed = lru_cache(maxsize=256)(parse)  # a version never changes


def spec_of(version: RunbookVersion) -> RunbookSpec:
    """What the version means, parsed once per process. SpecError where today's rules refuse an old text."""
    return parsed(version.source)


def named_in(text: str) -> str:
    """The runbook a text says it is. SpecError where it is none."""
    return parsed(text).slug


def source(source_id: int) -> RunbookSource:
    """NotFound where there is none."""
    found = RunbookSource.objects.filter(pk=source_id).first()
    if found is None:
        raise NotFound("There is no such source of runbooks here.")
    return found


def sources() -> list[RunbookSource]:
    """Every place in Git that runbooks come from, with its files."""
    return list(RunbookSource.objects.prefetch_related("files__runbook").order_by("repository", "folder", "pk"))


def file_of(runbook_id: int) -> SourceFile | None:
    """Where in Git the runbook is kept, as the last good pull found it; None for an uploaded one."""
    return SourceFile.objects.select_related("source").filter(runbook_id=runbook_id).first()


def difference(old: RunbookVersion, new: RunbookVersion) -> str:
    """A unified diff of the two texts; empty where they are the same."""
    before, after = (f"{each.runbook.slug} v{each.number}" for each in (old, new))
    return "\n".join(unified_diff(old.source.splitlines(), new.source.splitlines(), before, after, lineterm=""))
