"""Maintenance of the past four weeks, written as rows: no command can act yesterday, and none should be able to.

Each window has its run and the steps of it, in final states, marked `is_example`. The audit trail is not made up: it says only
that the example was loaded.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from psycopg.types.range import TimestamptzRange

from examples.shop.data.people import person_id
from windows.access.roles import SETUP
from windows.alerts.expected import Expected, from_plain, in_lines, plain
from windows.alerts.routing import Open, Scope
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.catalogue.models import Service
from windows.catalogue.queries import expand_scope
from windows.execution.models import Run, StepRun
from windows.execution.states import RunStatus, StepStatus
from windows.lifecycle.states import WindowStatus
from windows.scheduling import times, vevent
from windows.scheduling.commands.transitions import facts_of
from windows.scheduling.models import Window, WindowScope

SCHEMA = (("Freeze writes", "flag"), ("Migrate", "sql"), ("Reconcile", "gate"), ("Thaw writes", "flag"))
UPGRADE = (("Take it out of rotation", "http"), ("Upgrade", "command"), ("Look at its health", "http"), ("Put it back", "http"))
BY_HAND = (("Tell support", "notify"), ("Do the work", "manual"), ("Look at the dashboards", "manual"))


@dataclass(frozen=True, slots=True)
class Past:
    title: str
    service: str
    coordinator: str
    days_ago: int
    hour: int  # UTC
    planned: int  # minutes
    took: int
    mode: str = "degraded"
    layer: str = "L3"
    steps: tuple[tuple[str, str], ...] = UPGRADE
    end: RunStatus = RunStatus.SUCCEEDED
    why: str = ""
    users: int | None = None  # who was expected to notice
    expects: str = ""  # alerts, in lines as on the form


PAST = (
    Past("Index for order history", "orders", "ben", 26, 3, 30, 18, "read_only", "L5", SCHEMA, users=900,
         expects="OrdersWritesRefused orders/production 0-25 writes are frozen while the index is built"),
    Past("Payment gateway certificate", "payments", "lea", 25, 4, 60, 35, "degraded", "L9", BY_HAND, users=600),
    Past("Search engine upgrade", "search", "kim", 23, 2, 90, 104, "degraded", "L6", why="Reindexing took longer than tried."),
    Past("Split order lines", "orders", "ben", 20, 3, 45, 31, "read_only", "L5", SCHEMA, users=1_400,
         expects="OrdersWritesRefused orders/production 0-35 writes are frozen while lines are split"),
    Past("Storefront framework upgrade", "storefront", "kim", 19, 5, 60, 42),
    Past("Basket expiry column", "baskets", "elif", 17, 3, 30, 12, "read_only", "L5", SCHEMA, RunStatus.ROLLED_BACK,
         "The reconcile gate counted 41 baskets without the new value; 0 were allowed."),
    Past("Inventory host replacement", "inventory", "jun", 16, 13, 120, 95, "offline", "L6", BY_HAND,
         expects="InventoryDown inventory/production 0-120 its host is replaced"),
    Past("Basket expiry column, second try", "baskets", "elif", 13, 3, 30, 14, "read_only", "L5", SCHEMA, users=2_000),
    Past("Mail relay move", "notifications", "jun", 12, 10, 60, 55, "degraded", "L2", BY_HAND),
    Past("Accounts database minor version", "accounts", "jun", 10, 2, 60, 38, "read_only", "L5", SCHEMA,
         expects="AccountsReplicaLag accounts/production 0-45 the replica follows the new version"),
    Past("Checkout connection pool", "checkout", "lea", 8, 4, 45, 21),
    Past("Recommendations model refresh", "recommendations", "kim", 6, 11, 120, 64),
    Past("Order archive", "orders", "ben", 5, 3, 40, 26, "read_only", "L5", SCHEMA, users=1_200,
         expects="OrdersWritesRefused orders/production 0-30 writes are frozen while old orders move"),
    Past("Storefront edge rules", "storefront", "kim", 3, 5, 30, 9, "degraded", "L1", UPGRADE, RunStatus.ROLLED_BACK,
         "Error rate of the storefront was 3.1 % over two minutes; 1 % was allowed."),
)  # fmt: skip


def load() -> list[tuple[str, str, object, object]]:
    """(reference, service, begun, ended) of the windows in which writes were frozen, those that are there already included."""
    if not Window.objects.filter(external_ref__startswith="example:past:").exists():
        with transaction.atomic():
            for number, past in enumerate(PAST, start=1):
                write(number, past)
            record("example.loaded", SETUP, "example", data={"past_windows": len(PAST), "note": "Made up by the example, with their runs."})
    frozen = Window.objects.filter(external_ref__startswith="example:past:", mode="read_only").prefetch_related("scopes__service")
    return [(window.reference, window.scopes.all()[0].service.slug, window.started_at, window.ended_at) for window in frozen]


@dataclass(frozen=True, slots=True)
class Known:
    """One of them as what happened around it knows it: its rows, so that a start that was loaded on another day stays the same."""

    reference: str
    title: str
    run_id: int
    begun: datetime
    ended: datetime
    scopes: tuple[Scope, ...]
    expected: tuple[Expected, ...]
    steps: tuple[tuple[datetime, str], ...]

    def seen(self, now: datetime) -> Open:
        """As alerts saw it then."""
        under_way = [name for since, name in self.steps if since <= now]
        return Open(self.reference, self.begun, self.scopes, step=under_way[-1] if under_way else "", expected=self.expected)


def known() -> list[Known]:
    rows = Window.objects.filter(external_ref__startswith="example:past:").prefetch_related("scopes__service", "runs__steps")
    return [
        Known(
            row.reference, row.title, run.pk, run.started_at, run.ended_at,
            tuple(Scope(place.service.slug, place.environment, place.region) for place in row.scopes.all()),
            from_plain(row.expected_alerts), tuple(sorted((step.intended_at, step.name) for step in run.steps.all() if step.intended_at)),
        )
        for row in rows for run in row.runs.all() if run.started_at and run.ended_at
    ]  # fmt: skip


def midnight() -> datetime:
    """The last one, UTC."""
    return clock().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def write(number: int, past: Past) -> None:
    service = Service.objects.select_related("team").get(slug=past.service)
    starts_at = midnight() - timedelta(days=past.days_ago) + timedelta(hours=past.hour)
    begun = starts_at + timedelta(seconds=20 + 7 * number)
    ended, filed = begun + timedelta(minutes=past.took), starts_at - timedelta(days=4, hours=number)
    owner = person_id({"orders": "ada", "baskets": "dag", "payments": "farid", "platform": "jun"}.get(service.team.slug, "hana"))
    coordinator = person_id(past.coordinator)
    final = WindowStatus.COMPLETED if past.end is RunStatus.SUCCEEDED else WindowStatus.ROLLED_BACK
    window = Window(
        title=past.title, reason=f"{past.title}: planned work on {service.name.lower()}.", team=service.team, owner_id=owner,
        coordinator_id=coordinator, created_by_id=coordinator, edited_by_id=coordinator, status=final.value, mode=past.mode,
        starts_at=starts_at, ends_at=starts_at + timedelta(minutes=past.planned), timezone="Europe/Berlin", expected_users=past.users,
        expected_alerts=plain(in_lines(past.expects)),
        external_ref=f"example:past:{number}", is_example=True, version=5, sequence=4, uid=uuid.uuid4(),
        created_at=filed, updated_at=ended, published_at=filed, started_at=begun, ended_at=ended, closed_at=ended + timedelta(days=1),
    )  # fmt: skip
    window.wall_start, window.wall_end = times.wall(window.starts_at, window.timezone), times.wall(window.ends_at, window.timezone)
    window.save(force_insert=True)
    WindowScope.objects.bulk_create(
        WindowScope(
            window=window,
            service=service,
            environment=place.environment,
            region=place.region,
            layer=past.layer,
            reserved=TimestamptzRange(begun, ended, "[)"),
        )
        for place in expand_scope(past.service, "production")
    )
    window.vevent = vevent.block(facts_of(window))
    window.save(update_fields=["vevent"])
    write_run(window, past, begun, ended)


def write_run(window: Window, past: Past, begun: datetime, ended: datetime) -> None:
    run = Run.objects.create(
        window=window, number=1, status=past.end.value, reason=past.why, started_by=window.coordinator.name,
        started_by_id=window.coordinator_id, window_ends_at=window.ends_at, created_at=begun - timedelta(seconds=5), started_at=begun,
        ended_at=ended,
    )  # fmt: skip
    is_back = past.end is RunStatus.ROLLED_BACK
    each = (ended - begun) / (len(past.steps) * (2 if is_back else 1))
    StepRun.objects.bulk_create(
        StepRun(
            run=run, position=position, name=name, kind=kind, sentence=name, is_repeatable=True, attempt=1,
            timeout=timedelta(minutes=past.planned), backoff=timedelta(seconds=2), undo={"kind": kind, "params": {}} if is_back else None,
            no_undo_reason="" if is_back else "Of the past; kept for its times.",
            status=(StepStatus.COMPENSATED if is_back else StepStatus.SUCCEEDED).value,
            outcome="Undone." if is_back else "Done.", undo_attempt=int(is_back),
            intended_at=begun + each * (position - 1), ended_at=begun + each * position,
            undo_started_at=ended - each * position if is_back else None, undo_ended_at=ended - each * (position - 1) if is_back else None,
        )
        for position, (name, kind) in enumerate(past.steps, start=1)
    )  # fmt: skip
