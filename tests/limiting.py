"""Holds a process back to a share of one CPU, period by period, as the kernel's bandwidth control does to a container, and counts as it."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import Counter

TICK = os.sysconf("SC_CLK_TCK")


class Limiter:
    """`quota` is CPU seconds a second; a process that has used up its budget stands still until it has earned more."""

    def __init__(self, pid: int, periods: Counter, throttled: Counter, period: float = 0.1) -> None:
        self.pid, self.periods, self.throttled, self.period = pid, periods, throttled, period
        self.quota = 100.0

    def used(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    @contextmanager
    def at_work(self) -> Iterator[None]:
        over = threading.Event()

        def go_on() -> None:
            debt, before, at = 0.0, self.used(), time.monotonic()
            while not over.wait(self.period):
                now, used = time.monotonic(), self.used()
                debt = max(0.0, debt + (used - before) - self.quota * (now - at))
                before, at = used, now
                self.periods.inc()
                if debt > 0:
                    self.throttled.inc()
                os.kill(self.pid, signal.SIGSTOP if debt > 0 else signal.SIGCONT)
            os.kill(self.pid, signal.SIGCONT)

        thread = threading.Thread(target=go_on, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(90)
