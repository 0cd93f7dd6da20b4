"""Verb: keep a version of a playbook."""

from __future__ import annotations

from django.db import transaction

from windows.access.roles import Actor, Subject, Verb, require
from windows.audit.commands import record
from windows.catalogue.models import Team
from windows.errors import Conflict, Invalid
from windows.playbooks.models import Playbook, PlaybookTrigger, PlaybookVersion
from windows.playbooks.text import digest_of, read
from windows.texts.problems import Problem, SpecError


@transaction.atomic(durable=True)
def keep_playbook(actor: Actor, slug: str, text: str, *, team: str = "", is_example: bool = False) -> PlaybookVersion:
    """The text as the newest version; the same text again is the version it was, and the newest stays in force.

    `team` owns a playbook that is new here (required then). Raises SpecError with every problem of the text, Forbidden by the role
    table, Conflict where the playbook is another team's.
    """
    known = Playbook.objects.filter(slug=slug).first()
    owner = known.team if known else team
    if not owner:
        raise Invalid("Say which team owns the new playbook.", field="team")
    require(actor, Verb.EDIT_RUNBOOK, Subject(team=owner, called=f"the playbook {slug}"))
    if known is None and not Team.objects.filter(slug=owner).exists():
        raise Invalid(f"There is no team {owner[:63]}.", field="team")
    found = read(text)
    if found.slug != slug:
        raise SpecError([Problem(f"The text calls itself “{found.slug}”, not “{slug}”.", "playbook", 2, 1)])
    Playbook.objects.get_or_create(slug=slug, defaults={"title": found.title, "team": owner, "is_example": is_example})
    book = Playbook.objects.select_for_update().get(slug=slug)
    if book.team != owner:
        raise Conflict(f"The playbook {slug} belongs to {book.team}, not to {owner}.", field="team", rival=book.team)
    digest = digest_of(text)
    if same := book.versions.select_related("playbook").filter(digest=digest).first():
        return same
    last = book.versions.order_by("-number").values_list("number", flat=True).first() or 0
    made = PlaybookVersion.objects.create(playbook=book, number=last + 1, digest=digest, source=text, created_by=actor.name)
    Playbook.objects.filter(pk=book.pk).update(title=found.title)
    book.triggers.all().delete()
    PlaybookTrigger.objects.bulk_create(
        PlaybookTrigger(playbook=book, alert=one.alert, service=one.service, when=one.when) for one in found.triggers
    )
    facts = {"playbook": slug, "number": made.number, "digest": digest, "triggers": [one.told for one in found.triggers]}
    record("playbook.version_added", actor, f"playbook:{slug}", data=facts)
    return made
