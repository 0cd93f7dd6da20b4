"""What the form of a freeze says, turned into what commands take; and what a freeze that is only typed would land on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from windows.access.roles import Actor
from windows.audit.clock import clock
from windows.errors import Invalid
from windows.scheduling.commands.freeze_series import HORIZON, times_of
from windows.scheduling.commands.freezes import FreezeDraft
from windows.scheduling.models import Freeze, FreezeSeries
from windows.scheduling.queries.freezes import FreezeView, view
from windows.scheduling.queries.landing import Landing, excepting, landing
from windows.scheduling.recurrence.phrases import built
from windows.scheduling.times import from_wall, zone

TEXTS = ("title", "starts_at", "ends_at", "timezone", "severity", "on_running", "reason", "how", "until", "own", "exception_reason")
LISTS = ("services", "teams", "environments", "tiers", "excepted_teams")


def draft_in(given: Mapping[str, Any]) -> FreezeDraft:
    """Times are local to the zone of the form; Invalid names the field of the form."""
    where = given["timezone"]
    said: dict[str, Any] = {name: given[name] for name in ("title", "severity", "on_running", "reason", "exception_reason")}
    said |= {name: tuple(given[name]) for name in LISTS if name != "tiers"}
    return FreezeDraft(
        **said,
        tiers=tuple(int(tier) if tier in ("1", "2", "3", "4") else 0 for tier in given["tiers"]),
        starts_at=from_wall(given["starts_at"], where, "starts_at"),
        ends_at=from_wall(given["ends_at"], where, "ends_at"),
    )


def rule_in(given: Mapping[str, Any]) -> str:
    """The RRULE that the form means; empty for a freeze that happens once."""
    if not given["how"]:
        return ""
    begins = from_wall(given["starts_at"], given["timezone"], "starts_at")
    rule = built(given["how"], local(begins, given["timezone"]), until=given["until"], own=given["own"])
    if not rule:
        raise Invalid("Write the rule, such as FREQ=MONTHLY;BYDAY=-1FR.", field="own")
    return rule


def local(at: datetime, where: str) -> datetime:
    return at.astimezone(zone(where)).replace(tzinfo=None)


def would_land(given: Mapping[str, Any], viewer: Actor) -> Landing:
    """What the freeze as it is typed would meet, of one that recurs within what would be made now."""
    return landing(thought_of(given), viewer)


def thought_of(given: Mapping[str, Any]) -> list[FreezeView]:
    draft, rule, now = draft_in(given), rule_in(given), clock()
    assert isinstance(draft.starts_at, datetime) and isinstance(draft.ends_at, datetime)
    if draft.ends_at <= draft.starts_at:
        raise Invalid("The end must come after the start.", field="ends_at")
    one = Freeze(
        title=draft.title,
        starts_at=draft.starts_at,
        ends_at=draft.ends_at,
        severity=draft.severity,
        services=list(draft.services),
        teams=list(draft.teams),
        environments=list(draft.environments),
        tiers=list(draft.tiers),
        on_running=draft.on_running,
    )
    if not rule:
        return [excepting(view(one), draft.excepted_teams)]
    first = local(draft.starts_at, given["timezone"])
    series = FreezeSeries(
        rrule=rule, timezone=given["timezone"], wall_start=f"{first:%Y-%m-%dT%H:%M:%S}", lasts=draft.ends_at - draft.starts_at
    )
    return [excepting(view(time), draft.excepted_teams) for time in times_of(series, one, draft.starts_at, now + HORIZON)]
