"""What a week or a month was like, for these eyes. The number of statements does not follow how much happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import TruncMonth, TruncWeek

from slo.objectives.queries import Health, health, promises
from windows.access.roles import Actor
from windows.approvals.queries import waiting_count
from windows.audit.models import AuditEntry
from windows.catalogue.queries import people_by_email
from windows.delivery.queries import pages_to
from windows.execution.models import Run
from windows.execution.states import RunStatus
from windows.incidents.models import Incident, IncidentLink
from windows.reviews.cost import Spent, spent
from windows.reviews.measures import MEASURES, Ended, Measure, Value, value_of
from windows.reviews.models import FollowUp
from windows.reviews.periods import Period
from windows.reviews.queries.broken_glass import Broken, broken_glass
from windows.reviews.queries.cost import costs_of
from windows.reviews.queries.counted import counted_runs
from windows.reviews.queries.follow_ups import ended_in, open_ones
from windows.reviews.queries.follow_ups import follow_ups as follow_ups_of
from windows.reviews.queries.postmortems import lacking
from windows.reviews.queries.steps import fell_short
from windows.scheduling.models import Window
from windows.scheduling.queries.listing import for_eyes_of
from windows.scheduling.queries.loads import MonthLoad, months
from windows.scheduling.queries.trail import hidden_from

COSTED = 500  # windows whose cost is added up: the newest
SHOWN = 25  # rows of one list
AHEAD = ("requested", "approved", "running")
BACK = 6  # periods of the incident trend


@dataclass(frozen=True, slots=True)
class Moved:
    """A measure in this period beside the one before. `way`: better, worse, same, or unknown where either is not known."""

    measure: Measure
    now: Value
    before: Value

    @property
    def verdict(self) -> str:
        return self.now.verdict(self.measure)

    @property
    def way(self) -> str:
        if self.now.value is None or self.before.value is None:
            return "unknown"
        if self.now.value == self.before.value:
            return "same"
        is_more_better = self.measure.id in ("M1", "M7", "M8")
        return "better" if (self.now.value > self.before.value) == is_more_better else "worse"


@dataclass(frozen=True, slots=True)
class Trouble:
    window: str
    run_id: int | None
    kind: str
    at: datetime
    said: str


@dataclass(frozen=True, slots=True)
class Incidents:
    """Of one week or month: all, and those linked to a window that the reader may know of."""

    begins: date
    all: int
    linked: int


@dataclass(frozen=True, slots=True)
class Decisions:
    """What waits for somebody now."""

    to_sign: int
    runs: Sequence[Run]
    overdue: Sequence[FollowUp]
    to_review: Sequence[Window]

    @property
    def any(self) -> bool:
        return bool(self.to_sign or self.runs or self.overdue or self.to_review)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    period: Period
    ran: Sequence[Ended]
    number: int
    went_back: Sequence[Ended]  # the newest; `number_back` counts all
    number_back: int
    measures: Sequence[Moved]
    ahead: Sequence[Window]
    broken: Sequence[Trouble]
    incidents: Sequence[Incidents]
    too_many: Sequence[MonthLoad]
    glass: Sequence[Broken]
    spent: Spent
    leftovers: Sequence[FollowUp]
    load: Sequence[tuple[str, int]]
    follow_ups: Sequence[FollowUp]
    done: int
    dropped: int
    decisions: Decisions
    budgets: Sequence[Health]  # as they stand now; empty for a week


def review_of(viewer: Actor, period: Period, now: datetime) -> Review:
    runs = counted_runs(viewer, period.before.since, period.until)
    ran = [one for one in runs if one.ended_at >= period.since]
    earlier = [one for one in runs if one.ended_at < period.since]
    paged = pages_to(period.since, period.until)
    names = people_by_email(set(paged))
    follow_ups, ended = open_ones(viewer, SHOWN), ended_in(viewer, period.since, period.until)
    return Review(
        period=period, ran=ran[:SHOWN], number=len(ran), went_back=[one for one in ran if one.went_back][:SHOWN],
        number_back=sum(one.went_back for one in ran),
        measures=[Moved(one, value_of(one, ran), value_of(one, earlier)) for one in MEASURES.values()],
        ahead=ahead(viewer, period.after), broken=broken(viewer, period), incidents=incidents(viewer, period),
        too_many=months(period.since, period.until, limit=SHOWN), glass=broken_glass(viewer, period.since, period.until, limit=SHOWN),
        spent=spent(costs_of([int(one.reference[3:]) for one in ran[:COSTED]], now).values()),
        leftovers=follow_ups_of(viewer, {"kind": "leftover", "state": "open"}, now.date(), limit=SHOWN),
        load=sorted(((names.get(email, email), count) for email, count in paged.items()), key=lambda one: (-one[1], one[0])),
        follow_ups=follow_ups, done=ended["done"], dropped=ended["dropped"], decisions=decisions(viewer, period, follow_ups, now),
        budgets=health(promises(), now) if period.kind == "month" else [],
    )  # fmt: skip


def ahead(viewer: Actor, coming: Period) -> list[Window]:
    rows = Window.objects.filter(for_eyes_of(viewer), status__in=AHEAD, starts_at__gte=coming.since, starts_at__lt=coming.until)
    return list(rows.select_related("team", "owner").defer("vevent").order_by("starts_at", "pk")[:SHOWN])


def broken(viewer: Actor, period: Period) -> list[Trouble]:
    """Where automation failed or needed a person, the newest first; rehearsals are there to fail and are told elsewhere."""
    told = fell_short() | AuditEntry.objects.filter(kind="run.stuck")
    rows = told.filter(at__gte=period.since, at__lt=period.until).exclude(window__in=hidden_from(viewer))
    found = rows.order_by("-id").values_list("window", "run_id", "kind", "at", "data__step", "data__reason")[:SHOWN]
    return [Trouble(window, run, kind, at, ": ".join(str(x) for x in (step, why) if x)) for window, run, kind, at, step, why in found]


def incidents(viewer: Actor, period: Period) -> list[Incidents]:
    """The trend that ends with this period; a period without any is zero only where somebody reported before it."""
    since = period
    for _ in range(BACK - 1):
        since = since.before
    first = Incident.objects.order_by("started_at").values_list("started_at", flat=True).first()
    if first is None:
        return []
    seen = IncidentLink.objects.filter(incident=OuterRef("pk"), window__in=Window.objects.filter(for_eyes_of(viewer)))
    begin = TruncWeek("started_at") if period.kind == "week" else TruncMonth("started_at")
    rows = Incident.objects.filter(started_at__gte=since.since, started_at__lt=period.until).annotate(begin=begin, is_linked=Exists(seen))
    counted = rows.values("begin").order_by("begin").annotate(all=Count("pk"), linked=Count("pk", filter=Q(is_linked=True)))
    told = {row["begin"].date(): (row["all"], row["linked"]) for row in counted}
    found = []
    while since.since < period.until:
        if since.until > first:
            found.append(Incidents(since.since.date(), *told.get(since.since.date(), (0, 0))))
        since = since.after
    return found


def decisions(viewer: Actor, period: Period, follow_ups: Sequence[FollowUp], now: datetime) -> Decisions:
    waiting = (RunStatus.HELD.value, RunStatus.STUCK.value)
    runs = Run.objects.filter(status__in=waiting, rehearsal="", window__in=Window.objects.filter(for_eyes_of(viewer)))
    return Decisions(
        waiting_count(viewer),
        list(runs.select_related("window").defer("window__vevent").order_by("pk")[:SHOWN]),
        [one for one in follow_ups if one.due_on < now.date()],
        lacking(viewer, period.since - timedelta(days=28), period.until),
    )
