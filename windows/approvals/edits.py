"""What somebody changed on a window, field by field in the words of its form, as the audit trail keeps it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from windows.approvals.changes import Change, change

PEOPLE = frozenset({"owner_id", "coordinator_id", "deputy_id"})
REWRITTEN = frozenset({"reason", "expected_impact"})  # texts too long to stand in a line twice
LISTS = frozenset({"scope", "scope_said", "expected_alerts"})


@dataclass(frozen=True, slots=True)
class Names:
    """What ids of the trail are called: people, teams, and of runbook versions the runbook and the number."""

    people: Mapping[int, str] = field(default_factory=dict)
    teams: Mapping[int, str] = field(default_factory=dict)
    versions: Mapping[int, tuple[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Edit:
    """One field. `change` is None where the trail tells no values, or they are too long to be said."""

    label: str
    change: Change | None = None
    is_list: bool = False


def edits(changed: object, names: Names) -> list[Edit]:
    """Of {field: [before, after]}; whatever has another shape changed nothing that a window's page tells."""
    return list(read(changed, names)) if isinstance(changed, Mapping) else []


def read(changed: Mapping[str, Any], names: Names) -> Iterator[Edit]:
    for name, pair in changed.items():
        before, after = pair if isinstance(pair, list | tuple) and len(pair) == 2 else (None, None)
        label = change(name, None, None).label
        if name in REWRITTEN or (before is None and after is None):
            yield Edit(label)
        elif name == "parameters" and isinstance(before, Mapping) and isinstance(after, Mapping):
            for one in sorted({*before, *after}):
                if before.get(one) != after.get(one):
                    told = change(f"parameters.{one}", before.get(one), after.get(one))
                    yield Edit(f"Parameter “{told.label}”", told)
        elif name == "runbook_version_id":
            yield Edit(label, change("version", *versions(before, after, names)))
        else:
            yield Edit(label, change(name, named(name, before, names), named(name, after, names)), name in LISTS)


def versions(before: Any, after: Any, names: Names) -> tuple[str | None, str | None]:
    """The two numbers, and the runbook where it is not the same."""
    told = [names.versions.get(one, ("another runbook", 0)) if one is not None else None for one in (before, after)]
    if told[0] and told[1] and told[0][0] == told[1][0]:
        return str(told[0][1]), str(told[1][1])
    first, second = (f"{one[1]} of {one[0]}" if one and one[1] else one[0] if one else None for one in told)
    return first, second


def named(name: str, value: Any, names: Names) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if name in PEOPLE:
        return names.people.get(value, "somebody")
    if name == "team_id":
        return names.teams.get(value, "another team")
    if name == "expected_alerts":
        return [
            f"{one.get('alert')} of {one.get('service')}/{one.get('environment')}, minute {one.get('begin')} to {one.get('end')}"
            for one in value
        ]
    if name == "scope_said":
        return [f"{one.get('service')}/{one.get('environment')}/{one.get('region')}/{'+'.join(one.get('layers') or ())}" for one in value]
    return value
