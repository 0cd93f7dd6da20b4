"""Verbs of the schedule: read in the audit trail what may have changed conflicts, ask for them again, tell those affected once.

A window's first answer is told to nobody: whoever asked for its approval was shown it. Reading marks windows, asking works them off in
batches; a tick that is lost or doubled changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet

from windows.access.roles import SCHEDULE
from windows.audit.clock import clock
from windows.audit.commands import record_all
from windows.audit.going_on import going_on
from windows.audit.queries import TrailEntry, chain_standing, sealed
from windows.delivery.commands import Saying, reach
from windows.delivery.models import Urgency
from windows.lifecycle.states import WindowStatus
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.conflicts import ConflictFinding, Severity
from windows.scheduling.models import Collision, ConflictQuestion, Override, TrailReader, Window
from windows.scheduling.queries.concerned import WAITING, concerned, windows_ahead
from windows.scheduling.queries.conflicts_ahead import conflicts_ahead
from windows.scheduling.queries.windows import subject_of, window_id_of

READER = "conflicts"
ENTRIES, WINDOWS = 100, 50  # read, and asked for, at a time
NEAR = timedelta(days=7)  # windows that are asked for together lie so near, or what is read for them would not be bounded
LATER = timedelta(minutes=1)  # what could not be answered is asked for again
GRAVE = (Severity.HARD.value, Severity.SOFT.value)
MARK = """insert into scheduling_conflictquestion (window_id, due_at) select id, %s from ({}) w(id)
 on conflict (window_id) do update set due_at = excluded.due_at"""


@transaction.atomic(durable=True)
def read_trail(limit: int = ENTRIES) -> int:
    """Mark the windows that the next entries of the trail concern; answers how many entries were read. One reader at a time."""
    now = clock()
    reader = TrailReader.objects.select_for_update().filter(name=READER).first()
    if reader is None:  # the first time: from here on, and what stands already is known
        TrailReader.objects.get_or_create(name=READER, defaults={"position": chain_standing().position})
        mark(windows_ahead(now), now)
        return 0
    entries = sealed(after=reader.position, limit=limit)
    for entry in entries:
        with going_on("find whose conflicts it concerns", entry=entry.id), transaction.atomic():
            heed(entry, now)
    if entries:
        reader.position = entries[-1].position or reader.position
        reader.save(update_fields=["position"])
    return len(entries)


def heed(entry: TrailEntry, now: datetime) -> None:
    windows = concerned(entry, now)
    if windows is None:
        return
    if entry.window:
        window_id = window_id_of(entry.window)
        if not windows_ahead(now).filter(pk=window_id).exists():
            Collision.objects.filter(window=window_id).delete()
            ConflictQuestion.objects.filter(window=window_id).delete()
        elif entry.kind == "window.requested":
            know(window_id, entry.data.get("conflicts", ()), now)
    mark(windows, now)


def know(window_id: int, findings: Iterable[dict[str, Any]], now: datetime) -> None:
    """What stood in the way when approval was asked for was told then."""
    ConflictQuestion.objects.get_or_create(window_id=window_id, defaults={"asked_at": now})
    told = [Collision(window_id=window_id, **columns(one)) for one in findings if one["severity"] in GRAVE]
    Collision.objects.bulk_create(told, ignore_conflicts=True)


def columns(finding: dict[str, Any]) -> dict[str, str]:
    return {name: str(finding[name]) for name in ("key", "kind", "severity", "what", "who")}


def mark(windows: QuerySet[Window], now: datetime) -> None:
    sql, params = windows.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(MARK.format(sql), [now, *params])


def ask_again(limit: int = WINDOWS) -> int:
    """Ask for the conflicts of the next windows that are marked, and tell what is new or gone; answers how many were asked for.
    One for which that fails leaves the others their turn, and is asked for again later."""
    now = clock()
    waiting = ConflictQuestion.objects.filter(due_at__lte=now).order_by("window__starts_at", "window")
    due = list(waiting.values_list("window_id", "due_at", "window__starts_at")[:limit])
    due = [row for row in due if row[2] < due[0][2] + NEAR]
    ConflictQuestion.objects.filter(window__in=[row[0] for row in due]).update(due_at=now + LATER)  # until it is answered
    found = found_for([window_id for window_id, _, _ in due], now)
    for window_id, _, _ in due:
        with going_on("tell of conflicts", window=window_id):
            if window_id in found:
                tell_collisions(window_id, now + LATER, found[window_id])
    return len(due)


def found_for(ids: list[int], now: datetime) -> dict[int, list[ConflictFinding]]:
    """Together; where that fails each by itself, without those that fail."""
    with going_on("ask for conflicts together", windows=len(ids)):
        found = conflicts_ahead(ids, None, now)
        return {window_id: found.get(window_id, []) for window_id in ids}
    alone: dict[int, list[ConflictFinding]] = {}
    for window_id in ids:
        with going_on("ask for conflicts", window=window_id):
            alone[window_id] = conflicts_ahead([window_id], None, now).get(window_id, [])
    return alone


@one_transaction
def tell_collisions(window_id: int, due_at: datetime | None, findings: list[ConflictFinding]) -> None:
    """Keep what was found and tell the window's people what is new and what is gone. Nothing where it was marked again meanwhile."""
    question = ConflictQuestion.objects.select_for_update().filter(window=window_id, due_at=due_at).first()
    if question is None:
        return
    window = Window.objects.select_related("coordinator", "owner", "deputy", "team").defer("vevent").get(pk=window_id)
    now = clock()
    known = {row.key: row for row in Collision.objects.filter(window=window_id)}
    if window.status not in WAITING or window.ends_at <= now:
        Collision.objects.filter(window=window_id).delete()
        question.delete()
        return
    grave = {finding.key: finding for finding in findings if finding.severity.value in GRAVE}
    new = [finding for key, finding in grave.items() if key not in known]
    gone = [row for key, row in known.items() if key not in grave]
    facts = [{"key": one.key, "kind": one.kind, "severity": one.severity, "what": one.what, "who": one.who} for one in new]
    Collision.objects.bulk_create(Collision(window_id=window_id, **columns(one)) for one in facts)
    Collision.objects.filter(pk__in=[row.pk for row in gone]).delete()
    first, question.due_at, question.asked_at = question.asked_at is None, None, now
    question.save(update_fields=["due_at", "asked_at"])
    if first:
        return
    answered = set(Override.objects.filter(window=window_id, key__in=[one.key for one in new]).values_list("key", flat=True))
    tell(window, [one for one in new if one.key not in answered], gone, f"{window_id}:{due_at}")


def tell(window: Window, new: list[ConflictFinding], gone: list[Collision], occasion: str) -> None:
    acts = []
    if new:
        told = [{name: str(getattr(one, name)) for name in ("kind", "severity", "what", "who", "why", "resolve")} for one in new]
        acts.append(("conflict.detected", {"conflicts": told}))
    if gone:
        acts.append(("conflict.resolved", {"conflicts": [{"kind": row.kind, "what": row.what, "who": row.who} for row in gone]}))
    if not acts:
        return
    record_all(acts, SCHEDULE, window.reference, window=window.reference)
    hard = any(one.severity is Severity.HARD for one in new)
    urgency = Urgency.TICKET if hard and window.status == WindowStatus.APPROVED else Urgency.NOTICE
    lines = [f"New, {one.severity}: {one.what}. {one.why} {one.resolve}" for one in new]
    if hard:
        lines.append("While this stands, the window cannot start.")
    lines += [f"Gone: {row.what}, {row.who}." for row in gone]
    body = "\n".join([f"{window.reference} {window.title}", *lines, "", f"{settings.PORTAL_URL}/windows/{window.reference}", ""])
    heading = f"{window.reference}: {'another conflict' if new else 'a conflict less'}"
    people = {person.email for person in (window.coordinator, window.owner, window.deputy) if person and person.is_active}
    said = Saying(f"collision:{occasion}", urgency, heading, body, window.reference, about=subject_of(window), timezone=window.timezone)
    reach(said, people, [window.team.slug])
