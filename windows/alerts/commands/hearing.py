"""Verb: hear of alerts. Each is judged once, when it is first heard of; hearing it again changes nothing but its end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from windows.access.roles import Actor, Subject, Verb, require
from windows.alerts.commands.groups import wake
from windows.alerts.commands.judging import JUDGED, judge_anew, settle
from windows.alerts.models import Alert, AlertFact
from windows.alerts.queries import open_windows, past_windows
from windows.alerts.routing import LOOK, Judgement, fires_again, judge
from windows.alerts.states import Action, FactKind
from windows.alerts.wire import Call, Heard
from windows.audit.clock import clock
from windows.audit.commands import record, storable
from windows.live.models import LiveScope

LOCK = 0x616C7274  # two Alertmanagers of one cluster send the same call at the same moment
SEEN = timedelta(hours=1)
SENDER = Subject(called="the alert ledger")


@dataclass(frozen=True, slots=True)
class Taken:
    new: int
    resolved: int
    known: int
    refused: tuple[str, ...]


@transaction.atomic(durable=True)
def hear(actor: Actor, call: Call) -> Taken:
    """Take a call's alerts into the ledger, tag and route them, and wake the groups that people are told in.

    Idempotent by fingerprint and start, whatever the order calls arrive in. One entry in the trail where anything is new.
    """
    require(actor, Verb.SEND_ALERTS, SENDER)
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [LOCK])
    now = clock()
    heard = {(one.fingerprint, one.starts_at): one for one in call.alerts if one.ends_at is None}
    heard |= {(one.fingerprint, one.starts_at): one for one in call.alerts if one.ends_at is not None}  # its end is the later word
    starts = {at for _, at in heard}
    rows = Alert.objects.filter(fingerprint__in={name for name, _ in heard}, starts_at__in=starts).select_for_update().order_by("pk")
    known = {(row.fingerprint, row.starts_at): row for row in rows}
    fresh = take_new([one for key, one in heard.items() if key not in known], now)
    again, resolved, louder = brought_up_to_date([(known[key], one) for key, one in heard.items() if key in known], now)
    wake({row.group for row in fresh if row.told_at is None} | louder, now)  # all of them at once: see groups.wake
    if fresh or again or resolved or call.refused or call.cut_off:
        tell(actor, [*fresh, *again], resolved, call)
    return Taken(len(fresh), len(resolved), len(known), call.refused)


def take_new(heard: Iterable[Heard], now: datetime) -> list[Alert]:
    found = list(heard)
    if not found:
        return []
    windows, live = open_windows()
    windows += past_windows(now)
    rows = [row_of(one, judge(one, windows, now), live, now) for one in found]
    Alert.objects.bulk_create(rows)
    facts = []
    for row, one in zip(rows, found, strict=True):
        facts.append(AlertFact(alert=row, kind=FactKind.FIRED.value, said=" ".join(row.reasons), at=now))
        if one.withheld:
            facts.append(AlertFact(alert=row, kind=FactKind.WITHHELD.value, said=one.withheld, at=now))
        if one.ends_at is not None:
            facts.append(AlertFact(alert=row, kind=FactKind.RESOLVED.value, at=now))
    AlertFact.objects.bulk_create(facts)
    return rows


def row_of(one: Heard, judged: Judgement, live: dict[str, LiveScope], now: datetime) -> Alert:
    window = live.get(judged.window)
    row = Alert(
        fingerprint=one.fingerprint, starts_at=one.starts_at, ends_at=one.ends_at, name=one.name, severity=one.severity,
        service=one.service, environment=one.environment, labels=storable(dict(one.labels)), annotations=storable(dict(one.annotations)),
        url=one.url, first_heard_at=now, last_heard_at=now, resolved_heard_at=now if one.ends_at else None,
        run_id=window.run_id if window else None, withheld=one.withheld[:500],
    )  # fmt: skip
    settle(row, judged, now)
    return row


def brought_up_to_date(pairs: list[tuple[Alert, Heard]], now: datetime) -> tuple[list[Alert], list[Alert], set[str]]:
    """Those that are judged anew (they fire again, or nothing withholds them any more), those that are over now, and the groups of what
    became louder. Only rows of which something new is known are written, and when each was heard of last at most once an hour: a storm
    repeats itself every minute."""
    again: list[tuple[Alert, Heard, FactKind]] = []
    resolved, facts, changed = [], [], []
    for row, one in pairs:
        if one.ends_at is not None:
            if row.ends_at is None:
                row.ends_at, row.resolved_heard_at = one.ends_at, now
                resolved.append(row)
                facts.append(AlertFact(alert=row, kind=FactKind.RESOLVED.value, at=now))
        elif row.resolved_heard_at is not None and fires_again(row.resolved_heard_at, now):
            row.ends_at = row.resolved_heard_at = row.told_at = None
            row.action = Action.ANNOTATE.value
            again.append((row, one, FactKind.FIRED_AGAIN))
        elif row.withheld and not one.withheld and row.ends_at is None:
            row.withheld = ""
            again.append((row, one, FactKind.ROUTED))
        elif one.withheld:
            if one.withheld[:500] != row.withheld:
                facts.append(AlertFact(alert=row, kind=FactKind.WITHHELD.value, said=one.withheld, at=now))
            row.withheld = one.withheld[:500]
            row.expected_until = now + LOOK if row.is_expected and one.withheld_by == row.window else row.expected_until
            changed.append(row)
    louder = judge_anew(again, now)
    changed += [*resolved, *(row for row, _, _ in again)]
    Alert.objects.bulk_update(changed, ["ends_at", "resolved_heard_at", "withheld", *JUDGED], batch_size=200)
    Alert.objects.filter(pk__in=[row.pk for row, _ in pairs], last_heard_at__lt=now - SEEN).update(last_heard_at=now)
    AlertFact.objects.bulk_create(facts)
    return [row for row, _, _ in again], resolved, louder


def tell(actor: Actor, new: list[Alert], resolved: list[Alert], call: Call) -> None:
    """One entry for a call, at the window where all of it belongs to one."""
    references = {row.window for row in [*new, *resolved]}
    window = references.pop() if len(references) == 1 else ""
    data: dict[str, Any] = {
        "new": len(new), "resolved": len(resolved), "names": sorted({row.name for row in new})[:20],
        **{action.value: count for action in Action if (count := sum(row.action == action.value for row in new))},
    }  # fmt: skip
    if others := sorted(reference for reference in {row.window for row in new} if reference and reference != window):
        data["windows"] = len(others)
    if call.refused:
        data["refused"] = list(call.refused)[:20]
    if call.cut_off:
        data["cut_off"] = call.cut_off
    record("alerts.heard", actor, window or "alerts", window=window, data=data)
