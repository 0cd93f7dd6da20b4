"""Who was told of a window, who will be, and what became of each message; for its page and the API. Here, since it joins slices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from windows.access.roles import Actor, Subject, Verb, permitted
from windows.announcements.models import Announcement
from windows.announcements.queries import announcement_of
from windows.approvals.models import RequestStatus
from windows.approvals.queries import ApprovalView
from windows.approvals.queries.requests import steps_taken
from windows.approvals.reminding import Step, moments, step_due
from windows.delivery.models import Message
from windows.delivery.queries import messages_page
from windows.lifecycle.states import ChangeType, WindowStatus
from windows.notices.deciding import AHEAD
from windows.notices.queries import Beside, Hearing, hearing
from windows.reviews.queries.communication import spoken_of
from windows.scheduling.models import Window
from windows.scheduling.queries import WindowView

W = WindowStatus
NAMED = 6  # people
PUBLIC = "Everybody who reads the status page"
OUTSIDE = "That a confidential window needs its people; not which one, when, or what"
STEPS = {Step.ASKED: "asked to sign", Step.REMINDED: "reminded to sign", Step.ESCALATED: "told that nobody has signed"}


@dataclass(frozen=True, slots=True)
class Coming:
    """What will be said if nothing changes. `at` None: as soon as it happens."""

    at: datetime | None
    what: str
    whom: str


@dataclass(frozen=True, slots=True)
class Told:
    """A message, to whom it went and what its last try met, as the reader may know it: of a channel of another team only how it stands."""

    message: Message
    whom: str
    error: str


@dataclass(frozen=True, slots=True)
class Communication:
    """`said` is one page, the newest first; `tally` counts all of it. `beside`: told in the message of another window of its series.
    `unannounced`: services that the public knows and was told nothing about."""

    coming: list[Coming]
    announcement: Announcement | None
    unannounced: tuple[str, ...]
    said: list[Told]
    tally: Mapping[str, int]
    beside: list[Beside]


def communication(
    view: WindowView, actor: Actor, approvals: Sequence[ApprovalView], now: datetime, *, before: int | None, limit: int
) -> Communication:
    """A constant number of queries, however many were told. `view` and `approvals` as they were read for this actor."""
    window = Window.objects.select_related("team").defer("vevent").get(pk=view.id)
    announcement = announcement_of(view.id)
    open_request = next((one for one in approvals if one.status == RequestStatus.OPEN), None)
    taken = steps_taken(view.id) if open_request else []
    whom, outside = touched(hearing(window), confidential=view.confidential)
    spoken = spoken_of(window)
    expected = coming(view, whom, outside, told=spoken.ahead, public=is_public(announcement), now=now)
    if spoken.unannounced and not spoken.ahead and view.change_type != ChangeType.EMERGENCY:
        expected.append(ask_to_announce(view, now))
    return Communication(
        coming=in_order([*reminders(open_request, view.starts_at, taken, now), *expected]),
        announcement=announcement,
        unannounced=spoken.unannounced,
        said=[told_to(one, actor) for one in messages_page(view.reference, spoken.unnamed, before=before, limit=limit)],
        tally=spoken.tally,
        beside=spoken.beside,
    )


def is_public(announcement: Announcement | None) -> bool:
    return announcement is not None and announcement.withdrawn_at is None


def touched(near: Hearing, *, confidential: bool) -> tuple[str, str]:
    """Who hears of it, and who only that there is something: `Mia, Otto and 3 more; the channels of post, shop`. Pure."""
    nobody = "Nobody who may know of it is on call for it" if near.outside else "Nobody is on call for it"
    channels = f"the channels of {', '.join(near.teams)}" if near.teams else ""
    inside, outside = named(near.people) or nobody, named(near.outside)
    if not confidential:
        return "; ".join(filter(None, (inside, channels))), ""
    return inside, f"{outside}; {channels}" if outside and channels else outside or channels.replace("the", "The", 1)


def named(people: Sequence[str]) -> str:
    more = f" and {len(people) - NAMED} more" if len(people) > NAMED else ""
    return f"{', '.join(people[:NAMED])}{more}"


def reminders(request: ApprovalView | None, starts_at: datetime, taken: Sequence[str], now: datetime) -> list[Coming]:
    """When those who must sign hear next: of the steps whose moment has come only the last is ever taken. Pure."""
    if request is None:
        return []
    due, last = step_due(request.requested_at, starts_at, taken, now), max((list(Step).index(Step(one)) for one in taken), default=-1)
    ahead = [(step, at) for step, at in moments(request.requested_at, starts_at).items() if list(Step).index(step) > last]
    left = [(step, at) for step, at in ahead if step is due or at > now]
    return [Coming(max(at, now), f"Those who must sign are {STEPS[step]}", ", ".join(request.missing)) for step, at in left]


def coming(view: WindowView, whom: str, outside: str, *, told: bool, public: bool, now: datetime) -> list[Coming]:
    """What those whom it touches, and the public, will be told of it. Pure."""
    found: list[Coming] = []
    if view.status == W.REQUESTED:
        found.append(Coming(None, "That it is approved, or will not take place", whom))
    if view.status in (W.REQUESTED, W.APPROVED):
        ahead = max(view.starts_at - AHEAD, now)
        found += [] if told else [Coming(ahead, "That it begins", whom)]
        found += [Coming(ahead, OUTSIDE, outside)] if outside and not told else []
        found += [Coming(None, "That it is moved or called off", whom), Coming(max(view.starts_at, now), "That it has begun", whom)]
        found += [Coming(max(view.starts_at, now), "That it is under way", PUBLIC)] if public else []
    if view.status in (W.REQUESTED, W.APPROVED, W.RUNNING):
        found.append(Coming(max(view.ends_at, now), "That it has ended, or is not over", whom))
        found += [Coming(None, "That it is over", PUBLIC)] if public else []
    return found


def ask_to_announce(view: WindowView, now: datetime) -> Coming:
    """What its own people hear while the public was told nothing. Pure."""
    own = dict.fromkeys(one.name for one in (view.owner, view.coordinator, view.deputy) if one is not None)
    return Coming(max(view.starts_at - AHEAD, now), "That it will not begin before it is announced", ", ".join(own))


def in_order(found: Sequence[Coming]) -> list[Coming]:
    """By their time; what may happen at any time stands last. Pure."""
    dated = sorted((one.at, place) for place, one in enumerate(found) if one.at is not None)
    return [*(found[place] for _, place in dated), *(one for one in found if one.at is None)]


def told_to(message: Message, actor: Actor) -> Told:
    """A channel's name is for those of its team, and so is what its server answered: that may name its address. To others it is one of
    that team's."""
    target = message.target
    if target is None:
        return Told(message, message.recipient, message.last_error)
    own = any(team == target.team for team, _ in actor.roles) or permitted(actor, Verb.EDIT_CHANNELS, Subject(team=target.team))
    return Told(message, target.name, message.last_error) if own else Told(message, f"A channel of {target.team}", "")
