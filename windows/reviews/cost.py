"""What a window costs: people's hours and money, estimated before and counted after (X20). Pure.

Hours and money are told apart: what an hour of a person is worth is nobody's to guess. What is not known is None.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

HOUR = timedelta(hours=1)
CENT = Decimal("0.01")
RUNBOOK, SERVICES = "the runbook", "the services"
SAYING = {RUNBOOK: ", as the runbook says", SERVICES: ", as its services say"}


@dataclass(frozen=True, slots=True)
class Rates:
    """`people` busy at once; `cloud_per_hour` more than usual. `people_from`, `cloud_from` say whose figures they are."""

    people: int | None = None
    cloud_per_hour: Decimal | None = None
    people_from: str = ""
    cloud_from: str = ""

    @property
    def people_said(self) -> str:
        """What follows the number of people in a sentence."""
        return SAYING.get(self.people_from, f": {self.people_from}")

    @property
    def cloud_said(self) -> str:
        return SAYING.get(self.cloud_from, "")


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something that runs on after the window's end, and until when (None: still)."""

    cost_per_hour: Decimal | None
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Cost:
    """`people_hours`, and money: of the window itself, and of what it left running."""

    people_hours: float | None
    cloud: Decimal | None
    leftovers: Decimal | None = Decimal(0)

    @property
    def money(self) -> Decimal | None:
        return None if self.cloud is None or self.leftovers is None else self.cloud + self.leftovers


class Pair(Protocol):
    """What a window was to cost, and did; `actual` None while it has not ended."""

    @property
    def estimate(self) -> Cost: ...
    @property
    def actual(self) -> Cost | None: ...


def rates(runbook_people: int | None, runbook_cloud: Decimal | None, service_costs: Sequence[Decimal | None], named: int) -> Rates:
    """The runbook's own figures before those of the services touched; `named` people (coordinator, deputy) where it says none. The cost of
    a scope is known only where every service's is."""
    people = (
        (runbook_people, RUNBOOK)
        if runbook_people is not None
        else (named, "its coordinator" if named == 1 else "its coordinator and deputy")
    )
    if runbook_cloud is not None:
        return Rates(people[0], runbook_cloud, people[1], RUNBOOK)
    if not service_costs or any(cost is None for cost in service_costs):
        return Rates(people[0], None, people[1], "")
    return Rates(people[0], sum((cost for cost in service_costs if cost is not None), Decimal(0)), people[1], SERVICES)


def estimate(length: timedelta, at: Rates) -> Cost:
    """For a window of this length, all of it used."""
    return Cost(None if at.people is None else at.people * (length / HOUR), times(at.cloud_per_hour, length))


def actual(took: timedelta, people: int | None, at: Rates, leftovers: Sequence[Leftover], now: datetime) -> Cost:
    """Of a window that took this long, in which so many people took part (0: it ran alone). Leftovers count until they are gone."""
    running = [times(one.cost_per_hour, max(timedelta(), (one.until or now) - one.since)) for one in leftovers]
    left = None if any(one is None for one in running) else sum((one for one in running if one is not None), Decimal(0))
    return Cost(None if people is None else people * (took / HOUR), times(at.cloud_per_hour, took), left)


def times(per_hour: Decimal | None, length: timedelta) -> Decimal | None:
    """Exact to the microsecond, then rounded to the hundredth."""
    if per_hour is None:
        return None
    return (per_hour * Decimal(length // timedelta(microseconds=1)) / Decimal(HOUR // timedelta(microseconds=1))).quantize(CENT)


@dataclass(frozen=True, slots=True)
class Spent:
    """Several windows together. `known` of `all` have a figure of money, `hours_known` one of people's hours."""

    all: int
    known: int
    hours_known: int
    estimated_hours: float
    actual_hours: float
    estimated: Decimal
    actual: Decimal


def spent(costs: Iterable[Pair]) -> Spent:
    """Of windows that ended. Added is only what is known of both, estimate and actual, so that the two can be compared."""
    ended = [(one.estimate, one.actual) for one in costs if one.actual is not None]
    pairs = [(before.cloud, after.money) for before, after in ended]
    both = [(before, after) for before, after in pairs if before is not None and after is not None]
    times_ = [(before.people_hours, after.people_hours) for before, after in ended]
    hours = [(before, after) for before, after in times_ if before is not None and after is not None]
    return Spent(
        len(ended), len(both), len(hours), sum((before for before, _ in hours), 0.0), sum((after for _, after in hours), 0.0),
        sum((before for before, _ in both), Decimal(0)), sum((after for _, after in both), Decimal(0)),
    )  # fmt: skip
