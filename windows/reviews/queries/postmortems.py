"""Postmortems for these eyes."""

from __future__ import annotations

from datetime import datetime

from windows.access.roles import Actor
from windows.errors import NotFound
from windows.reviews.markdown import as_markdown
from windows.reviews.models import Postmortem
from windows.scheduling.models import Window
from windows.scheduling.queries import WindowView
from windows.scheduling.queries.listing import for_eyes_of


def postmortem_of(view: WindowView) -> Postmortem | None:
    """Of a window that its reader may see."""
    return Postmortem.objects.filter(window=view.id).first()


def existing(view: WindowView) -> Postmortem:
    """NotFound where there is none."""
    found = postmortem_of(view)
    if found is None:
        raise NotFound(f"{view.reference} has no postmortem yet.")
    return found


def postmortems(viewer: Actor, *, before: int | None = None, limit: int = 50) -> list[Postmortem]:
    """The newest first, with their windows; one query."""
    rows = Postmortem.objects.filter(window__in=Window.objects.filter(for_eyes_of(viewer))).select_related("window__team")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(rows.defer("draft", "answers", "text", "window__vevent").order_by("-pk")[:limit])


def lacking(viewer: Actor, since: datetime, until: datetime, limit: int = 20) -> list[Window]:
    """Windows that were rolled back or failed in this time and have no postmortem; the newest first."""
    rows = Window.objects.filter(for_eyes_of(viewer), status__in=("rolled_back", "failed"), ended_at__gte=since, ended_at__lt=until)
    return list(rows.filter(postmortem=None).select_related("team").defer("vevent").order_by("-ended_at", "-pk")[:limit])


def written(view: WindowView, made: Postmortem, base: str) -> str:
    """The whole as Markdown: what people say first, then what is on record, each sentence with its link."""
    head = f"# Postmortem of {view.reference} {view.title}\n\n"
    said = f"{made.text}\n\n" if made.text else ""
    state = f"Published by {made.published_by}." if made.published_by else "A draft: not published."
    return f"{head}{state}\n\n{said}# On record\n\n{as_markdown(made.draft, made.answers, base)}"
