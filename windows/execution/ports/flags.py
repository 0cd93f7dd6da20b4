"""The flags port: the store's own commands as the engine, under the window's name and the engine's lease."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import InterfaceError, OperationalError

from windows.access.roles import ENGINE
from windows.actions.ports import Changed, FlagAddress, FlagState, Laggard, Propagation, Rejected, Unreachable
from windows.errors import Conflict, Refused
from windows.flags import queries
from windows.flags.commands.setting import set_flag
from windows.flags.models import FlagVersion
from windows.flags.routing import FlagKey


@contextmanager
def told() -> Iterator[None]:
    """Refusals of the store as port errors."""
    try:
        yield
    except Conflict as error:
        raise Changed(error.detail)
    except Refused as error:
        raise Rejected(error.detail)
    except (OperationalError, InterfaceError) as error:
        raise Unreachable(f"the flag store: {str(error).splitlines()[0]}")


def key_of(address: FlagAddress) -> FlagKey:
    return FlagKey(address.service, address.environment, address.region, address.layer, address.component)


class Flags:
    def __init__(self, window: str, lease: timedelta) -> None:
        self.window, self.lease = window, lease

    def current(self, address: FlagAddress) -> FlagState:
        with told():
            row = queries.current(key_of(address))
        return FlagState("normal") if row is None else FlagState(row.mode, row.payload, row.version, row.global_version)

    def set(self, address: FlagAddress, mode: str, payload: Mapping[str, Any], *, expected: int) -> FlagState:
        with told():
            made: FlagVersion = set_flag(
                ENGINE, key_of(address), mode, payload, expected=expected, window=self.window, lease=self.lease, reason="a step of its run"
            )
        return FlagState(made.mode, made.payload, made.version, made.global_version)

    def changed_by_others(self, address: FlagAddress, *, since: int) -> str:
        with told():
            later = queries.history(key_of(address), limit=1000)
        strangers = [each for each in later if each.version > since and (each.window != self.window or each.actor != ENGINE.name)]
        if not strangers:
            return ""
        first = strangers[-1]
        return f"{first.actor} set it to {first.mode} at {first.at:%H:%M:%S} UTC{f' ({first.reason})' if first.reason else ''}"

    def propagation(self, address: FlagAddress, global_version: int) -> Propagation:
        with told():
            nodes = queries.convergence(address.service, address.environment, address.region).nodes
        late = [Laggard(node.name, node.version) for node in nodes if node.version is None or node.version < global_version]
        return Propagation(len(nodes), tuple(late))
