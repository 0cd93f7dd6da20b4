"""May changes go out now? Pure: what closes a scope, and when, judged at a moment.

OPEN and CLOSED are all that the calendars of AWS Change Calendar know. “Canary only” is CLOSED for whoever knows no more: a pipeline
that only looks for OPEN must not pour everything out while somebody has asked for care.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Advice(StrEnum):
    OPEN = "open"
    CANARY_ONLY = "canary_only"
    CLOSED = "closed"


ORDER = list(Advice)


@dataclass(frozen=True, slots=True)
class Closing:
    """Why a scope is not open for a time. `ends` None: nobody knows when. `who` names no window that is not for every eye."""

    advice: Advice
    begins: datetime
    ends: datetime | None
    who: str
    why: str
    freeze: int | None = None
    calendar: str = ""  # which of those asked together is closed by it: orders/production, calendar:payments-freeze


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A time of a change calendar, [begins, ends)."""

    begins: datetime
    ends: datetime
    title: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """`next_transition` is when the advice will be another one; None where that is not known, or lies beyond what was looked at."""

    advice: Advice
    at: datetime
    next_transition: datetime | None
    reasons: tuple[Closing, ...]

    @property
    def state(self) -> str:
        return "OPEN" if self.advice is Advice.OPEN else "CLOSED"


def answer(closings: Iterable[Closing], at: datetime) -> Answer:
    """The strictest of what is in force at the moment; several scopes are one by handing in what closes any of them."""
    known = sorted(set(closings), key=lambda one: (-ORDER.index(one.advice), one.begins, one.who))
    now = advised(known, at)
    turns = sorted({moment for one in known for moment in (one.begins, one.ends) if moment is not None and moment > at})
    following = next((moment for moment in turns if advised(known, moment) is not now), None)
    return Answer(now, at, following, tuple(one for one in known if in_force(one, at)))


def closed_by(name: str, periods: Iterable[Period], since: datetime, until: datetime, *, opens_by_default: bool) -> list[Closing]:
    """What a change calendar closes in [since, until): its periods where it is open by default, all but its periods where it is closed.
    Nobody knows when a closed calendar opens that names no period before `until`."""
    near = sorted(one for one in periods if one.ends > since and one.begins < until)
    who, what = f"calendar:{name}", f"The change calendar {name}"
    if opens_by_default:
        return [
            Closing(Advice.CLOSED, one.begins, one.ends, who, f"{what} is closed: {one.title or 'no reason given'}.", calendar=who)
            for one in near
        ]
    found, reached = [], since
    why = f"{what} is closed but for the times it names."
    for one in near:
        if one.begins > reached:
            found.append(Closing(Advice.CLOSED, reached, one.begins, who, why, calendar=who))
        reached = max(reached, one.ends)
    if reached < until:
        found.append(Closing(Advice.CLOSED, reached, None, who, why, calendar=who))
    return found


def untold(name: str, since: datetime, why: str) -> Closing:
    """A change calendar that cannot be read is closed: what is not known opens nothing."""
    who = f"calendar:{name}"
    return Closing(Advice.CLOSED, since, None, who, f"The change calendar {name} is closed: {why}.", calendar=who)


def in_force(one: Closing, at: datetime) -> bool:
    return one.begins <= at and (one.ends is None or at < one.ends)


def advised(closings: Iterable[Closing], at: datetime) -> Advice:
    return max((one.advice for one in closings if in_force(one, at)), key=ORDER.index, default=Advice.OPEN)
