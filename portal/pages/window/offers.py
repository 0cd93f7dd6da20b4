"""What somebody may do with a window now: the one next action, what stands beside it, and what is rarer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.urls import get_resolver, reverse

from windows.access.roles import Actor, Verb, permitted
from windows.approvals.queries import standing
from windows.execution.models import LIVE, Run
from windows.execution.states import RunStatus
from windows.lifecycle.states import ChangeType, WindowStatus
from windows.scheduling.conflicts import Severity
from windows.scheduling.queries import WindowView, conflicts_of

W = WindowStatus
AHEAD = (W.DRAFT, W.REQUESTED, W.APPROVED)
DECIDE = {RunStatus.HELD, RunStatus.STUCK}


@dataclass(frozen=True, slots=True)
class Offer:
    """A button: its address, its words, and its rank. `tone` "main" is the one next action; `rare` ones stand under More.

    `why` says why it cannot be done at this moment; empty where it can.
    """

    href: str
    words: str
    icon: str
    tone: str = ""
    rare: bool = False
    why: str = ""


def offers(
    view: WindowView, actor: Actor, now: datetime, *, may_sign: bool = False, may_answer: bool = False, runs: Sequence[Run] = ()
) -> list[Offer]:
    """What this person may do with this window in this state, the next action first. `may_answer` is for an emergency that began
    without an approval."""
    may = {verb: permitted(actor, verb, view.subject) for verb in Verb}
    draft, finished, edits = view.status == W.DRAFT, view.status == W.COMPLETED, may[Verb.DRAFT]
    emergency = draft and view.change_type == ChangeType.EMERGENCY and may[Verb.START_EMERGENCY]
    rules: list[tuple[bool, str, str, str, str, bool]] = [
        (draft and may[Verb.REQUEST], "request-approval", "Request approval", "approvals", "" if emergency else "main", False),
        (view.status == W.REQUESTED and may_sign, "approve", "Approve", "completed", "main", False),
        (view.status == W.REQUESTED and may_sign, "reject", "Reject", "close", "danger", False),
        (view.status == W.APPROVED and may[Verb.START], "start-run", "Start now", "running", "main", False),
        (emergency, "start-run", "Start the emergency", "running", "main", False),
        (may_answer, "approve-afterwards", "Answer for the emergency", "approvals", "main", False),
        (view.status == W.RUNNING and may[Verb.RESUME], "extend-window", "Ask for more time", "clock", "", True),
        (view.status in AHEAD and edits, "edit-window", "Edit", "edit", "", False),
        (draft and edits, "move-window", "Move", "calendar", "", True),
        (view.status in AHEAD and bool(view.runbook) and may[Verb.START], "rehearse", "Rehearse", "runs", "", True),
        (view.status in AHEAD and bool(view.runbook) and may[Verb.OVERRIDE], "break-glass", "Break the glass", "warn", "danger", True),
        (view.status == W.APPROVED and may[Verb.OVERRIDE], "accept-untagged", "Accept untagged telemetry", "warn", "danger", True),
        (view.status in AHEAD and edits, "next-slot", "Next free slot", "calendar", "", True),
        (edits, "copy-window", "Same again", "plus", "", True),
        (finished and not view.confidential and may[Verb.EDIT_TEMPLATE], "standard-from-window", "Make it standard", "completed", "", True),
        (draft and edits and view.series_id is None, "repeat", "Let it recur", "calendar", "", True),
        (view.status in AHEAD and view.series_id is not None, "following", "This and following", "calendar", "", True),
        (view.status == W.REQUESTED and may[Verb.REQUEST], "withdraw", "Withdraw the request", "rolledback", "", True),
        (view.status in (W.REQUESTED, W.APPROVED) and edits, "cancel-window", "Call it off", "cancelled", "danger", True),
        (draft and edits, "discard-draft", "Throw it away", "close", "danger", True),
    ]
    known = get_resolver().reverse_dict
    found = [live(run) for run in runs if run.status in LIVE]
    for holds, name, words, icon, tone, rare in rules:
        if holds and name in known:
            why = why_not(name, view, actor, now)
            found.append(Offer(reverse(name, args=[view.reference]), words, icon, tone, rare, why))
    return found


def live(run: Run) -> Offer:
    """The way to the cockpit, in the words of what is to be done there."""
    words = "Decide" if run.status in DECIDE else "Open the run"
    return Offer(reverse("run", args=[run.pk]), words, "held" if run.status in DECIDE else "running", "main")


def why_not(name: str, view: WindowView, actor: Actor, now: datetime) -> str:
    """Why what is offered cannot be done at this moment, in one sentence; empty where it can."""
    if name == "start-run" and view.status == W.APPROVED:
        return why_not_now(view, actor, now)
    return settled_first(view, actor, now) if name == "request-approval" else ""


def settled_first(view: WindowView, actor: Actor, now: datetime) -> str:
    """The conflict that keeps a draft from being requested, or a window from being started; empty where none does."""
    against = [one for one in conflicts_of(view.id, actor, now) if one.severity is Severity.HARD]
    return f"{against[0].what}: {against[0].why}" if against else ""


def why_not_now(view: WindowView, actor: Actor, now: datetime) -> str:
    """Why an approved window cannot be started at this moment, in one sentence; empty where it can. Preflight looks again."""
    if now < view.starts_at:
        return "Its time has not come yet" + ("; it will start by itself." if view.starts_itself else ".")
    if now > view.starts_at + settings.ROADWORKS.latest_start:
        return "Its latest start has passed. Move it to another time."
    stands = standing(view.id, actor.person_id)
    if not stands.valid:
        return stands.reasons[0]
    return settled_first(view, actor, now)
