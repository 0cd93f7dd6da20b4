"""One thread per ownership: renews the lease and the flags' leases, hears of holds and rollbacks, and ends an act that hangs.

It has a connection of its own and closes it in its own thread.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, Func, Value

from slo.telemetry.carrying import under
from windows.access.roles import ENGINE
from windows.execution.engine.work import GRACE
from windows.execution.intent import Intent
from windows.execution.models import Run
from windows.execution.states import RUN_FINAL, RunStatus
from windows.flags.commands import renew_leases_of

log = logging.getLogger(__name__)


def lease_end() -> ExpressionWrapper[Any]:
    """A lease from now, by the database's clock."""
    clock = Func(function="clock_timestamp", output_field=DateTimeField())
    return ExpressionWrapper(clock + Value(settings.ROADWORKS.lease, DurationField()), output_field=DateTimeField())


class Heartbeat:
    """`on_hang(intent)` is called once, from this thread, when an act outlives its deadline by more than the grace.

    `leased` is the monotonic time until which the run is surely ours. Cut off from the database nobody hears that another has taken
    over, so from then on the run counts as lost, until a renewal succeeds.
    """

    def __init__(
        self, run_id: int, fence: int, window: str, should_stop: Callable[[], bool], on_hang: Callable[[Intent], None], *, leased: float
    ) -> None:
        self.run_id, self.fence, self.window, self.should_stop, self.on_hang = run_id, fence, window, should_stop, on_hang
        self.leased = leased
        self.overtaken = False  # the fence has moved on: never ours again
        self.status, self.turned_back = "", False  # as last seen
        self.intent: Intent | None = None
        self.limit = float("inf")  # by the monotonic clock
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._beat, name=f"heartbeat-{run_id}", daemon=True)

    def __enter__(self) -> Heartbeat:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()

    def watch(self, intent: Intent, allowed: timedelta, leased: float) -> None:
        """An act begins; it may take so long."""
        self.status, self.leased = "", max(self.leased, leased)
        self.intent, self.limit = intent, time.monotonic() + (allowed + GRACE).total_seconds()

    def rest(self) -> None:
        """The act came back."""
        self.intent, self.limit = None, float("inf")

    @property
    def lost(self) -> bool:
        return self.overtaken or time.monotonic() >= self.leased

    def stop_requested(self) -> bool:
        """Whether the act under way should end: we lost the run, it is rolled back, aborted, turns back, or holds what can be held."""
        intent = self.intent
        if self.lost or intent is None:
            return self.lost
        if intent.interruptible and self.should_stop():
            return True
        if intent.direction == "undo" or intent.proves:
            return self.status in RUN_FINAL
        if self.status in {RunStatus.ROLLING_BACK, *RUN_FINAL} or self.turned_back:
            return True
        return self.status == RunStatus.HELD and intent.interruptible

    def _beat(self) -> None:
        with under({"maintenance.window": self.window}):
            self._run()

    def _run(self) -> None:
        defaults = settings.ROADWORKS
        every = {"look": defaults.stop_check, "renew": defaults.heartbeat, "flags": defaults.flag_lease / 3}
        due = {name: time.monotonic() + period.total_seconds() for name, period in every.items()}
        try:
            while not self.ended.wait(max(0.01, min([*due.values(), self.limit]) - time.monotonic())):
                now = time.monotonic()
                if self.intent is not None and now >= self.limit:
                    intent, self.intent, self.limit = self.intent, None, float("inf")
                    self._try(partial(self.on_hang, intent))
                acts = {"look": self._look, "renew": self._renew, "flags": self._keep_flags}
                for name in [name for name, at in due.items() if at <= now]:
                    due[name] = now + every[name].total_seconds()
                    self._try(acts[name])
        finally:
            connections.close_all()  # this thread's

    def _try(self, act: Callable[[], Any]) -> None:
        try:
            act()
        except Exception as error:  # the server restarts, or others hold what we want: try again at the next beat
            log.warning("heartbeat of run %s: %s", self.run_id, error)
            connections.close_all()

    def _look(self) -> None:
        clock = Func(function="clock_timestamp", output_field=DateTimeField())
        seen = Run.objects.filter(pk=self.run_id, fence=self.fence).annotate(at=clock).values_list("status", "turn_back_at", "at").first()
        if seen is None:
            self.overtaken = True
            return
        self.status, turn_back_at, now = seen
        self.turned_back = turn_back_at is not None and now >= turn_back_at

    def _renew(self) -> None:
        until, asked = lease_end(), time.monotonic()
        mine = Run.objects.filter(pk=self.run_id, fence=self.fence, lease_until__isnull=False)
        if mine.update(lease_until=until, wake_at=until):
            self.leased = asked + settings.ROADWORKS.lease.total_seconds()

    def _keep_flags(self) -> None:
        if not self.lost:
            renew_leases_of(ENGINE, self.window, settings.ROADWORKS.flag_lease)
