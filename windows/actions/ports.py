"""The world as actions see it. Real ports live in execution/ports/; tests pass fakes of the same shape.

PortError                the base: `permanent` says that trying again cannot help
├── NotAllowed           permanent: not on the allow list, or an address nobody may reach from here
├── Rejected             permanent: the other side understood and said no (a SQL error, a malformed request)
├── Changed              permanent: somebody changed it meanwhile; overwriting would lose their change
├── TimedOut             the deadline passed; whether it had an effect is unknown
├── Unreachable          no answer: refused, reset, name not found
└── Stopped              we were asked to stop and did
Seconds are floats, times are aware datetimes in UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol

from windows.actions.gates import Reading


class PortError(Exception):
    permanent: ClassVar[bool] = False


class NotAllowed(PortError):
    permanent = True


class Rejected(PortError):
    permanent = True


class Changed(PortError):
    permanent = True


class TimedOut(PortError):
    pass


class Unreachable(PortError):
    pass


class Stopped(PortError):
    pass


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    status: int
    headers: Mapping[str, str]
    body: bytes  # at most the port's cap; a longer one raises Rejected


class HttpPort(Protocol):
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
        """One exchange, no redirects followed. The port adds tags, idempotency key and fence; `timeout` is capped by the deadline.
        `key` stands in for the step's own where one step asks for several effects that must not be taken for one."""
        ...


@dataclass(frozen=True, slots=True)
class SqlAnswer:
    applied: bool  # False where `once_key` was there already: nothing was done
    rows_changed: tuple[int, ...] = ()


class SqlPort(Protocol):
    def execute(
        self,
        database: str,
        statements: Sequence[str],
        *,
        values: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        once_key: str = "",
        in_transaction: bool = True,
        credential: str = "",
        expect: tuple[str, object] | None = None,
    ) -> SqlAnswer:
        """Carry the statements out; with `once_key`, at most once for ever (the key commits with them); with `credential` as the
        window's own role of that name. `expect` is a query and the one value it must answer first, or else Changed."""
        ...

    def scalar(self, database: str, query: str, *, values: Mapping[str, Any] | None = None, timeout: float | None = None) -> object:
        """The single value of a query in a read-only transaction; Rejected when there is not exactly one."""
        ...


@dataclass(frozen=True, slots=True)
class Exit:
    code: int  # negative: the signal that ended it
    output: str  # its last lines, both streams


class CommandPort(Protocol):
    def run(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        timeout: float | None = None,
        credential: str = "",
    ) -> Exit:
        """Run a program of the allow-listed directory, no shell; TERM, then KILL of its whole group when time is up or we must stop.
        With `credential` it finds the window's own role of that name where libpq looks for one, and nowhere says its password."""
        ...


@dataclass(frozen=True, slots=True)
class FlagAddress:
    service: str
    environment: str
    region: str = "*"
    layer: str = "*"
    component: str = "*"


@dataclass(frozen=True, slots=True)
class FlagState:
    """`version` is the flag's own (compare-and-set; 0 = never set), `global_version` what nodes acknowledge."""

    mode: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    version: int = 0
    global_version: int = 0


@dataclass(frozen=True, slots=True)
class Laggard:
    node: str
    version: int | None  # None: never heard of
    mode: str = ""  # where it heard of the change and is in another mode than the store would have it in


@dataclass(frozen=True, slots=True)
class Propagation:
    nodes: int
    laggards: tuple[Laggard, ...] = ()


class FlagPort(Protocol):
    def current(self, address: FlagAddress) -> FlagState: ...

    def set(self, address: FlagAddress, mode: str, payload: Mapping[str, Any], *, expected: int) -> FlagState:
        """Compare-and-set on the flag's own version; Changed when it is another."""
        ...

    def changed_by_others(self, address: FlagAddress, *, since: int) -> str:
        """Who but this window's run changed the flag after its version `since`, as half a sentence; empty where nobody did."""
        ...

    def propagation(self, address: FlagAddress, global_version: int) -> Propagation:
        """Which of the nodes in the address acknowledged this global version or a later one, and are in the mode they should be in."""
        ...


class TelemetryPort(Protocol):
    def objective(self, slug: str, *, window: float, at: datetime | None = None) -> Reading:
        """good ÷ total of an objective over the last `window` seconds, or over those before `at`."""
        ...

    def prometheus(self, query: str, *, at: datetime | None = None) -> Reading:
        """An instant query, now or as of `at`. Never raises: what went wrong stands in `Reading.error`."""
        ...

    def burn_rate(self, slug: str, lengths: Sequence[float]) -> Reading:
        """The slowest of the burn rates of an objective over the last so many seconds each; unknown where one is."""
        ...


class NotifyPort(Protocol):
    def send(self, recipients: Sequence[str], *, title: str, body: str, urgency: str, key: str) -> int:
        """Queue one message each. A recipient is `team:<slug>/<role>`, `window:<coordinator|deputy|owner>` or an address.

        The same key is said once. Returns how many people it went to; Rejected names a recipient that reaches nobody."""
        ...


@dataclass(frozen=True, slots=True)
class Observed:
    """What was seen of a surface. `state` is small JSON, in the words of what was desired; `note` one sentence for people; `handle`
    what the other side calls it."""

    agrees: bool
    state: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    handle: str = ""
    lapses_at: datetime | None = None


class SurfacePort(Protocol):
    """Things outside that a window holds in a state: silences, traffic, credentials. What is held is written down before it is
    touched, compared again and again while the window lives, and let go with its end."""

    def covers(self, service: str, environment: str) -> bool:
        """Whether the window's scope has this place; an empty environment stands for any."""
        ...

    def look(self, kind: str, name: str, desired: Mapping[str, Any]) -> Observed:
        """What is there now, beside what would be desired. Nothing is kept or changed."""
        ...

    def wanted(self, kind: str, name: str) -> Mapping[str, Any]:
        """What this window wants of it by now, as written down before anything was touched; {} where nothing."""
        ...

    def hold(self, kind: str, name: str, desired: Mapping[str, Any], *, on_drift: str = "mend", within: str = "") -> Observed:
        """Bring it into this state, and keep it there ("mend") or show where it deviates ("show"). Again with the same wish, the same
        thing is found, not doubled. `within` names the part of `desired` whose entries are added to those earlier steps wanted.
        PortError where it could not be done now; it stays wanted, and is tried again."""
        ...

    def let_go(self, kind: str, name: str) -> str:
        """End it now. One sentence about what became of it; PortError where it could not be ended now (it is tried again)."""
        ...


Stop = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Limits:
    """What every port of one call obeys."""

    deadline: datetime
    stop: Stop
