"""Every default of SPEC §23, in one place. Tests and operators change one by an environment variable: ROADWORKS_LEASE=1 (seconds)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


@dataclass(frozen=True, slots=True)
class Defaults:
    """Durations are timedeltas; in the environment they are seconds."""

    lease: timedelta = seconds(15)
    heartbeat: timedelta = seconds(5)
    sweep: timedelta = seconds(5)
    stop_check: timedelta = seconds(1)  # how often a step in flight learns that it should stop
    inconclusive_timeout: timedelta = seconds(300)
    flag_lease: timedelta = seconds(60)
    turn_back_warning: timedelta = seconds(300)
    request_grace: timedelta = seconds(0)  # a request expires at its start
    emergency_approval: timedelta = timedelta(hours=24)  # how long after its begin an emergency may wait for its approval
    latest_start: timedelta = seconds(900)  # how long after its start an approved window may still begin
    preflight_retry: timedelta = seconds(30)
    longest_window: timedelta = timedelta(hours=8)
    rollback_reserve_factor: float = 1.25
    gate_timeout: timedelta = seconds(5)
    reconcile: timedelta = seconds(30)  # how often what is outside is compared with what is desired
    silence_ttl: timedelta = seconds(600)  # how long a silence outlives the last worker that renewed it
    silence_renew: timedelta = seconds(120)
    api_rate: float = 50.0  # requests a second of one token, or of one feed address
    api_burst: int = 1000  # and so many at once
    watch_after: timedelta = seconds(1800)  # how long a window's SLIs stay watched once it has ended
    sealer: timedelta = seconds(1)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> Defaults:
        """Read ROADWORKS_<NAME>; ValueError names a variable that is not a number."""
        given: dict[str, Any] = {}
        standard = cls()
        for item in fields(cls):
            name = f"ROADWORKS_{item.name.upper()}"
            if name not in environ:
                continue
            try:
                number = float(environ[name])
            except ValueError as error:
                raise ValueError(f"{name} must be a number of seconds, not {environ[name]!r}") from error
            value = getattr(standard, item.name)
            given[item.name] = seconds(number) if isinstance(value, timedelta) else type(value)(number)
        return cls(**given)
