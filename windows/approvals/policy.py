"""Who must sign what, and what a signature is bound to. Pure.

Four eyes are on the person: whoever asked, made or last edited a request never counts, and one person fills one place,
however many roles they hold.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from windows.access.roles import Role
from windows.approvals.bounds import UNBOUNDED, Bounds, begins_within, beyond, checked_hours
from windows.errors import Invalid
from windows.lifecycle.states import ChangeType, Mode

TEAMS = ("owner", "affected", "any")
CHOICES: Mapping[str, frozenset[Any]] = {
    "tier": frozenset({1, 2, 3, 4}),
    "change_type": frozenset(c.value for c in ChangeType),
    "mode": frozenset(m.value for m in Mode),
    "layer": frozenset(f"L{n}" for n in range(1, 11)),
}
LISTS = frozenset({*CHOICES, "environment", "service", "team"})  # a list of values; any of the window's in it fits
FEWEST_USERS = "expected_users_at_least"
BUDGET_BELOW, HOURS = "budget_left_below", "hours"  # a share of the smallest budget; hours in which the window begins
KEYS = sorted({*LISTS, FEWEST_USERS, BUDGET_BELOW, HOURS})
SIGNING = frozenset(role.value for role in Role) - {Role.VIEWER.value, Role.ADMINISTRATOR.value}


@dataclass(frozen=True, slots=True)
class Requirement:
    """So many people of this role: of the owning team, of each affected team for itself, or of any team. An SRE is one everywhere.

    A later `turn` is signed when every earlier one is filled.
    """

    role: str
    quorum: int = 1
    team: str = "owner"
    turn: int = 1

    def stored(self) -> dict[str, Any]:
        """As a policy keeps it; the first turn goes without saying."""
        said = {"role": self.role, "quorum": self.quorum, "team": self.team}
        return said if self.turn == 1 else said | {"turn": self.turn}


@dataclass(frozen=True, slots=True)
class PolicyRow:
    name: str
    match: Mapping[str, Any]
    requires: tuple[Requirement, ...]
    separate_executor: bool = False
    bounds: Bounds = UNBOUNDED


@dataclass(frozen=True, slots=True)
class Signature:
    """One person's yes, with the (team, role) pairs it may count for. `hand` is who gave it, where a delegate signed in their place."""

    person_id: int
    name: str
    roles: frozenset[tuple[str, str]]
    hand: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """One place that a signature must fill. `team` is None where any team's will do."""

    role: str
    team: str | None
    turn: int = 1

    def fits(self, roles: Iterable[tuple[str, str]]) -> bool:
        return any(role == self.role and (self.team in (None, team) or role == Role.SRE) for team, role in roles)

    @property
    def told(self) -> str:
        role = self.role.replace("_", " ")
        return f"{role} of {self.team}" if self.team and self.role != Role.SRE else role


FALLBACK = PolicyRow("No policy matches: the owning team's owner signs", {}, (Requirement(Role.OWNER.value),))


def match(rows: Iterable[PolicyRow], facts: Mapping[str, Any]) -> PolicyRow:
    """The first row that fits; where none does, the owning team's owner must sign."""
    return next((row for row in rows if fits(row.match, facts)), FALLBACK)


def fits(wanted: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """Whether a window is what a row is for. An absent key means any; an unknown one fits nothing."""
    for key, value in wanted.items():
        if key == FEWEST_USERS:
            users = facts.get("expected_users")
            if users is None or users < value:  # an unknown number of users is not "many": a later row decides
                return False
        elif key == BUDGET_BELOW:
            left = facts.get("budget_left", 1.0)  # without any objective there is no budget that could be low
            if left is not None and left >= value:  # one that cannot be told is low
                return False
        elif key == HOURS:
            if not begins_within(facts["begins_at"], value):
                return False
        elif key not in LISTS or not set(value) & set(facts[key]):
            return False
    return True


def bounded(row: PolicyRow, change_type: str, begins: datetime, ends: datetime, now: datetime) -> tuple[PolicyRow, list[str]]:
    """The row as it counts for this period, with what is beyond its bounds: one signature more where it says whose, which its name
    tells; else the row as it is, and the window is to be refused. An emergency has no bounds."""
    found = [] if change_type == ChangeType.EMERGENCY else beyond(row.bounds, begins, ends, now)
    if not found or not row.bounds.else_role:
        return row, found
    role = row.bounds.else_role
    last = max((need.turn for need in row.requires), default=1)
    more = Requirement(role, 1, "any" if role == Role.SRE else "owner", last)
    name = f"{row.name} (beyond its bounds: {'SRE' if role == Role.SRE else role.replace('_', ' ')} too)"
    return replace(row, name=name, requires=(*row.requires, more)), found


def places(requires: Iterable[Requirement], owner_team: str, affected_teams: Collection[str]) -> list[Place]:
    """Every place to be filled, one entry each, in the order of their turns."""
    found: list[Place] = []
    for need in sorted(requires, key=lambda need: need.turn):
        teams: Sequence[str | None] = [None]
        if need.team == "owner":
            teams = [owner_team]
        elif need.team == "affected" and need.role != Role.SRE:
            teams = sorted(affected_teams) or [owner_team]
        found += [Place(need.role, team, need.turn) for team in teams for _ in range(need.quorum)]
    return found


def missing(wanted: Sequence[Place], signatures: Iterable[Signature], barred: Collection[int] = ()) -> list[Place]:
    """The places that stay empty when the signatures are seated as well as can be, each person once, the barred not at all. Earlier
    places are filled before later ones."""
    people = {signature.person_id: signature for signature in signatures if signature.person_id not in barred}
    seats: dict[int, int] = {}  # person → place

    def seat(place: int, asked: set[int]) -> bool:
        for person_id, signature in sorted(people.items()):
            if person_id in asked or not wanted[place].fits(signature.roles):
                continue
            asked.add(person_id)
            if person_id not in seats or seat(seats[person_id], asked):
                seats[person_id] = place
                return True
        return False

    return [wanted[place] for place in range(len(wanted)) if not seat(place, set())]


def turn_of(wanted: Sequence[Place], empty: Sequence[Place]) -> int | None:
    """The turn that is signed now; None where the policy asks for no order, or nothing is missing."""
    if len({place.turn for place in wanted}) < 2:
        return None
    return min((place.turn for place in empty), default=None)


def told_by_turn(wanted: Sequence[Place], empty: Sequence[Place]) -> tuple[list[str], list[str]]:
    """The empty places in words: those that may be filled now, and those whose turn has not come."""
    turn = turn_of(wanted, empty)
    return told([one for one in empty if turn is None or one.turn <= turn]), told([one for one in empty if turn and one.turn > turn])


def told(wanted: Sequence[Place]) -> list[str]:
    """Places in words, counted: "2 × sre", "owner of shop"."""
    names = [place.told for place in wanted]
    return [name if names.count(name) == 1 else f"{names.count(name)} × {name}" for name in dict.fromkeys(names)]


def canonical(material: Mapping[str, Any]) -> bytes:
    """The one spelling of the material fields that is hashed: sorted keys, no spaces, UTF-8, finite numbers only."""
    return json.dumps(material, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest(material: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(material)).hexdigest()


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The fields that are not what they were: [{"field", "before", "after"}], parameters one by one."""
    found: list[dict[str, Any]] = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if (name in before) == (name in after) and canonical({"": old}) == canonical({"": new}):
            continue
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found += [{**inner, "field": f"{name}.{inner['field']}"} for inner in differences(old, new)]
        else:
            found.append({"field": name, "before": old, "after": new})
    return found


def checked_match(given: object) -> dict[str, Any]:
    """A row's `match`, or Invalid naming the key."""
    if not isinstance(given, Mapping):
        raise Invalid("Write an object such as {“tier”: [1, 2]}.", field="match")
    for key, value in given.items():
        if key == FEWEST_USERS:
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise Invalid("Write a whole number.", field=f"match.{key}")
            continue
        if key == BUDGET_BELOW:
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
                raise Invalid("Write a share from 0 to 1.", field=f"match.{key}")
            continue
        if key == HOURS:
            checked_hours(value, f"match.{key}")
            continue
        if key not in LISTS:
            raise Invalid(f"A policy cannot match by “{str(key)[:40]}”. It can by: {', '.join(KEYS)}.", field="match")
        if not isinstance(value, list | tuple) or not value or not all(isinstance(item, str | int) for item in value):
            raise Invalid("Write a list of values.", field=f"match.{key}")
        if key in CHOICES and (wrong := [item for item in value if isinstance(item, bool) or item not in CHOICES[key]]):
            raise Invalid(f"“{wrong[0]}” is none of: {', '.join(sorted(map(str, CHOICES[key])))}.", field=f"match.{key}")
    plain = {str(key): list(value) if isinstance(value, list | tuple) else value for key, value in given.items()}
    return plain | ({HOURS: checked_hours(plain[HOURS], f"match.{HOURS}")} if HOURS in plain else {})


def checked_requires(given: object) -> tuple[Requirement, ...]:
    """A row's `requires`, or Invalid naming the entry. Empty means pre-authorised."""
    if not isinstance(given, list | tuple):
        raise Invalid("Write a list such as [{“role”: “sre”, “quorum”: 1, “team”: “any”}].", field="requires")
    return tuple(checked_requirement(entry, f"requires[{index}]") for index, entry in enumerate(given))


def checked_requirement(entry: object, at: str) -> Requirement:
    if not isinstance(entry, Mapping) or set(entry) - {"role", "quorum", "team", "turn"}:
        raise Invalid("Write role, quorum, team and turn.", field=at)
    role, quorum, team, turn = entry.get("role"), entry.get("quorum", 1), entry.get("team", "owner"), entry.get("turn", 1)
    if role not in SIGNING:
        raise Invalid(f"“{role}” is no role that signs.", field=f"{at}.role")
    if isinstance(quorum, bool) or not isinstance(quorum, int) or not 1 <= quorum <= 20:
        raise Invalid("A quorum is a whole number from 1 to 20.", field=f"{at}.quorum")
    if team not in TEAMS:
        raise Invalid(f"Choose one of: {', '.join(TEAMS)}.", field=f"{at}.team")
    if isinstance(turn, bool) or not isinstance(turn, int) or not 1 <= turn <= 9:
        raise Invalid("A turn is a whole number from 1 to 9.", field=f"{at}.turn")
    return Requirement(str(role), quorum, str(team), turn)
