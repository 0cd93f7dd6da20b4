"""What fired in the past four weeks, judged by the ledger's own rules, as if it had been heard of then; and whom it paged.

Written as rows, as the past is, and marked: nothing fired, and nobody was woken. Those outside of windows fired when measurements were bad.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from examples.shop.data.measurements import TROUBLE
from examples.shop.data.outbox import Page, write_pages
from examples.shop.data.past import Known, known, midnight
from examples.shop.layout import ENVIRONMENT
from windows.alerts.commands.judging import settle
from windows.alerts.models import Alert, AlertFact
from windows.alerts.routing import judge
from windows.alerts.states import Action, FactKind
from windows.alerts.wire import Heard, fingerprint

MINUTE, HEARD, TOLD = timedelta(minutes=1), timedelta(seconds=20), timedelta(seconds=26)


@dataclass(frozen=True, slots=True)
class Fired:
    """`window` by its title in the past, `after` its begin in minutes."""

    window: str
    name: str
    service: str
    severity: str
    after: int
    lasted: int
    summary: str
    kind: str = ""  # its class
    is_withheld: bool = False  # by the window's own silence


FIRED = (
    Fired("Index for order history", "OrdersWritesRefused", "orders", "warning", 1, 16, "Orders answers 503 to writes."),
    Fired("Payment gateway certificate", "PaymentsCertificateChanged", "payments", "info", 9, 2, "Another certificate is served."),
    Fired("Search engine upgrade", "SearchLatencyHigh", "search", "warning", 12, 60, "p95 of the search is above 800 ms."),
    Fired("Search engine upgrade", "SearchIndexLag", "search", "critical", 71, 30, "The index is 40 minutes behind."),
    Fired("Split order lines", "OrdersWritesRefused", "orders", "warning", 2, 28, "Orders answers 503 to writes."),
    Fired("Basket expiry column", "BasketsNotReconciled", "baskets", "critical", 5, 7, "41 baskets lack a value.", "rollback_required"),
    Fired("Inventory host replacement", "InventoryDown", "inventory", "critical", 3, 88, "No inventory host answers.", is_withheld=True),
    Fired("Mail relay move", "MailQueueLong", "notifications", "warning", 48, 31, "2,300 mails wait for the relay."),
    Fired("Accounts database minor version", "AccountsReplicaLag", "accounts", "warning", 6, 20, "The replica is 45 s behind."),
    Fired("Order archive", "OrdersWritesRefused", "orders", "warning", 1, 24, "Orders answers 503 to writes."),
    Fired("Order archive", "CheckoutTimeouts", "checkout", "critical", 8, 12, "3 % of checkouts time out."),
    Fired("Storefront edge rules", "StorefrontErrorRate", "storefront", "critical", 4, 5, "3.1 % of pages fail; 1 % is allowed."),
)  # fmt: skip


def load() -> None:
    """Once: what was heard of does not change."""
    if Alert.objects.filter(is_example=True).exists():
        return
    windows = known()
    with transaction.atomic():
        judged = sorted((judged_then(one, windows) for one in heard(windows)), key=lambda row: row.starts_at)
        Alert.objects.bulk_create(judged)
        AlertFact.objects.bulk_create([fact for row in judged for fact in facts(row)])
        write_pages([paged(row) for row in judged if row.action == Action.PAGE])


def heard(windows: list[Known]) -> Iterator[Heard]:
    by_title = {one.title: one for one in windows}
    for one in FIRED:
        window = by_title[one.window]
        yield alert(one, window.begun + one.after * MINUTE, window.reference)
    for days, hour, minutes, failed, service in TROUBLE:
        said = f"{100 * failed:.0f} % of requests to {service} fail."
        one = Fired("", f"{service.capitalize()}ErrorRate", service, "critical", 2, minutes + 1, said)
        yield alert(one, midnight() - timedelta(days=days) + timedelta(hours=hour) + one.after * MINUTE, "")


def alert(one: Fired, at: datetime, window: str) -> Heard:
    labels = {"alertname": one.name, "service": one.service, "environment": ENVIRONMENT, "severity": one.severity}
    labels |= {"class": one.kind} if one.kind else {}
    silence = f"Withheld in Alertmanager by the silence of {window}." if one.is_withheld else ""
    by = window if one.is_withheld else ""
    until, told = at + one.lasted * MINUTE, {"summary": one.summary}
    return Heard(fingerprint(labels), one.name, labels, at, until, told, withheld=silence, withheld_by=by)


def judged_then(one: Heard, windows: list[Known]) -> Alert:
    """As `hear`, `hand_over` and `tell_due` would have left it."""
    now, over = one.starts_at + HEARD, one.ends_at or one.starts_at
    there = [window.seen(now) for window in windows if window.begun <= now < window.ended]
    row = Alert(
        fingerprint=one.fingerprint, starts_at=one.starts_at, ends_at=over, name=one.name, severity=one.severity,
        service=one.service, environment=one.environment, labels=dict(one.labels), annotations=dict(one.annotations), first_heard_at=now,
        last_heard_at=over, resolved_heard_at=over, withheld=one.withheld, is_example=True,
    )  # fmt: skip
    firing = Heard(one.fingerprint, one.name, one.labels, one.starts_at, None, one.annotations, "", one.withheld, one.withheld_by)
    settle(row, judge(firing, there, now), now)
    row.told_at = one.starts_at + TOLD
    window = next((each for each in windows if each.reference == row.window), None)
    row.run_id = window.run_id if window else None
    if window and over > window.ended:  # it still fired when its window ended
        row.handed_over_at, row.is_expected, row.expected_until = window.ended, False, None
        if row.action == Action.TICKET:
            row.action, row.group, row.told_at = Action.PAGE.value, f"{row.window}:page:over", window.ended + TOLD
            row.reasons = [*row.reasons, f"Began inside {row.window}, which has ended, and still fires."]
    return row


def facts(row: Alert) -> Iterator[AlertFact]:
    yield AlertFact(alert=row, kind=FactKind.FIRED.value, said=" ".join(row.reasons), at=row.first_heard_at)
    if row.withheld:
        yield AlertFact(alert=row, kind=FactKind.WITHHELD.value, said=row.withheld, at=row.first_heard_at)
    if row.handed_over_at:
        said = f"Began inside {row.window}, which has ended, and still fires."
        yield AlertFact(alert=row, kind=FactKind.HANDED_OVER.value, said=said, at=row.handed_over_at)
    yield AlertFact(alert=row, kind=FactKind.RESOLVED.value, at=row.ends_at or row.starts_at)


def paged(row: Alert) -> Page:
    return Page(
        row.service, f"{row.name} on {row.service}/{row.environment}", row.annotations["summary"], row.window, row.told_at or row.starts_at
    )
