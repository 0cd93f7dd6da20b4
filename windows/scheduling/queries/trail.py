"""The audit trail for these eyes: what happened to a confidential window is not told to those who may not know of it."""

from __future__ import annotations

from collections.abc import Iterable

from windows.access.roles import Actor
from windows.audit.queries import TrailEntry
from windows.scheduling.models import Window
from windows.scheduling.queries.listing import for_eyes_of
from windows.scheduling.queries.windows import window_id_of


def hidden_from(viewer: Actor, among: Iterable[int] | None = None) -> set[str]:
    """The references of confidential windows the viewer may not know of; of these ids where given. One query.

    A window that is gone had no secret: it was a draft.
    """
    rows = Window.objects.filter(confidential=True) if among is None else Window.objects.filter(confidential=True, pk__in=list(among))
    secret = rows.exclude(pk__in=Window.objects.filter(for_eyes_of(viewer), confidential=True))
    return {f"MW-{pk}" for pk in secret.values_list("pk", flat=True)}


def for_eyes(entries: Iterable[TrailEntry], viewer: Actor) -> list[TrailEntry]:
    """Without the entries of windows that are hidden from the viewer."""
    told = list(entries)
    ids = {window_id_of(entry.window) for entry in told if entry.window}
    hidden = hidden_from(viewer, ids) if ids else set()
    return [entry for entry in told if entry.window not in hidden]
