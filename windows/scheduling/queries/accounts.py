"""What windows did to error budgets: raw, excused and charged, by window and objective; and the record of adjustments for these eyes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from slo.intervals import Interval
from slo.maintenance import Entry
from slo.objectives.queries import Account, accounts, adjustments, promises
from windows.access.roles import Actor
from windows.errors import Invalid
from windows.scheduling.models import Window, WindowScope
from windows.scheduling.queries.trail import hidden_from

MOST = 10_000  # lines of the record in one answer


def accounts_of(window_ids: Collection[int], now: datetime) -> list[Account]:
    """The account of each window that began, on every objective of its places, overrun included, by window and objective.

    As it really ran: to its end, or to now. Five statements, however many windows. Whose eyes may see a window is the caller's affair.
    """
    rows = Window.objects.filter(pk__in=list(window_ids), started_at__lt=now).order_by("started_at", "pk")
    ran = {pk: Interval(began, max(began, ended or now)) for pk, began, ended in rows.values_list("pk", "started_at", "ended_at") if began}
    places: dict[int, set[tuple[str, str]]] = {}
    for pk, service, environment in WindowScope.objects.filter(window__in=ran).values_list("window_id", "service__slug", "environment"):
        places.setdefault(pk, set()).add((service, environment))
    wanted = promises(services={service for told in places.values() for service, _ in told}) if places else []
    return accounts(
        [
            (f"MW-{pk}", interval, one)
            for pk, interval in ran.items()
            for one in wanted
            if (one.service, one.environment) in places.get(pk, ())
        ]
    )


def record_for(
    viewer: Actor,
    *,
    objective: str = "",
    service: str = "",
    window: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> tuple[list[Entry], dict[str, str]]:
    """The record as it was written, oldest first, without what is not for these eyes; and the service of each objective that still is.

    Invalid where it is longer than one answer.
    """
    services = {one.slug: one.service for one in promises()}
    among = {objective} if objective else None
    if service:
        of_service = {slug for slug, name in services.items() if name == service}
        among = of_service if among is None else among & of_service
    found = adjustments(objectives=among, windows={window.upper()} if window else None, since=since, until=until, limit=MOST + 1)
    if len(found) > MOST:
        raise Invalid(f"There are more than {MOST:,} lines: ask for a shorter time.", field="since")
    hidden = hidden_from(viewer) if found else set()
    return [one for one in found if one.window not in hidden], services
