"""Who was told of a window, as its outbox and its trail have it: for its page, its API and its checklists alike.

The trail is read for what the public is told: announcements stand beside this slice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, QuerySet, Value

from windows.alerts.models import AlertGroup
from windows.approvals.models import ApprovalRequest, Comment, Extension
from windows.delivery.queries import tally_of
from windows.execution.models import BreakGlass, Run
from windows.lifecycle.states import WindowStatus
from windows.notices.queries import Beside, is_told_ahead, keys_of, told_beside
from windows.scheduling.models import MoveRequest, Override, Window
from windows.scheduling.queries.publicity import announced, unannounced

AHEAD = (WindowStatus.REQUESTED, WindowStatus.APPROVED)


@dataclass(frozen=True, slots=True)
class Spoken:
    """`unnamed` is how the keys begin of messages that went without the window's name; `tally` counts all of them by their state, and
    `beside` tells of those in the message of another window of its series. `ahead`: its notice before the start that it has now went out.
    `announced` is the title of the announcement that stands; `unannounced` are services that the public knows and was told nothing about,
    of a window that lies ahead."""

    unnamed: list[str]
    tally: Mapping[str, int]
    beside: list[Beside]
    ahead: bool
    announced: str
    unannounced: tuple[str, ...]


def spoken_of(window: Window) -> Spoken:
    """A constant number of queries, however many were told."""
    unnamed = keys(window.pk)
    silent = unannounced([window]).get(window.pk, ()) if window.status in AHEAD else ()
    told = announced(window.reference)
    return Spoken(unnamed, tally_of(window.reference, unnamed), told_beside(window.reference), is_told_ahead(window), told, silent)


def keys(window_id: int) -> list[str]:
    """How the keys begin of what is said about a window, its runs and all that is asked and answered about it, and of nothing else. Asked
    for of every window: it may have been confidential when it was said. One statement."""
    of = {"window": window_id}
    rows: list[tuple[str, QuerySet[Any]]] = [
        ("run:%d:", Run.objects.filter(**of)),
        ("extension:%d:", Extension.objects.filter(**of)),
        ("glass:%d:", BreakGlass.objects.filter(**of)),
        ("request:%d:", ApprovalRequest.objects.filter(**of)),
        ("comment:%d:", Comment.objects.filter(**of)),
        ("override:%d:", Override.objects.filter(**of)),
        ("move:%d:asked:", MoveRequest.objects.filter(**of)),
        ("move:%d:channel:", MoveRequest.objects.filter(**of)),  # as it was said before it was told from its answer
        ("move:%d:answer:", MoveRequest.objects.filter(asking=window_id)),
        ("alerts:%d:", AlertGroup.objects.filter(key__startswith=f"MW-{window_id}:")),
    ]
    first, *others = (found.order_by().annotate(begins=Value(begins, CharField())).values_list("begins", "pk") for begins, found in rows)
    own = [begins % pk for begins, pk in first.union(*others, all=True)]
    return [keys_of(window_id), *(f"{kind}:{window_id}:" for kind in ("window", "emergency", "collision", "step")), *sorted(own)]
