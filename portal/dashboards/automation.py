"""Whether the machinery does its work: steps without a person [M7], workers, queues, messages, the sealer. Four queries and the
sealer's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from portal.charts.chart import percent
from portal.dashboards.queues import QUEUES
from portal.templatetags.signs import lasting
from windows.audit.queries import unsealed
from windows.delivery.consuming import unconsumed
from windows.delivery.models import Message, MessageStatus
from windows.execution.models import Run
from windows.lifecycle.words import counted
from windows.reviews.queries.steps import ALONE, TRIED, tried_steps

DAYS = 28
TARGET = 0.9  # M7
SEALED_WITHIN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that works, does not, or is not known (`verdict`: pass, fail, inconclusive)."""

    name: str
    verdict: str
    said: str


def automation(now: datetime) -> list[Sign]:
    grace = 3 * settings.ROADWORKS.sweep + settings.ROADWORKS.lease
    late, dead = overdue(now, grace), Message.objects.filter(status=MessageStatus.DEAD.value).count()
    alone = unconsumed(QUEUES)
    waiting, since = unsealed()
    age = now - since if since else timedelta()
    return [
        without_a_person(now),
        Sign("Workers", "fail" if late else "pass", f"{late} run{'s' * (late > 1)} without a worker" if late else "no run waits for one"),
        Sign("Queues", "fail" if alone else "pass", f"nobody consumes: {', '.join(alone)}" if alone else "each is consumed"),
        Sign("Messages", "fail" if dead else "pass", f"{dead} could not be delivered" if dead else "none is undelivered for good"),
        Sign("Audit seal", "pass" if age < SEALED_WITHIN else "fail",
             "up to date" if age < SEALED_WITHIN else f"{counted(waiting, 'entry waits', 'entries wait')} since {lasting(age)}"),
    ]  # fmt: skip


def without_a_person(now: datetime) -> Sign:
    """M7 over 28 days."""
    counted = tried_steps().filter(intended_at__gte=now - timedelta(days=DAYS)).aggregate(all=TRIED, alone=ALONE)
    if not counted["all"]:
        return Sign("Steps without a person", "inconclusive", f"no automated step in {DAYS} days")
    share = counted["alone"] / counted["all"]
    said = f"{percent(share)}, {counted['alone']} of {counted['all']} in {DAYS} days, target above 90 %"
    return Sign("Steps without a person", "pass" if share > TARGET else "fail", said)


def overdue(now: datetime, grace: timedelta) -> int:
    """Runs that wanted a worker so long ago that no worker seems to look."""
    return Run.objects.filter(wake_at__lt=now - grace).count()
