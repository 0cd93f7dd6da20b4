"""What an action gets to know and to use while it acts. Built by execution/ports/context.py; tests build a fake."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from windows.actions.gates import Reading, Verdict
from windows.actions.ports import CommandPort, FlagPort, HttpPort, NotifyPort, SqlPort, SurfacePort, TelemetryPort


class Context(Protocol):
    """One call of one verb of one step."""

    @property
    def idempotency_key(self) -> str:
        """run:position:direction, and the round where it is done anew. The same for every attempt; targets are asked to honour it."""
        ...

    @property
    def fence(self) -> int:
        """Grows with every new owner of the run; a target may refuse a lower one."""
        ...

    @property
    def attempt(self) -> int:
        """From 1."""
        ...

    @property
    def checkpoint(self) -> Mapping[str, Any]:
        """What prepare() and earlier calls left behind; {} at first."""
        ...

    @property
    def deadline(self) -> datetime:
        """When this attempt's time is up (UTC). It does not move when an action waits."""
        ...

    @property
    def opened_at(self) -> datetime | None:
        """When the window's run began (UTC)."""
        ...

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The runbook's parameters as given; already substituted into the step's own."""
        ...

    @property
    def tags(self) -> Mapping[str, str]:
        """maintenance.window, .owner, .step and .scope."""
        ...

    @property
    def http(self) -> HttpPort: ...

    @property
    def sql(self) -> SqlPort: ...

    @property
    def command(self) -> CommandPort: ...

    @property
    def flags(self) -> FlagPort: ...

    @property
    def telemetry(self) -> TelemetryPort: ...

    @property
    def notify(self) -> NotifyPort: ...

    @property
    def surfaces(self) -> SurfacePort: ...

    def stop_requested(self) -> bool:
        """Whether somebody wants this step to end now. Ask at least every second."""
        ...

    def now(self) -> datetime: ...

    def sleep(self, seconds: float) -> bool:
        """Rest so long, or less when we must stop or the deadline passes. True: stop was requested."""
        ...

    def log(self, text: str, level: str = "info") -> None:
        """A line in the step's log; levels are info, warning and error."""
        ...

    def measured(self, gate: str, reading: Reading, verdict: Verdict) -> None:
        """Keep one measurement of a gate."""
        ...
