"""A window as network peers read it: the properties of MAINTNOTE (NANOG BCOP draft 0.1, INTEROP §2). Pure."""

from __future__ import annotations

from collections.abc import Iterator

from windows.lifecycle.states import Mode, WindowStatus

IMPACT = {
    Mode.NORMAL: "NO-IMPACT", Mode.REROUTED: "REDUCED-REDUNDANCY", Mode.DEGRADED: "DEGRADED", Mode.THROTTLED: "DEGRADED",
    Mode.READ_ONLY: "DEGRADED", Mode.OFFLINE: "OUTAGE",
}  # fmt: skip
STATUS = {
    WindowStatus.REQUESTED: "TENTATIVE", WindowStatus.APPROVED: "CONFIRMED", WindowStatus.RUNNING: "IN-PROCESS",
    WindowStatus.COMPLETED: "COMPLETED", WindowStatus.ROLLED_BACK: "COMPLETED", WindowStatus.FAILED: "COMPLETED",
}  # fmt: skip


def properties(
    *, provider: str, account: str, reference: str, services: tuple[str, ...], mode: str, status: str
) -> Iterator[tuple[str, str]]:
    """(name, value) in the standard's order. One note is for one consumer's account; whatever was called off is CANCELLED."""
    yield "X-MAINTNOTE-PROVIDER", provider
    yield "X-MAINTNOTE-ACCOUNT", account
    yield "X-MAINTNOTE-MAINTENANCE-ID", reference
    for service in services:
        yield "X-MAINTNOTE-OBJECT-ID", service
    yield "X-MAINTNOTE-IMPACT", IMPACT[Mode(mode)]
    yield "X-MAINTNOTE-STATUS", STATUS.get(WindowStatus(status), "CANCELLED")
