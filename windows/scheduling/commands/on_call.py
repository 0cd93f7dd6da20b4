"""Verb of the schedule: ask the on-call calendars of services that are due, and keep who is on call when."""

from __future__ import annotations

import hashlib
import time
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from windows.access.roles import SCHEDULE
from windows.actions.ports import PortError
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.audit.going_on import going_on
from windows.catalogue.models import OnCallSchedule, OnCallShift, Person, Service
from windows.errors import Invalid, Refused
from windows.ical_in.notices import Notice
from windows.ical_in.states import NoticeStatus
from windows.outbound.exchange import exchange
from windows.outbound.limits import Limits
from windows.scheduling.commands.calendars_in.conditional import PATIENCE, refusal
from windows.scheduling.commands.calendars_in.polls import LONGEST, wait
from windows.scheduling.commands.calendars_in.uploads import understood
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.on_call import meant
from windows.scheduling.unfolding import unfold

EVERY = timedelta(minutes=15)
BEHIND, AHEAD, MOST = timedelta(days=40), timedelta(days=120), 2000  # shifts that are kept


def poll_on_call(longest: float = LONGEST) -> int:
    """Ask the schedules that are due, those that have waited longest first, and none any more after `longest` seconds; how many."""
    asked, until = 0, time.monotonic() + longest
    while time.monotonic() < until and (schedule := claim()) is not None:
        asked += 1
        with going_on("poll an on-call schedule", schedule=schedule.pk):
            try:
                keep(schedule.pk, *fetch(schedule.url))
            except (PortError, Refused) as error:
                keep_failed(schedule.pk, getattr(error, "detail", str(error)).replace(schedule.url, urlsplit(schedule.url).hostname or ""))
    return asked


@transaction.atomic(durable=True)
def claim() -> OnCallSchedule | None:
    """The schedule that has waited longest. Those of services are known, those of no service any more forgotten."""
    wanted = set(Service.objects.exclude(on_call_schedule_url="").values_list("on_call_schedule_url", flat=True))
    OnCallSchedule.objects.exclude(url__in=wanted).delete()
    OnCallSchedule.objects.bulk_create([OnCallSchedule(url=url) for url in sorted(wanted)], ignore_conflicts=True)
    now = clock()
    due = OnCallSchedule.objects.select_for_update(skip_locked=True).filter(next_poll_at__lte=now).order_by("next_poll_at", "pk").first()
    if due is not None:
        OnCallSchedule.objects.filter(pk=due.pk).update(next_poll_at=now + EVERY)
    return due


def fetch(url: str) -> tuple[str, list[Notice]]:
    """The answer's digest and what it says. PortError where it may not or cannot be reached, Invalid where it is no calendar."""
    headers = {"User-Agent": "Roadworks", "Accept": "text/calendar, */*;q=0.1"}
    answer = exchange("GET", url, Limits.of(PATIENCE, lambda: False), headers=headers, allowed=settings.HTTP_ALLOWED_HOSTS)
    if answer.status != 200:
        raise Invalid(refusal(answer), field="url")
    return hashlib.sha256(answer.body).hexdigest(), understood(answer.body)


@one_transaction
def keep(schedule_id: int, digest: str, notices: list[Notice]) -> None:
    """Its shifts from six weeks ago to four months ahead, in place of those that were known. A shift that means nobody we know is kept
    with its words."""
    schedule = OnCallSchedule.objects.select_for_update().filter(pk=schedule_id).first()
    if schedule is None:
        return
    now = clock()
    for one in notices:
        one.provider = "on-call"
    people = list(Person.objects.filter(is_active=True).values_list("pk", "email", "name"))
    addresses, names = {email.lower(): pk for pk, email, _ in people}, {name.lower(): pk for pk, _, name in people}
    shifts = []
    for one in unfold(notices, now).rows.values():
        if one.status == NoticeStatus.CANCELLED.value or not one.starts_at:
            continue
        begins, ends = datetime.fromisoformat(one.starts_at), datetime.fromisoformat(one.ends_at)
        if ends > now - BEHIND and begins < now + AHEAD:
            person = meant(one.title, one.raw, addresses, names)
            shifts.append(OnCallShift(schedule=schedule, person_id=person, who=one.title[:200], starts_at=begins, ends_at=ends))
    shifts = sorted(shifts, key=lambda shift: shift.starts_at)[:MOST]
    OnCallShift.objects.filter(schedule=schedule).delete()
    OnCallShift.objects.bulk_create(shifts)
    if digest != schedule.digest:
        unknown = sorted({shift.who for shift in shifts if shift.person_id is None})[:20]
        services = sorted(Service.objects.filter(on_call_schedule_url=schedule.url).values_list("slug", flat=True))
        record("on_call.schedule_read", SCHEDULE, "on-call", data={"services": services, "shifts": len(shifts), "unknown": unknown})
    facts = {"digest": digest, "succeeded_at": now, "failures": 0, "error": "", "next_poll_at": now + EVERY}
    OnCallSchedule.objects.filter(pk=schedule.pk).update(**facts)


@one_transaction
def keep_failed(schedule_id: int, why: str) -> None:
    """The shifts that were known stay; it is asked again, more and more rarely."""
    schedule = OnCallSchedule.objects.select_for_update().filter(pk=schedule_id).first()
    if schedule is not None:
        failures = schedule.failures + 1
        facts = {"failures": failures, "error": " ".join(why.split())[:500].replace("\0", ""), "next_poll_at": clock() + wait(failures)}
        OnCallSchedule.objects.filter(pk=schedule_id).update(**facts)
