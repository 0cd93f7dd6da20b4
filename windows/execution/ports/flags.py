"""The flags port: the store's own commands as the engine, under the window's name and the engine's lease."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from windows.access.roles import ENGINE
from windows.actions.ports import Changed, FlagAddress, FlagState, Laggard, Propagation, Rejected
from windows.errors import Conflict, Refused
from windows.execution.ports.patience import AWAY, patiently
from windows.flags import queries
from windows.flags.commands.setting import set_flag
from windows.flags.routing import FlagKey
from windows.lifecycle.words import mode_in_words
from windows.outbound.limits import Limits

T = TypeVar("T")


def key_of(address: FlagAddress) -> FlagKey:
    return FlagKey(address.service, address.environment, address.region, address.layer, address.component)


class Flags:
    def __init__(self, window: str, lease: timedelta, limits: Limits, *, confidential: bool = False) -> None:
        self.window, self.lease, self.limits, self.confidential = window, lease, limits, confidential

    def told(self, act: Callable[[], T]) -> T:
        """Patiently, with the store's refusals as port errors."""
        try:
            return patiently(act, self.limits)
        except Conflict as error:
            raise Changed(error.detail)
        except Refused as error:
            raise Rejected(error.detail)

    def current(self, address: FlagAddress) -> FlagState:
        row = self.told(lambda: queries.current(key_of(address)))
        return FlagState("normal") if row is None else FlagState(row.mode, row.payload, row.version, row.global_version)

    def set(self, address: FlagAddress, mode: str, payload: Mapping[str, Any], *, expected: int) -> FlagState:
        lost = False

        def change() -> FlagState:
            """Where the answer to a commit was lost, the change is found made instead of making it again."""
            nonlocal lost
            try:
                key, lease = key_of(address), self.lease
                made = set_flag(
                    ENGINE, key, mode, payload, expected=expected, window=self.window, confidential=self.confidential, lease=lease,
                    reason="a step of its run",
                )  # fmt: skip
                return FlagState(made.mode, made.payload, made.version, made.global_version)
            except AWAY:
                lost = True
                raise
            except Conflict:
                row = queries.current(key_of(address)) if lost else None
                if row is None or (row.version, row.mode, row.window) != (expected + 1, mode, self.window):
                    raise
                return FlagState(row.mode, row.payload, row.version, row.global_version)

        return self.told(change)

    def changed_by_others(self, address: FlagAddress, *, since: int) -> str:
        later = self.told(lambda: queries.history(key_of(address), limit=1000))
        strangers = [each for each in later if each.version > since and (each.window != self.window or each.actor != ENGINE.name)]
        if not strangers:
            return ""
        first = strangers[-1]
        return (
            f"{first.actor} set it to {mode_in_words(first.mode)} at {first.at:%H:%M:%S} UTC{f' ({first.reason})' if first.reason else ''}"
        )

    def propagation(self, address: FlagAddress, global_version: int) -> Propagation:
        nodes = self.told(lambda: queries.convergence(address.service, address.environment, address.region).nodes)
        heard = {node.name: node.version is not None and node.version >= global_version for node in nodes}
        late = [Laggard(n.name, n.version, n.mode if heard[n.name] else "") for n in nodes if not (heard[n.name] and n.agrees)]
        return Propagation(len(nodes), tuple(late))
