"""What conflicts are judged from, and what comes out: plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256


class Severity(StrEnum):
    HARD = "hard"
    SOFT = "soft"
    ADVISORY = "advisory"


class ConflictKind(StrEnum):
    SCOPE = "scope"  # the same service, environment and region at the same time
    REDUNDANCY = "redundancy"  # too little of a group would be left
    REGION_PAIR = "region_pair"  # both regions of a pair at once
    LIMIT = "limit"  # more windows at once than a policy allows
    DEPENDENCY = "dependency"
    EXTERNAL = "external"  # a provider works on what ours rests on
    PERSON = "person"
    FREEZE = "freeze"
    TOO_MANY = "too_many"  # more windows a month than a policy allows, or after one that failed


HEADINGS = {  # the finding in one line: what of ours it meets, and with whom
    ConflictKind.SCOPE: "{who} works on {what} at the same time",
    ConflictKind.REDUNDANCY: "Too little would stay up: {what}",
    ConflictKind.REGION_PAIR: "Both regions of a pair at once: {what}",
    ConflictKind.LIMIT: "More at once than “{what}” allows",
    ConflictKind.DEPENDENCY: "{who} works on what {what} needs, or is needed by",
    ConflictKind.EXTERNAL: "{who} reaches {what}",
    ConflictKind.PERSON: "{who} wants {what} as well",
    ConflictKind.FREEZE: "{what}: frozen by “{who}”",
    ConflictKind.TOO_MANY: "{what} is worked on too often: {who}",
}
Deployed = tuple[str, str, str]  # service, environment, region
Named = tuple[int, str]  # person id, name
Needs = Mapping[str, frozenset[str]]  # service → what it depends on


@dataclass(frozen=True, slots=True)
class Place:
    """Where a window works. `team` owns the service; tier 0 is not known."""

    service: str
    environment: str
    region: str
    team: str = ""
    tier: int = 0

    @property
    def deployed(self) -> Deployed:
        return self.service, self.environment, self.region


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A window as conflicts see it. `begins`, `ends` are what it keeps for itself; people are (person id, name).

    `on_call` are those who alone are on call for a team it touches. `planned` is the period as filed, where `begins` and `ends` may
    have outgrown it: what was accepted about a rival holds until somebody edits that.
    """

    reference: str
    begins: datetime
    ends: datetime
    places: frozenset[Place]
    coordinator: Named | None = None
    deputy: Named | None = None
    owner: Named | None = None
    on_call: frozenset[Named] = frozenset()
    team: str = ""  # whose window it is
    emergency: bool = False
    running: bool = False
    takes_down: bool = True  # False: its mode is normal, users notice nothing
    planned: tuple[datetime, datetime] | None = None
    asked_at: datetime | None = None  # when approval was first asked for; None: not yet
    id: int | None = None  # of a saved one: a rival whose name is hidden may be the window itself

    @property
    def deployed(self) -> frozenset[Deployed]:
        return frozenset(place.deployed for place in self.places)


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeFacts:
    """A change freeze; an empty set means any. Excepted are the windows (references) and teams it does not bind."""

    title: str
    begins: datetime
    ends: datetime
    severity: str
    id: int | None = None  # None: it is only thought of
    services: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    environments: frozenset[str] = frozenset()
    tiers: frozenset[int] = frozenset()
    excepted_windows: frozenset[str] = frozenset()
    excepted_teams: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class External:
    """A provider's maintenance, mapped to what of ours rests on it. An empty environment or region means any."""

    provider: str
    title: str
    begins: datetime
    ends: datetime
    impact: str  # no_impact, reduced_redundancy, degraded, outage, unknown
    places: frozenset[Deployed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Deployments that stand in for each other: at least `minimum` of them stay up."""

    name: str
    minimum: int
    members: frozenset[Deployed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most so many windows at once: of a team's services, of a platform with what needs it, in an environment. Empty means any."""

    title: str
    at_most: int
    severity: str
    team: str = ""
    platform: frozenset[str] = frozenset()  # the platform and everything that needs it
    environment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What was agreed about windows at the same time. A service that runs in both regions of a pair stays up in one of them."""

    groups: tuple[Group, ...] = ()
    pairs: frozenset[frozenset[str]] = frozenset()
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class ConflictFinding:
    """One thing in the way: what of ours it meets, with whom, why, and what would resolve it.

    `key` names these facts: who accepted the finding accepted this key, and other facts have another one.
    """

    kind: ConflictKind
    severity: Severity
    what: str
    who: str
    why: str
    resolve: str
    freeze: int | None = None  # its id: titles repeat
    key: str = ""

    @property
    def heading(self) -> str:
        text = HEADINGS[self.kind].format(what=self.what, who=self.who)
        return text[0].upper() + text[1:] if text.startswith("a confidential window") else text


def key_of(finding: ConflictFinding, *facts: object) -> str:
    told = (finding.kind, finding.severity, finding.what, finding.who, finding.freeze, *facts)
    return sha256("\x1f".join(map(str, told)).encode()).hexdigest()[:24]


def moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def apart(candidate: Candidate, begins: datetime, ends: datetime, now: datetime, until: str = "") -> str:
    """When the candidate would not meet what lasts from `begins` to `ends`. Before it only where there is still time for that."""
    after = f"Begin after {moment(ends)}{until}"
    if begins - (candidate.ends - candidate.begins) <= now:
        return f"{after}."
    return f"{after}{',' if until else ''} or end before {moment(begins)}."


def overlap(one: Candidate, other: Candidate) -> bool:
    return one.begins < other.ends and other.begins < one.ends


def softened(candidate: Candidate, severity: Severity) -> Severity:
    """An emergency is never refused."""
    return Severity.SOFT if candidate.emergency and severity is Severity.HARD else severity
