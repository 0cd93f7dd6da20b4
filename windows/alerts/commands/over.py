"""Verbs of time: what was expected too long is judged anew (F3); when a window ends, what still fires goes to on-call (N4)."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from windows.access.roles import ENGINE
from windows.alerts.commands.groups import wake
from windows.alerts.commands.judging import JUDGED, as_heard, judge_anew
from windows.alerts.expected import from_plain
from windows.alerts.models import Alert, AlertFact, PastWindow
from windows.alerts.states import Action, FactKind
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.live.queries import live_scopes

MANY = 500


@transaction.atomic(durable=True)
def judge_overdue() -> int:
    """Expected alerts that still fire after the time they were expected in; how many."""
    now = clock()
    rows = list(Alert.objects.select_for_update(skip_locked=True).filter(
        ends_at__isnull=True, is_expected=True, expected_until__lte=now).order_by("expected_until")[:MANY])  # fmt: skip
    if not rows:
        return 0
    for row in rows:
        row.withheld = ""
    louder = judge_anew([(row, as_heard(row), FactKind.ROUTED) for row in rows], now)
    Alert.objects.bulk_update(rows, ["withheld", *JUDGED])
    wake(louder, now)
    by_window: dict[str, int] = {}
    for row in rows:
        by_window[row.window] = by_window.get(row.window, 0) + 1
    for window, count in by_window.items():
        record("alerts.judged_anew", ENGINE, window or "alerts", window=window, data={"alerts": count})
    return len(rows)


def hand_over(window: str, now: datetime) -> int:
    """The window has ended: what began inside it and still fires pages on-call at once, unless it has paged already; what recovered is
    only reported. Inside the transaction that ends it, before its live rows go. Answers how many still fire."""
    if not connection.in_atomic_block:
        raise RuntimeError(f"the alerts of {window} are handed over in the transaction that ends it")
    scopes = live_scopes(window=window)
    if scopes:
        first = scopes[0]
        facts = {"run_id": first.run_id, "title": first.title, "since": first.since, "ended_at": now, "confidential": first.confidential,
                 "scopes": [[row.service, row.environment, row.region] for row in scopes]}  # fmt: skip
        PastWindow.objects.update_or_create(window=window, defaults=facts)
    rows = list(Alert.objects.select_for_update().filter(window=window).order_by("pk"))
    firing = [row for row in rows if row.ends_at is None]
    facts_ = []
    for row in firing:
        row.handed_over_at, row.is_expected, row.expected_until = now, False, None
        is_new = row.action != Action.PAGE.value and (row.action == Action.TICKET.value or bool(row.withheld))
        said = f"Began inside {window}, which has ended, and still fires."
        if is_new:
            row.action, row.group, row.told_at = Action.PAGE.value, f"{window}:page:over", None
            row.reasons = [*row.reasons, said]
        facts_.append(AlertFact(alert=row, kind=FactKind.HANDED_OVER.value, said=said, at=now))
    Alert.objects.bulk_update(firing, ["handed_over_at", *JUDGED])
    AlertFact.objects.bulk_create(facts_)
    wake({row.group for row in firing if row.told_at is None}, now)
    came = {(row.name, row.service, row.environment) for row in rows}
    expected = from_plain(scopes[0].expected_alerts) if scopes else ()
    missing = [one.line for one in expected if (one.alert, one.service, one.environment) not in came]
    if rows or missing:
        data = {"still_firing": [row.name for row in firing][:50], "recovered": len(rows) - len(firing), "expected_but_missing": missing}
        record("alerts.handed_over", ENGINE, window, window=window, run_id=scopes[0].run_id if scopes else None, data=data)
    return len(firing)
