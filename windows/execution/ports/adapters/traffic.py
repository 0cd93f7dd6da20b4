"""The servers of a backend at an HAProxy, through its admin socket. What a restart of the balancer forgets is said to it again."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from windows.actions.ports import Observed, Rejected
from windows.execution.models import Surface
from windows.execution.ports.haproxy import HAProxy
from windows.execution.ports.limits import Limits

OTHER_SIDE = "balancer"


def observe(row: Surface, limits: Limits) -> Observed:
    """With no server desired: all of them. Else the desired ones, in the words of what is desired."""
    servers, wanted = balancer(row, limits).servers(row.desired["backend"]), row.desired["servers"]
    if not wanted:
        state = {name: {"state": s.state, "weight": s.weight, "up": s.is_up, "sessions": s.sessions} for name, s in servers.items()}
        return Observed(True, state)
    found = {name: part_of(servers.get(name), each) for name, each in wanted.items()}
    parts = [f"{name} {' '.join(str(value) for value in each.values()) or 'gone'}" for name, each in found.items()]
    return Observed(found == wanted, found, f"{', '.join(parts)}.")


def mend(row: Surface, limits: Limits) -> Observed:
    """Weights first, then who is let in, then who is taken out: at no moment are there fewer servers than before and after."""
    there, backend = balancer(row, limits), row.desired["backend"]
    servers, wanted = there.servers(backend), row.desired["servers"]
    if gone := [name for name in wanted if name not in servers]:
        raise Rejected(f"{backend} has no server {gone[0]}.")
    growing = sorted(wanted, key=lambda name: wanted[name].get("state") != "ready")
    for name in sorted(growing, key=lambda name: wanted[name].get("weight", 0) < servers[name].weight):
        if "weight" in wanted[name] and servers[name].weight != wanted[name]["weight"]:
            there.set_weight(backend, name, wanted[name]["weight"])
    for name in growing:
        if "state" in wanted[name] and servers[name].state != wanted[name]["state"]:
            there.set_state(backend, name, wanted[name]["state"])
    return observe(row, limits)


def end(row: Surface, limits: Limits) -> str:
    return "The balancer is left as the runbook left it."


def part_of(server: Any, wanted: dict[str, Any]) -> dict[str, Any]:
    return {} if server is None else {part: getattr(server, part) for part in wanted}


def balancer(row: Surface, limits: Limits) -> HAProxy:
    name = row.desired["balancer"]
    return HAProxy(name, settings.BALANCERS.get(name.replace("-", "_"), ""), limits)
