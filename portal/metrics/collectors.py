"""Our own figures: live windows as joinable tags, runs, flags, messages, the sealer's backlog."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from enum import StrEnum

from django.conf import settings
from django.db.models import Count
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from windows.audit.clock import clock
from windows.audit.queries import unsealed
from windows.delivery.models import Message, MessageStatus
from windows.execution.models import LIVE, Run
from windows.execution.states import RunStatus
from windows.flags.models import Flag, FlagCounter
from windows.lifecycle.states import Mode, WindowStatus
from windows.live.models import LiveScope
from windows.live.queries import live_scopes
from windows.scheduling.models import Window
from windows.signals.otlp.canary import NAME as CANARY

OPEN = [WindowStatus.DRAFT, WindowStatus.REQUESTED, WindowStatus.APPROVED, WindowStatus.RUNNING]
UNSENT = [MessageStatus.QUEUED, MessageStatus.DEAD]
LABELS = ("window", "service", "environment", "region", "layer", "owner", "step")
LEAD = timedelta(minutes=5)  # scrapes a minute apart, rules behind them
NAMING = frozenset({"window", "owner", "step"})  # what a confidential window does not tell to every scraper


class Roadworks(Collector):
    """Reads rows at each scrape; a handful of queries, none of them growing with history."""

    def collect(self) -> Iterable[Metric]:
        yield live()
        yield canaries()
        yield by_status("roadworks_runs", "Runs that have not ended, by status.", Run, [RunStatus(state) for state in LIVE])
        yield by_status("roadworks_windows", "Windows that are not over, by status.", Window, OPEN)
        yield overdue()
        yield from flags()
        yield by_status("roadworks_messages", "Messages that did not go out, by status.", Message, UNSENT)
        waiting, oldest = unsealed()
        yield GaugeMetricFamily("roadworks_audit_unsealed", "Audit entries that wait for the sealer.", value=waiting)
        age = (clock() - oldest).total_seconds() if oldest else 0.0
        yield GaugeMetricFamily("roadworks_audit_unsealed_age_seconds", "Age of the oldest entry that waits for the sealer.", value=age)


def live() -> Metric:
    family = GaugeMetricFamily(
        "maintenance_window_active",
        "1 for each place of an open window: join it onto your series by service, environment and region.",
        labels=LABELS,
    )
    for labels in dict.fromkeys(labels_of(row) for row in live_scopes()):  # two that are nameless may look alike
        family.add_metric(labels, 1)
    return family


def canaries() -> Metric:
    """So that a Prometheus has seen the tag of a window before preflight asks for it. A confidential one sends none."""
    family = GaugeMetricFamily(
        "maintenance_window_canary",
        "1 for each place of an approved window that begins within five minutes or may begin now: see examples/prometheus.",
        labels=LABELS,
    )
    now = clock()
    soon = {"starts_at__gte": now - settings.ROADWORKS.latest_start, "starts_at__lte": now + LEAD}
    about = Window.objects.filter(status=WindowStatus.APPROVED.value, confidential=False, ends_at__gt=now, **soon)
    for window, service, environment, region, layer in about.order_by("pk").values_list(
        "pk", "scopes__service__slug", "scopes__environment", "scopes__region", "scopes__layer"
    ):
        family.add_metric((f"MW-{window}", service, environment, region, layer, "", CANARY), 1)
    return family


def labels_of(row: LiveScope) -> tuple[str, ...]:
    return tuple("" if row.confidential and name in NAMING else str(getattr(row, name)) for name in LABELS)


def by_status(name: str, text: str, model: type[Run | Window | Message], states: Sequence[StrEnum]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=["status"])
    counted = dict(
        model._default_manager.filter(status__in=[state.value for state in states]).order_by().values_list("status").annotate(n=Count("pk"))
    )
    for state in states:
        family.add_metric([state.value], counted.get(state.value, 0))
    return family


def overdue() -> Metric:
    late = Run.objects.filter(status__in=LIVE, rehearsal="", turn_back_at__lt=clock()).count()
    return GaugeMetricFamily("roadworks_runs_past_turn_back", "Live runs whose turn-back time has passed.", value=late)


def flags() -> Iterable[Metric]:
    version = FlagCounter.objects.filter(pk=1).values_list("version", flat=True).first() or 0
    yield GaugeMetricFamily("roadworks_flag_version", "The newest global version of the flag store.", value=version)
    said = Flag.objects.exclude(mode=Mode.NORMAL.value)
    yield GaugeMetricFamily("roadworks_flags_set", "Flags that say something now.", value=said.count())
    late = said.filter(lease_until__lt=clock()).count()
    yield GaugeMetricFamily("roadworks_flags_lease_expired", "Flags still set although their lease ran out.", value=late)
