"""Verbs over an occurrence and all that follow it: amend, ask for approval, sign. Each window is decided about by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from windows.access.roles import Actor, Verb, require
from windows.approvals.commands.amendments import amend_window
from windows.approvals.commands.decisions import decide
from windows.approvals.commands.requests import request_window
from windows.approvals.models import Decision
from windows.errors import Conflict, Refused
from windows.lifecycle.states import WindowStatus
from windows.scheduling.commands.following import edit_following
from windows.scheduling.models import Window
from windows.scheduling.queries import subject_of

MOST = 60  # windows that one act goes over: a year of weeks; a further act goes on from there


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one window: its state, or why not."""

    reference: str
    status: str
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Following:
    """`left` is the first that was not come to, where there were more than one act goes over."""

    series_id: int
    outcomes: tuple[Outcome, ...]
    strayed: tuple[str, ...] = ()
    left: str | None = None


def amend_following(
    actor: Actor, window_id: int, changes: Mapping[str, Any], version: int, *, rrule: str | None = None, reason: str = ""
) -> Following:
    """Change an occurrence and all that follow. Drafts change with the series, in one transaction; what was asked for or approved is
    amended after it, one by one, and its approvals lapse where they must. One that is refused keeps its time and stands apart;
    so do those after the first 60 until a further act goes on from `left`."""
    split = edit_following(actor, window_id, changes, version, rrule=rrule)
    done = tuple(Outcome(reference, WindowStatus.DRAFT.value) for reference in split.changed)
    told = []
    for pk, whole in split.to_amend[:MOST]:
        current = Window.objects.values_list("version", flat=True).get(pk=pk)
        told.append(one(pk, partial(amend_window, actor, pk, whole, current, reason=reason, together=True)))
    left = f"MW-{split.to_amend[MOST][0]}" if len(split.to_amend) > MOST else None
    return Following(split.series.pk, (*done, *told), split.strayed, left)


def request_following(actor: Actor, window_id: int, *, reason: str = "") -> Following:
    """Ask for approval of an occurrence and of the drafts that follow."""
    require(actor, Verb.REQUEST, subject_of(window_id))
    return each(actor, window_id, WindowStatus.DRAFT, lambda pk: request_window(actor, pk, reason=reason))


def decide_following(actor: Actor, window_id: int, decision: Decision | str, reason: str = "") -> Following:
    """Sign for or against an occurrence and those that follow and wait for a signature."""
    require(actor, Verb.READ, subject_of(window_id))
    return each(actor, window_id, WindowStatus.REQUESTED, lambda pk: decide(actor, pk, decision, reason))


def each(actor: Actor, window_id: int, status: WindowStatus, act: Callable[[int], Window]) -> Following:
    window = Window.objects.only("series_id", "recurrence_id").filter(pk=window_id).first()
    if window is None or window.series_id is None:
        raise Conflict(f"MW-{window_id} does not recur.", field="series")
    rows = Window.objects.filter(series=window.series_id, recurrence_id__gte=window.recurrence_id, status=status.value)
    found = list(rows.order_by("recurrence_id").values_list("pk", flat=True)[: MOST + 1])
    if not found:
        raise Conflict(f"None of these is {status.value}.", field="status")
    told = tuple(one(pk, partial(act, pk)) for pk in found[:MOST])
    return Following(window.series_id, told, left=f"MW-{found[MOST]}" if len(found) > MOST else None)


def one(pk: int, act: Callable[[], Window]) -> Outcome:
    try:
        return Outcome(f"MW-{pk}", act().status)
    except Refused as refusal:
        return Outcome(f"MW-{pk}", Window.objects.values_list("status", flat=True).get(pk=pk), refusal.detail)
