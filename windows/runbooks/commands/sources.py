"""Verbs: name a source of runbooks in Git, leave it, ask for a pull, pull."""

from __future__ import annotations

import re
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from windows.access.roles import ENGINE, Actor, Subject, Verb, require
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.catalogue.models import Team
from windows.errors import Conflict, Invalid, NotFound, Refused
from windows.runbooks.commands.versions import Origin, digest_of, keep_version
from windows.runbooks.models import RunbookSource, RunbookVersion, SourceFile
from windows.runbooks.queries import named_in, source
from windows.runbooks.repository import Found, PullFailed, allowed, pull

EVERY = timedelta(minutes=1)
MOST = 200  # sources, of all teams
BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")
FOLDER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9 ._/-]{0,499}")


def subject(team: str, repository: str) -> Subject:
    return Subject(team=team, called=f"the runbooks of {repository}")


@transaction.atomic(durable=True)
def add_source(actor: Actor, repository: str, *, team: str, branch: str = "", folder: str = "") -> RunbookSource:
    """The team's runbooks are what lies there from now on; the first pull comes within a minute.

    Raises Invalid for a place RUNBOOK_REPOSITORIES does not name and for one too many, Conflict where it is known already, Forbidden by
    the role table.
    """
    if not Team.objects.filter(slug=team).exists():
        raise Invalid(f"There is no team “{team[:63]}”.", field="team")
    require(actor, Verb.EDIT_RUNBOOK, subject(team, repository[:100]))
    allowed(repository, settings.RUNBOOK_REPOSITORIES)
    folder = folder.strip("/")
    if branch and (not BRANCH.fullmatch(branch) or ".." in branch):
        raise Invalid("A branch's name has letters, digits, dots, dashes and slashes.", field="branch")
    if folder and (not FOLDER.fullmatch(folder) or ".." in folder):
        raise Invalid("A folder is a path inside the repository, like runbooks/orders.", field="folder")
    if RunbookSource.objects.count() >= MOST:
        raise Invalid(f"At most {MOST} sources are pulled; remove one first.", field="repository")
    try:
        with transaction.atomic():
            made = RunbookSource.objects.create(repository=repository, branch=branch, folder=folder, team=team, created_by=actor.name)
    except IntegrityError:
        raise Conflict("This place is a source already.", field="repository")
    record("runbook.source_added", actor, f"runbook_source:{made.pk}", data=facts(made))
    return made


@transaction.atomic(durable=True)
def remove_source(actor: Actor, source_id: int) -> None:
    """Nothing is pulled from there any more. What came from it stays, and can be uploaded to."""
    row = locked(actor, source_id)
    told = facts(row)
    row.delete()
    record("runbook.source_removed", actor, f"runbook_source:{source_id}", data=told)


@transaction.atomic(durable=True)
def ask_pull(actor: Actor, source_id: int) -> RunbookSource:
    """It is due now, without waiting for its minute."""
    row = locked(actor, source_id)
    row.due_at = clock()
    row.save(update_fields=["due_at"])
    record("runbook.source_pull_asked", actor, f"runbook_source:{source_id}", data=facts(row))
    return row


def locked(actor: Actor, source_id: int) -> RunbookSource:
    row = RunbookSource.objects.select_for_update().filter(pk=source_id).first()
    if row is None:
        raise NotFound("There is no such source of runbooks here.")
    require(actor, Verb.EDIT_RUNBOOK, subject(row.team, row.repository))
    return row


def facts(row: RunbookSource) -> dict[str, str]:
    return {"repository": row.repository, "branch": row.branch, "folder": row.folder, "team": row.team}


@transaction.atomic(durable=True)
def claim_due() -> int | None:
    """The source whose time came first, given to one caller; its next time is a minute later. None where no time has come."""
    now = clock()
    row = RunbookSource.objects.select_for_update(skip_locked=True).filter(due_at__lte=now).order_by("due_at", "pk").first()
    if row is None:
        return None
    row.due_at = now + EVERY
    row.save(update_fields=["due_at"])
    return row.pk


def pull_source(source_id: int) -> RunbookSource:
    """Read the repository, then keep what it holds. Whoever added the source was asked for the right; a bad file stops no other."""
    row = source(source_id)
    try:
        place = allowed(row.repository, settings.RUNBOOK_REPOSITORIES)
        found = pull(place, row.branch, row.folder)
    except (PullFailed, Refused) as error:
        why = error.detail if isinstance(error, Refused) else str(error)
        return not_pulled(row, why[:1000])
    return pulled(source_id, found)


@transaction.atomic(durable=True)
def not_pulled(row: RunbookSource, why: str) -> RunbookSource:
    """What was known stays; preflight will not take it for the present for long. The trail hears of a trouble once."""
    if RunbookSource.objects.filter(pk=row.pk).exclude(trouble=why).update(trouble=why):
        record("runbook.source_unreadable", ENGINE, f"runbook_source:{row.pk}", data=facts(row) | {"why": why})
    return source(row.pk)


@transaction.atomic(durable=True)
def pulled(source_id: int, found: Found) -> RunbookSource:
    """One transaction, so that the rows are one commit's files; each version that is new has its own entry too."""
    row = RunbookSource.objects.select_for_update().filter(pk=source_id).first()
    if row is None:
        raise NotFound("There is no such source of runbooks here.")
    before = dict(row.files.values_list("path", "digest"))
    gone = row.files.exclude(path__in=[path for path, _ in found.files])
    for path, content in found.files:
        keep_file(row, path, content, found.commit, gone)
    gone.filter(runbook__isnull=True).delete()
    gone.update(digest="", trouble="It is no longer in the repository.")
    after = dict(row.files.values_list("path", "digest"))
    is_news = row.commit != found.commit or row.trouble != ""
    row.commit, row.pulled_at, row.trouble = found.commit, clock(), ""
    row.save(update_fields=["commit", "pulled_at", "trouble"])
    if is_news:
        changed = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
        record("runbook.source_pulled", ENGINE, f"runbook_source:{row.pk}", data=facts(row) | {"commit": found.commit, "changed": changed})
    return row


def keep_file(row: RunbookSource, path: str, content: bytes, commit: str, gone: QuerySet[SourceFile]) -> None:
    """The file as a version of the runbook it names; what it cannot be stands in its row. A renamed file takes the gone one's place."""
    file, _ = SourceFile.objects.get_or_create(source=row, path=path[:500])
    file.trouble = ""
    try:
        text = content.decode("utf-8-sig")
        file.digest = digest_of(text)
        with transaction.atomic():
            version = kept(row, path, text, commit)
            gone.filter(runbook=version.runbook).delete()
            file.runbook = version.runbook
            file.save()
        return
    except UnicodeDecodeError as error:
        file.digest, file.trouble = digest_of(repr(content)), f"This file is not UTF-8 text: byte {error.start} cannot be read."
    except Refused as error:
        file.trouble = error.detail[:1000]
    except IntegrityError:
        file.trouble = "Another file is this runbook already."
    file.runbook = SourceFile.objects.get(pk=file.pk).runbook
    file.save()


def kept(row: RunbookSource, path: str, text: str, commit: str) -> RunbookVersion:
    origin = Origin(row.repository, path[:500], commit)
    return keep_version(ENGINE, named_in(text), text, team=row.team, origin=origin)
