"""The window's event as every calendar feed sends it: the stored block beside what the window says now."""

from __future__ import annotations

from django.db import transaction
from icalendar import Event

from windows.access.roles import ENGINE
from windows.actions.ports import Observed
from windows.audit.commands import record
from windows.execution.models import Surface
from windows.execution.ports.limits import Limits
from windows.scheduling import vevent
from windows.scheduling.commands.transitions import facts_of
from windows.scheduling.models import Window


def observe(row: Surface, limits: Limits) -> Observed:
    window = Window.objects.select_related("team", "coordinator").get(pk=row.window_id)
    stored = bytes(window.vevent)
    sequence = int(Event.from_ical(stored).get("SEQUENCE", -1)) if stored else -1
    agrees = stored == vevent.block(facts_of(window))
    return Observed(agrees, {"sequence": sequence}, f"Calendars are told SEQUENCE {sequence}, {window.status.replace('_', ' ')}.")


def mend(row: Surface, limits: Limits) -> Observed:
    with transaction.atomic():
        window = Window.objects.select_for_update(of=("self",)).select_related("team", "coordinator").get(pk=row.window_id)
        Window.objects.filter(pk=window.pk).update(vevent=vevent.block(facts_of(window)))
        record("window.event_rewritten", ENGINE, window.reference, window=window.reference)
    return observe(row, limits)


def end(row: Surface, limits: Limits) -> str:
    return "The event stays in the calendars, as what has been."
