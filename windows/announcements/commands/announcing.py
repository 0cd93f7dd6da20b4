"""Verbs: announce a window to the public, say more, withdraw."""

from __future__ import annotations

from windows.access.roles import Actor, Verb, require
from windows.announcements.models import Announcement, Component, Update
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.errors import Conflict, NotFound
from windows.lifecycle.states import WindowStatus
from windows.scheduling import texts
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.models import Window
from windows.scheduling.queries import subject_of, window_id_of

LONGEST = 2000
AHEAD = {WindowStatus.DRAFT, WindowStatus.REQUESTED, WindowStatus.APPROVED, WindowStatus.RUNNING}


@one_transaction
def announce(actor: Actor, reference: str, *, title: str, text: str) -> tuple[Announcement, bool]:
    """In words for the public; (the announcement, whether it is new). The same verb rewrites it and takes back a withdrawal.

    Conflict for a confidential window, one that has ended, and one whose services the public does not know.
    """
    window = asked(actor, reference)
    if window.confidential:
        raise Conflict("A confidential window is not announced.", field="confidential")
    if WindowStatus(window.status) not in AHEAD:
        raise Conflict(f"{window.reference} has ended.", field="status", status=window.status)
    if not Component.objects.filter(service__scopes__window=window).exists():
        raise Conflict("None of its services is on the public page: give one a public name first.", field="scope")
    told = {"title": texts.line(title, "title", required=True), "text": texts.lines(text, "text", longest=LONGEST, required=True)}
    row, is_new = Announcement.objects.update_or_create(
        window=window, defaults={**told, "updated_at": clock(), "withdrawn_at": None}, create_defaults={**told, "announced_by": actor.name}
    )
    record("announcement.written", actor, window.reference, window=window.reference, data=told)
    return row, is_new


@one_transaction
def say(actor: Actor, reference: str, text: str) -> Update:
    """An update in the window's present state. Conflict before the public is told of it at all."""
    window = asked(actor, reference)
    row = found(window)
    if not row.status:
        raise Conflict(f"{window.reference} is not on the public page yet: it is shown once it is approved.", field="status")
    update = Update.objects.create(
        announcement=row, status=row.status, body=texts.lines(text, "text", longest=LONGEST, required=True), said_by=actor.name, at=clock()
    )
    Announcement.objects.filter(pk=row.pk).update(updated_at=update.at)
    record("announcement.updated", actor, window.reference, window=window.reference, data={"text": update.body, "status": update.status})
    return update


@one_transaction
def withdraw(actor: Actor, reference: str, reason: str) -> None:
    """Off the public page, at once. The reason stays in the trail."""
    window = asked(actor, reference)
    row, why = found(window), texts.lines(reason, "reason", required=True)
    Announcement.objects.filter(pk=row.pk).update(withdrawn_at=clock(), updated_at=clock())
    record("announcement.withdrawn", actor, window.reference, window=window.reference, data={"title": row.title, "reason": why})


def asked(actor: Actor, reference: str) -> Window:
    window_id = window_id_of(reference)
    require(actor, Verb.ANNOUNCE, subject_of(window_id))
    return Window.objects.select_for_update(of=("self",)).defer("vevent").get(pk=window_id)


def found(window: Window) -> Announcement:
    row = Announcement.objects.select_for_update().filter(window=window, withdrawn_at=None).first()
    if row is None:
        raise NotFound(f"{window.reference} is not announced.")
    return row
