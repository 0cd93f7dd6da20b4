"""The http port: a guarded exchange that carries the run's tags, its idempotency key and its fence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import quote

from slo.telemetry.carrying import baggage
from windows.actions.ports import HttpAnswer
from windows.execution.spans import traceparent
from windows.outbound.exchange import exchange
from windows.outbound.limits import Limits
from windows.outbound.streams import Resolve, resolve


def carried(tags: Mapping[str, str], key: str, fence: int) -> dict[str, str]:
    """The headers every request carries: tags (`Maintenance-Window` …), baggage, the trace it belongs to, idempotency key, fence."""
    own = {name.title().replace(".", "-"): quote(value, safe=" /:,@*-._~") for name, value in tags.items() if value}
    trace = {"Baggage": baggage(tags), "Traceparent": traceparent(key)}
    return {**own, **trace, "Idempotency-Key": key, "Roadworks-Fence": str(fence), "User-Agent": "Roadworks"}


class Http:
    """One per call of an action. `allowed` are the hosts that may be reached wherever they lead."""

    def __init__(self, limits: Limits, headers: Mapping[str, str], allowed: Iterable[str], resolver: Resolve = resolve) -> None:
        self.limits, self.headers, self.allowed, self.resolver = limits, dict(headers), tuple(allowed), resolver

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        timeout: float | None = None,
        key: str = "",
    ) -> HttpAnswer:
        return exchange(
            method,
            url,
            self.limits.within(timeout),
            headers={**(headers or {}), **self.headers, **({"Idempotency-Key": key} if key else {})},
            allowed=self.allowed,
            content=content,
            resolver=self.resolver,
        )
