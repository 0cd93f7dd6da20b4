"""Where the windows that a freeze lands on could go instead: a free slot after it for each, and no two of them in each other's way."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from windows.access.roles import Actor, Subject, Verb, permitted, visible
from windows.errors import Conflict, NotFound
from windows.lifecycle.states import ChangeType, WindowStatus
from windows.scheduling.conflicts import Candidate
from windows.scheduling.models import Freeze, Window, period
from windows.scheduling.queries.ahead import Ahead
from windows.scheduling.queries.candidates import candidates_of
from windows.scheduling.queries.conflicts_ahead import around_all
from windows.scheduling.queries.freezes import FreezeView, hits, views
from windows.scheduling.queries.windows import subject_with
from windows.scheduling.ranking import LONGEST_SEARCH, STEP, Judge, Slot, Wish, next_free

AT_ONCE = 60  # windows looked at together: a year of one that recurs every week
MOVABLE = (WindowStatus.REQUESTED.value, WindowStatus.APPROVED.value)  # what runs is met by the freeze's own policy


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveProposal:
    """One window inside a freeze, and the first slot after it in which nothing stands in its way; None where there is none.

    `version` is what the move is asked for with. `approvals_lapse`: it was signed for the time it has now.
    """

    id: int
    reference: str
    title: str
    status: str
    team: str
    timezone: str
    version: int
    starts_at: datetime
    ends_at: datetime
    to_starts_at: datetime | None
    to_ends_at: datetime | None
    approvals_lapse: bool
    may_move: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposals:
    """One page of proposals, by reference. `after` asks for the next page, None on the last; `hidden` windows of this page are not for
    the viewer's eyes. `times` of the freeze were looked at."""

    freeze: FreezeView
    times: int
    rows: tuple[MoveProposal, ...]
    hidden: int
    after: int | None


def proposals_for_freeze(
    freeze_id: int, viewer: Actor, now: datetime, *, after: int = 0, limit: int = AT_ONCE, every_time: bool = False
) -> Proposals:
    """What moving the windows out of a freeze would mean. Nothing is changed, and the number of queries does not follow theirs.

    With `every_time`, of one that recurs this time and all that follow. Looks 31 days beyond the time a window lies in. NotFound where
    there is no such freeze, Conflict where it is lifted or over.
    """
    freezes = standing(freeze_id, now, every_time=every_time)
    hit = list(zip(range(min(limit, AT_ONCE) + 1), inside(freezes, after), strict=False))
    page = dict(found for _, found in hit[: min(limit, AT_ONCE)])
    seen = [(window, subject) for window in page if visible(viewer, subject := subject_of_hit(window))]
    slots = slots_after({window.pk: page[window] for window, _ in seen}, viewer, now)
    rows = tuple(proposal(window, subject, viewer, slots[window.pk]) for window, subject in seen)
    last = max((window.pk for window in page), default=None) if len(hit) > len(page) else None
    return Proposals(freeze=freezes[0], times=len(freezes), rows=rows, hidden=len(page) - len(seen), after=last)


def standing(freeze_id: int, now: datetime, *, every_time: bool = False) -> list[FreezeView]:
    """A freeze out of which windows can still be moved; with `every_time` followed by its later times."""
    row = Freeze.objects.filter(pk=freeze_id).first()
    if row is None:
        raise NotFound("There is no such freeze.")
    if row.lifted_at is not None or row.ends_at <= now:
        raise Conflict("This freeze is over: nothing has to move for it.", field="freeze")
    if not every_time or row.series_id is None:
        return views([row])
    return views(list(Freeze.objects.filter(series=row.series_id, lifted_at=None, starts_at__gte=row.starts_at).order_by("starts_at")))


def met(freezes: list[FreezeView], window: Window) -> FreezeView | None:
    """The last of these times, which are by begin and apart, that the window lies in."""
    first = bisect_right(freezes, window.starts_at, key=lambda one: one.ends_at)
    last = bisect_left(freezes, window.ends_at, key=lambda one: one.starts_at)
    return next((freeze for freeze in reversed(freezes[first:last]) if hits(freeze, window)), None)


def inside(freezes: list[FreezeView], after: int = 0) -> Iterator[tuple[Window, FreezeView]]:
    """The windows that wait or are approved inside the freeze and its scope, by reference. An emergency is never refused."""
    whole = (freezes[0].starts_at, freezes[-1].ends_at)
    rows = Window.objects.alias(period=period()).filter(pk__gt=after, status__in=MOVABLE, period__overlap=whole)
    rows = rows.exclude(change_type=ChangeType.EMERGENCY.value).select_related("team").defer("vevent")
    for window in rows.prefetch_related("scopes__service__team").order_by("id").iterator(chunk_size=200):
        if (freeze := met(freezes, window)) is not None:
            yield window, freeze


def subject_of_hit(window: Window) -> Subject:
    return subject_with(window, {scope.service.team.slug for scope in window.scopes.all()})


def slots_after(lie_in: Mapping[int, FreezeView], viewer: Actor, now: datetime) -> dict[int, Slot | None]:
    """For each window, by what it lies in, its slot; what was given to one is taken for those behind it."""
    found = candidates_of(list(lie_in))
    if not found:
        return {}
    begins = {pk: max(lie_in[pk].ends_at, now + STEP) for pk in found}
    around = around_all(found.values(), min(begins.values()), max(begins.values()) + LONGEST_SEARCH, now, viewer=viewer)
    slots: dict[int, Slot | None] = {}
    for window_id, candidate in sorted(found.items()):
        since = begins[window_id]
        wish = Wish(since=since, until=since + LONGEST_SEARCH, length=candidate.ends - candidate.begins)
        slots[window_id] = slot = next_free(wish, judge_of(around, candidate))
        if slot is not None:
            around = around.with_moved(replace(candidate, begins=slot.begins, ends=slot.ends))
    return slots


def judge_of(around: Ahead, candidate: Candidate) -> Judge:
    return lambda begins, ends: around.conflicts(replace(candidate, begins=begins, ends=ends))


def proposal(window: Window, subject: Subject, viewer: Actor, slot: Slot | None) -> MoveProposal:
    return MoveProposal(
        id=window.pk,
        reference=window.reference,
        title=window.title,
        status=window.status,
        team=window.team.slug,
        timezone=window.timezone,
        version=window.version,
        starts_at=window.starts_at,
        ends_at=window.ends_at,
        to_starts_at=slot.begins if slot else None,
        to_ends_at=slot.ends if slot else None,
        approvals_lapse=window.status == WindowStatus.APPROVED,
        may_move=permitted(viewer, Verb.DRAFT, subject),
    )
