"""Who was told of a window, who will be, and what became of each message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.http import urlencode

from windows.access.paging import cursor_of, cursor_to
from windows.access.roles import Actor, Subject, Verb, permitted
from windows.announcements.models import Announcement
from windows.announcements.queries import announcement_of
from windows.approvals.models import RequestStatus
from windows.approvals.queries import ApprovalView
from windows.approvals.queries.requests import steps_taken
from windows.approvals.reminding import Step, moments
from windows.delivery.models import Message
from windows.delivery.queries import messages_page, tally_of
from windows.lifecycle.states import WindowStatus
from windows.notices.deciding import AHEAD
from windows.notices.queries import hearing, is_told_ahead, told_beside, unannounced
from windows.scheduling.models import Window
from windows.scheduling.queries import WindowView

W = WindowStatus
MESSAGES, NAMED = 25, 6  # a page; people named
PUBLIC = "Everybody who reads the status page"
STEPS = {Step.ASKED: "asked to sign", Step.REMINDED: "reminded to sign", Step.ESCALATED: "told that nobody has signed"}


@dataclass(frozen=True, slots=True)
class Coming:
    """What will be said if nothing changes. `at` None: as soon as it happens."""

    at: datetime | None
    what: str
    whom: str


def communication(request: HttpRequest, view: WindowView, actor: Actor, approvals: Sequence[ApprovalView], now: datetime) -> dict[str, Any]:
    """A constant number of queries, however many were told. One page of messages, the newest first."""
    window = Window.objects.select_related("team").defer("vevent").get(pk=view.id)
    after = cursor_of(request.GET, int)
    found = messages_page(view.reference, before=after[0] if after else None, limit=MESSAGES + 1)
    announcement = announcement_of(view.id)
    open_request = next((one for one in approvals if one.status == RequestStatus.OPEN), None)
    taken = steps_taken(view.id) if open_request else []
    people, teams = hearing(window)
    whom, public = touched(people, [] if view.confidential else teams), is_public(announcement)
    return {
        "messages": [shown(one, actor) for one in found[:MESSAGES]],
        "tally": tally_of(view.reference),
        "beside": told_beside(view.reference),
        "onward": f"?{urlencode({'cursor': cursor_to([found[MESSAGES - 1].pk])})}" if len(found) > MESSAGES else "",
        "is_later": after is not None,
        "coming": [
            *reminders(open_request, view.starts_at, taken, now),
            *coming(view, whom, told=is_told_ahead(window), public=public, now=now),
        ],
        "announcement": announcement,
        "unannounced": unannounced(window) if view.status in (W.REQUESTED, W.APPROVED) else (),
        "may_announce": not view.confidential and permitted(actor, Verb.ANNOUNCE, view.subject),
    }  # fmt: skip


def is_public(announcement: Announcement | None) -> bool:
    return announcement is not None and announcement.withdrawn_at is None


def touched(people: Sequence[str], teams: Sequence[str]) -> str:
    """`Mia, Otto and 3 more; the channels of post, shop`."""
    more = f" and {len(people) - NAMED} more" if len(people) > NAMED else ""
    named = f"{', '.join(people[:NAMED])}{more}" if people else "Nobody is on call for it"
    return f"{named}; the channels of {', '.join(teams)}" if teams else named


def reminders(request: ApprovalView | None, starts_at: datetime, taken: Sequence[str], now: datetime) -> list[Coming]:
    """When those who must sign hear next. Pure."""
    if request is None:
        return []
    last = max((list(Step).index(Step(one)) for one in taken), default=-1)
    left = [(step, at) for step, at in moments(request.requested_at, starts_at).items() if list(Step).index(step) > last]
    return [Coming(max(at, now), f"Those who must sign are {STEPS[step]}", ", ".join(request.missing)) for step, at in left]


def coming(view: WindowView, whom: str, *, told: bool, public: bool, now: datetime) -> list[Coming]:
    """What those whom it touches, and the public, will be told of it. Pure."""
    found: list[Coming] = []
    if view.status == W.REQUESTED:
        found.append(Coming(None, "That it is approved, or will not take place", whom))
    if view.status in (W.REQUESTED, W.APPROVED):
        if not told:
            found.append(Coming(max(view.starts_at - AHEAD, now), "That it begins", whom))
        found += [Coming(None, "That it is moved or called off", whom), Coming(max(view.starts_at, now), "That it has begun", whom)]
        found += [Coming(max(view.starts_at, now), "That it is under way", PUBLIC)] if public else []
    if view.status in (W.REQUESTED, W.APPROVED, W.RUNNING):
        found.append(Coming(view.ends_at, "That it has ended, or is not over", whom))
        found += [Coming(None, "That it is over", PUBLIC)] if public else []
    return found


def shown(message: Message, actor: Actor) -> dict[str, Any]:
    """A channel's name is for those of its team; to others it is one of that team's."""
    target = message.target
    if target is None:
        return {"message": message, "whom": message.recipient}
    own = any(team == target.team for team, _ in actor.roles) or permitted(actor, Verb.EDIT_CHANNELS, Subject(team=target.team))
    return {"message": message, "whom": target.name if own else f"A channel of {target.team}"}
