"""Verbs: make the times of a freeze that recurs, and except a window or a team from a freeze."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from windows.access.roles import SCHEDULE, Actor
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.catalogue.models import Team
from windows.errors import Conflict, Forbidden, Invalid, NotFound
from windows.scheduling import texts, times
from windows.scheduling.commands.freezes import FreezeDraft, drawn_up, except_teams, known, require_over, tell
from windows.scheduling.commands.occurrences import ends_by
from windows.scheduling.commands.transactions import change_freezes, one_transaction
from windows.scheduling.models import Freeze, FreezeException, FreezeSeries, Window
from windows.scheduling.queries.freezes import views, windows_hit_by
from windows.scheduling.queries.windows import window_view
from windows.scheduling.recurrence import Recurrence, occurrences, read

MOST_TIMES = 400  # a freeze a day, for the thirteen months that are made
HORIZON = timedelta(days=396)
STEP = timedelta(days=1)  # not every tick makes a time


@one_transaction
def create_freeze_series(actor: Actor, draft: FreezeDraft, rrule: str, timezone: str = "UTC", *, is_example: bool = False) -> Freeze:
    """A freeze that recurs by an RFC 5545 rule, in its own zone's wall-clock time. Answers its first time; Invalid names what is wrong
    with the rule."""
    first = drawn_up(actor, draft, is_example=is_example)
    now, text = clock(), texts.line(rrule, "rrule", required=True, longest=500)
    wall = first.starts_at.astimezone(times.zone(timezone)).replace(tzinfo=None)
    series = FreezeSeries(
        rrule=text,
        timezone=timezone,
        wall_start=f"{wall:%Y-%m-%dT%H:%M:%S}",
        lasts=first.ends_at - first.starts_at,
        made_until=now + HORIZON,
    )
    made = times_of(series, first, first.starts_at, now + HORIZON)
    if not made or made[0].starts_at != first.starts_at:
        raise Invalid(f"The rule does not name {wall:%A %Y-%m-%d %H:%M}, when the freeze begins.", field="rrule")
    if any(one.ends_at > other.starts_at for one, other in pairwise(made)):
        raise Invalid("The next time would begin before the one before it ends.", field="rrule")
    series.save()
    for one in made:
        one.series = series
    Freeze.objects.bulk_create(made)
    excepted = except_teams(first.created_by_id, draft, series=series)
    tell(actor, made[0], windows_hit_by(views(made)), rrule=text, timezone=timezone, times=len(made), **excepted)
    return made[0]


@one_transaction
def lift_freeze_series(actor: Actor, freeze_id: int, reason: str) -> int:
    """This time of a freeze that recurs and all that follow are lifted; answers how many."""
    change_freezes()
    freeze = Freeze.objects.select_related("series").filter(pk=freeze_id).first()
    if freeze is None or freeze.series is None:
        raise NotFound("There is no such freeze that recurs.")
    require_over(actor, freeze)
    why, now = texts.lines(reason, "reason", required=True), clock()
    gone = freeze.series.occurrences.filter(lifted_at=None, starts_at__gte=freeze.starts_at, ends_at__gt=now).update(lifted_at=now)
    if not gone:
        raise Conflict("This freeze was lifted already.", field="lifted_at")
    FreezeSeries.objects.filter(pk=freeze.series.pk).update(ended_at=now)
    record("freeze.lifted", actor, f"freeze:{freeze.pk}", data={"title": freeze.title, "reason": why, "times": gone})
    return gone


def recurrence_of(series: FreezeSeries) -> Recurrence:
    return read(datetime.fromisoformat(series.wall_start), series.timezone, series.rrule)


def times_of(series: FreezeSeries, like: Freeze, since: datetime, until: datetime) -> list[Freeze]:
    of = recurrence_of(series)
    names = ("title", "reason", "severity", "services", "teams", "environments", "tiers", "on_running", "created_by_id", "is_example")
    same = {name: getattr(like, name) for name in names}
    return [
        Freeze(**same, starts_at=one.at, ends_at=one.at + series.lasts, occurrence=f"{one.wall:%Y-%m-%dT%H:%M:%S}")
        for one in occurrences(of, since, until, limit=MOST_TIMES)
    ]


@one_transaction
def extend_freezes(series_id: int) -> int:
    """Make the times that have come within the horizon; answers how many."""
    change_freezes()
    now = clock()
    series = FreezeSeries.objects.select_for_update().get(pk=series_id)
    like = series.occurrences.order_by("-starts_at").first()
    if series.ended_at is not None or like is None or series.made_until >= now + HORIZON - STEP:
        return 0
    made = times_of(series, like, series.made_until, now + HORIZON)
    for one in made:
        one.series = series
    Freeze.objects.bulk_create(made, ignore_conflicts=True)
    series.made_until = now + HORIZON
    series.ended_at = now if ends_by(recurrence_of(series), now + HORIZON) else None
    series.save(update_fields=["made_until", "ended_at"])
    if made or series.ended_at:
        told = {"title": like.title, "times": len(made), "ended": series.ended_at is not None}
        record("freeze.extended", SCHEDULE, f"freeze:{like.pk}", data=told)
    return len(made)


@one_transaction
def except_from_freeze(
    actor: Actor, freeze_id: int, reason: str, *, window: int | None = None, team: str = "", whole_series: bool = False
) -> FreezeException:
    """The freeze does not bind this window, or this team's services. Who may make the freeze may except from it, with a reason."""
    change_freezes()
    freeze = Freeze.objects.select_for_update(of=("self",)).select_related("series").filter(pk=freeze_id).first()
    if freeze is None:
        raise NotFound("There is no such freeze.")
    require_over(actor, freeze)
    if actor.person_id is None:
        raise Forbidden("An exception is made by a person.", verb="edit_freeze")
    if freeze.lifted_at is not None:
        raise Conflict("This freeze was lifted already.", field="lifted_at")
    why = texts.lines(reason, "reason", required=True)
    if (window is None) == (not team):
        raise Invalid("Say which window, or which team, is excepted.", field="window")
    if whole_series and freeze.series is None:
        raise Invalid("This freeze does not recur.", field="whole_series")
    seen = window_view(window, actor) if window is not None else None
    known(Team, [team] if team else [], "team")
    of: dict[str, Any] = {"series": freeze.series} if whole_series else {"freeze": freeze}
    row = FreezeException.objects.create(**of, window_id=window, team=team, reason=why, made_by_id=actor.person_id)
    told = "a confidential window" if seen and seen.confidential else seen.reference if seen else ""
    data = {"title": freeze.title, "window": told, "team": team, "reason": why, "whole_series": whole_series}
    record("freeze.excepted", actor, f"freeze:{freeze.pk}", data=data)
    return row


@one_transaction
def withdraw_exception(actor: Actor, freeze_id: int, exception_id: int) -> None:
    """The freeze binds again."""
    change_freezes()
    freeze = Freeze.objects.filter(pk=freeze_id).first()
    row = FreezeException.objects.select_related("window").filter(pk=exception_id).first()
    if freeze is None or row is None or not (row.freeze_id == freeze.pk or (row.series_id and row.series_id == freeze.series_id)):
        raise NotFound("There is no such exception.")
    require_over(actor, freeze)
    if isinstance(row.window, Window):
        window_view(row.window.pk, actor)
    row.delete()
    record("freeze.exception_withdrawn", actor, f"freeze:{freeze.pk}", data={"title": freeze.title, "reason": row.reason})


def due_freezes(now: datetime) -> list[int]:
    """The freezes that recur and whose times are not made as far as the horizon."""
    rows = FreezeSeries.objects.filter(ended_at=None, made_until__lt=now + HORIZON - STEP)
    return list(rows.order_by("made_until", "id").values_list("pk", flat=True)[:1000])
