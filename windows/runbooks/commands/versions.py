"""Verb: upload a version of a runbook. What comes from Git is kept by the same hand."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass

from django.db import transaction

from windows.access.roles import Actor, Subject, Verb, require
from windows.audit.commands import record
from windows.errors import Conflict, Invalid
from windows.runbooks.models import Runbook, RunbookVersion, SourceFile
from windows.runbooks.spec import Problem, SpecError, parse


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a version's text was first seen in Git."""

    repository: str
    path: str
    commit: str


def digest_of(text: str) -> str:
    """The SHA-256 of the text's UTF-8 bytes, in hexadecimal: what a window pins and approvals bind to."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


@transaction.atomic(durable=True)
def upload_runbook(actor: Actor, slug: str, text: str, *, team: str = "", is_example: bool = False) -> RunbookVersion:
    """Keep the text as the newest version of the runbook; the same text is the same version, however often it comes.

    `team` owns a runbook that is new here (required then); an old one keeps its own. Raises SpecError with every problem of the
    text, Forbidden by the role table, Conflict when the very text is another runbook's or the runbook is kept in Git.
    """
    known = Runbook.objects.filter(slug=slug).first()
    owner = known.team if known else team
    if not owner:
        raise Invalid("Say which team owns the new runbook.", field="team")
    require(actor, Verb.EDIT_RUNBOOK, Subject(team=owner, called=f"the runbook {slug}"))
    if known and (kept := SourceFile.objects.filter(runbook=known).select_related("source").first()):
        raise Conflict(f"{slug} is kept in Git, as {kept.path} of {kept.source.repository}: change it there.", field="text")
    return keep_version(actor, slug, text, team=owner, is_example=is_example)


def keep_version(
    actor: Actor, slug: str, text: str, *, team: str, is_example: bool = False, origin: Origin | None = None
) -> RunbookVersion:
    """The text as the newest version, in the caller's transaction, which has asked whether the actor may. Same text, same version.

    Raises SpecError, and Conflict where another team or another runbook has it.
    """
    spec = parse(text)
    if spec.slug != slug:
        raise SpecError([Problem(f"The text calls itself “{spec.slug}”, not “{slug}”.", "runbook", 1, 1)])
    Runbook.objects.get_or_create(slug=slug, defaults={"title": spec.title, "team": team, "is_example": is_example})
    runbook = Runbook.objects.select_for_update().get(slug=slug)  # uploads of one runbook wait for each other
    if runbook.team != team:
        raise Conflict(f"The runbook {slug} belongs to {runbook.team}, not to {team}.", field="team", rival=runbook.team)
    digest = digest_of(text)
    same = RunbookVersion.objects.select_related("runbook").filter(digest=digest).first()
    if same and same.runbook_id != runbook.pk:
        raise Conflict(f"This very text is version {same.number} of {same.runbook.slug}.", field="digest", rival=same.runbook.slug)
    if runbook.title != spec.title and (origin or not same):  # what lies in Git is in force, an old text too
        runbook.title = spec.title
        runbook.save(update_fields=["title"])
    if same:
        return same
    last = runbook.versions.order_by("-number").values_list("number", flat=True).first() or 0
    kept = asdict(origin) if origin else {}
    by = f"{origin.repository} at {origin.commit[:12]}"[:200] if origin else actor.name
    version = RunbookVersion.objects.create(runbook=runbook, number=last + 1, digest=digest, source=text, created_by=by, **kept)
    facts = {"runbook": slug, "number": version.number, "digest": digest, "steps": [step.name for step in spec.steps], **kept}
    record("runbook.version_added", actor, f"runbook:{slug}", data=facts)
    return version
