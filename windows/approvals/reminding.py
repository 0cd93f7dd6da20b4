"""When those who must sign are told, reminded and passed over. A request that nobody signed expires at its window's start. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from windows.access.roles import Role

DAY, FOUR_HOURS = timedelta(days=1), timedelta(hours=4)


class Step(StrEnum):
    """In the order in which they come."""

    ASKED = "asked"
    REMINDED = "reminded"
    ESCALATED = "escalated"


NEXT: Mapping[str, Role] = {  # who hears of it when nobody with the role signs
    Role.MEMBER: Role.OWNER,
    Role.COORDINATOR: Role.OWNER,
    Role.ON_CALL: Role.OWNER,
    Role.OWNER: Role.SRE,
    Role.SRE: Role.ADMINISTRATOR,
}


def moments(requested_at: datetime, starts_at: datetime) -> dict[Step, datetime]:
    """When each step comes: at once; a day before the start, or half the time where that is less; four hours before, or a quarter."""
    time = max(starts_at - requested_at, timedelta())
    return {
        Step.ASKED: requested_at,
        Step.REMINDED: starts_at - min(time / 2, DAY),
        Step.ESCALATED: starts_at - min(time / 4, FOUR_HOURS),
    }


def step_due(requested_at: datetime, starts_at: datetime, said: Collection[str], now: datetime) -> Step | None:
    """The step to be taken now: the last whose moment has come, unless it or a later one was taken. Those missed before it are left out."""
    come = [step for step, at in moments(requested_at, starts_at).items() if at <= now]
    taken = max((list(Step).index(Step(one)) for one in said), default=-1)
    return come[-1] if come and list(Step).index(come[-1]) > taken else None
