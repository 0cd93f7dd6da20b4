"""Nouns that read: the flag rows, who holds them, their history, the nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q

from windows.flags.models import Flag, FlagVersion, Node
from windows.flags.routing import ANY, FlagKey, FlagRow, newest, resolve
from windows.lifecycle.states import Mode


class NodeStanding(NamedTuple):
    """What a node last acknowledged. `version` and `at` are None when it never did."""

    name: str
    version: int | None
    mode: str
    at: datetime | None
    holds: bool  # its receipt's version is at least `needs`
    region: str
    needs: int  # the newest global version that touches this node
    agrees: bool  # it holds, and in the mode the store would have it in
    id: int = 0


@dataclass(frozen=True, slots=True)
class Convergence:
    """Who applied the flags of a service. `version` is the newest global version that touches any of these nodes (0: no flag)."""

    service: str
    environment: str
    region: str
    version: int
    nodes: tuple[NodeStanding, ...]

    @property
    def laggards(self) -> tuple[NodeStanding, ...]:
        return tuple(node for node in self.nodes if not node.agrees)

    @property
    def share(self) -> float:
        """0 to 1. Without any node there is nobody to wait for: 1; that nodes are registered at all is a preflight check."""
        return sum(node.agrees for node in self.nodes) / len(self.nodes) if self.nodes else 1.0

    @property
    def sentence(self) -> str:
        """For people: who lags, and where they last were."""
        if not self.laggards:
            holding = "The one node" if len(self.nodes) == 1 else f"All {len(self.nodes)} nodes"
            return f"{holding} of {self.service} hold{'s' if len(self.nodes) == 1 else ''} version {self.version}."
        names = ", ".join(f"{node.name} ({'nothing yet' if node.version is None else f'at {node.version}'})" for node in self.laggards[:10])
        more = f" and {len(self.laggards) - 10} more" if len(self.laggards) > 10 else ""
        return f"{len(self.nodes) - len(self.laggards)} of {len(self.nodes)} nodes hold version {self.version}; waiting for {names}{more}."


@dataclass(frozen=True, slots=True)
class FlagPlace:
    """A service in an environment ("*": all of them) as a page shows it. `decides` is the flag its nodes follow, None: normal.

    `own` are the flags set on it or on a part of it, the whole first; `nodes` is empty where the place is not one service's.
    """

    service: str
    environment: str
    decides: Flag | None
    own: tuple[Flag, ...]
    nodes: tuple[NodeStanding, ...]

    @property
    def mode(self) -> str:
        return self.decides.mode if self.decides else Mode.NORMAL.value

    @property
    def agreeing(self) -> int:
        return sum(node.agrees for node in self.nodes)

    @property
    def laggards(self) -> tuple[NodeStanding, ...]:
        return tuple(node for node in self.nodes if not node.agrees)

    @property
    def is_set(self) -> bool:
        return any(flag.mode != Mode.NORMAL.value for flag in self.own)

    @property
    def sort_key(self) -> tuple[int, str, str]:
        return int(not self.is_set), self.service, self.environment


def row_of(flag: Flag) -> FlagRow:
    return FlagRow(flag.key, flag.mode, flag.global_version, flag.version, flag.window, flag.payload)


def rows(service: str = ANY, environment: str = ANY) -> list[FlagRow]:
    """Every flag that may touch the service in the environment ("*": any), cleared ones too."""
    found = Flag.objects.filter(global_version__gt=0)
    if service != ANY:
        found = found.filter(target__in=[ANY, service])
    if environment != ANY:
        found = found.filter(environment__in=[ANY, environment])
    return [row_of(flag) for flag in found]


def current(key: FlagKey) -> FlagRow | None:
    """The row set on exactly this key, for compare-and-set and for what a compensation puts back. None: never set."""
    flag = Flag.objects.filter(**key.columns).first()
    return row_of(flag) if flag and flag.version else None


def convergence(service: str, environment: str, region: str = ANY) -> Convergence:
    """Which nodes of the service hold the newest flags that touch them. "*" means all of them, for each of the three."""
    known = rows(service, environment)
    here = [node for node in nodes(service, environment) if region in (ANY, node.region)]
    standing = tuple(standing_of(node, known) for node in here)
    version = max((node.needs for node in standing), default=version_in(known, FlagKey(service, environment, region)))
    return Convergence(service, environment, region, version, standing)


def version_in(known: Sequence[FlagRow], place: FlagKey) -> int:
    last = newest(known, place)
    return last.global_version if last else 0


def standing_of(node: Node, known: Sequence[FlagRow]) -> NodeStanding:
    place = FlagKey(node.service, node.environment, node.region)
    needs = version_in(known, place)
    decides = resolve(known, place)
    wanted = decides.mode if decides else Mode.NORMAL.value
    receipt = getattr(node, "receipt", None)
    if receipt is None:
        return NodeStanding(node.name, None, "", None, False, node.region, needs, False, node.pk)
    holds = receipt.version >= needs
    agrees = holds and receipt.mode == wanted
    return NodeStanding(node.name, receipt.version, receipt.mode, receipt.at, holds, node.region, needs, agrees, node.pk)


def nodes(service: str = ANY, environment: str = ANY) -> list[Node]:
    """Nodes in service, with their receipts."""
    found = Node.objects.filter(retired_at=None).select_related("receipt").order_by("service", "environment", "region", "name")
    if service != ANY:
        found = found.filter(service=service)
    return list(found if environment == ANY else found.filter(environment=environment))


def history(key: FlagKey | None = None, *, window: str = "", before: int | None = None, limit: int = 50) -> list[FlagVersion]:
    """Changes, newest first; of one flag or one window (no confidential one) if named; `before` (a global version) pages on."""
    wanted = Q()
    if key is not None:
        wanted &= Q(**{f"flag__{name}": part for name, part in key.columns.items()})
    if window:
        wanted &= Q(window=window, confidential=False)
    if before is not None:
        wanted &= Q(global_version__lt=before)
    return list(FlagVersion.objects.filter(wanted).select_related("flag").order_by("-global_version")[:limit])


def history_of_place(service: str, environment: str, *, before: int | None = None, limit: int = 50) -> list[FlagVersion]:
    """Changes of every flag set on exactly this service and environment or a part of it, newest first."""
    rows = FlagVersion.objects.filter(flag__target=service, flag__environment=environment).select_related("flag")
    return list((rows if before is None else rows.filter(global_version__lt=before)).order_by("-global_version")[:limit])


def live_flags() -> list[Flag]:
    """Flags that say something now, the newest first."""
    return list(Flag.objects.exclude(mode=Mode.NORMAL.value).order_by("-global_version"))


def places(
    containing: str = "", environment: str = "", *, set_only: bool = False, after: tuple[int, str, str] | None = None, limit: int = 50
) -> list[FlagPlace]:
    """Where a flag was ever set or a node stands, set ones first, then by name; up to limit + 1 beyond `after`. Four queries."""
    found: dict[tuple[str, str], bool] = {}
    for target, where, mode in Flag.objects.filter(global_version__gt=0).values_list("target", "environment", "mode").distinct():
        found[target, where] = found.get((target, where), False) or mode != Mode.NORMAL.value
    for service, where in Node.objects.filter(retired_at=None).values_list("service", "environment").distinct():
        found.setdefault((service, where), False)
    wanted = sorted(
        (int(not is_set), service, where)
        for (service, where), is_set in found.items()
        if containing in service and (not environment or where in (ANY, environment)) and (is_set or not set_only)
    )
    shown = [key for key in wanted if after is None or key > after][: limit + 1]
    return places_at([(service, where) for _, service, where in shown])


def places_at(keys: Sequence[tuple[str, str]]) -> list[FlagPlace]:
    """These places as they stand now. Two queries, however many."""
    services = {service for service, _ in keys}
    flags = list(Flag.objects.filter(global_version__gt=0, target__in={ANY, *services}))
    here = Node.objects.filter(retired_at=None, service__in=services).select_related("receipt").order_by("region", "name")
    there: dict[tuple[str, str], list[Node]] = {}
    for node in here:
        there.setdefault((node.service, node.environment), []).append(node)
    return [place_of(service, where, flags, there.get((service, where), [])) for service, where in keys]


def place_of(service: str, environment: str, flags: Sequence[Flag], here: Sequence[Node]) -> FlagPlace:
    known = [row_of(flag) for flag in flags if flag.target in (ANY, service) and flag.environment in (ANY, environment)]
    decides = resolve(known, FlagKey(service, environment))
    own = [flag for flag in flags if (flag.target, flag.environment) == (service, environment)]
    return FlagPlace(
        service,
        environment,
        next((flag for flag in flags if decides and flag.key == decides.key), None),
        tuple(sorted(own, key=lambda flag: flag.key.specificity)),
        tuple(standing_of(node, known) for node in here),
    )
