"""What the ids in a window's trail are called."""

from __future__ import annotations

from collections.abc import Iterable

from windows.approvals.edits import PEOPLE, Names
from windows.audit.queries import TrailEntry
from windows.catalogue.models import Person, Team
from windows.runbooks.models import RunbookVersion


def names_in(entries: Iterable[TrailEntry]) -> Names:
    """A query for each sort of thing that was changed, none where it was not."""
    said = [entry.data["changed"] for entry in entries if isinstance(entry.data.get("changed"), dict)]

    def ids(*fields: str) -> set[int]:
        pairs = [changed[name] for changed in said for name in fields if isinstance(changed.get(name), list)]
        return {value for pair in pairs for value in pair if isinstance(value, int)}

    people, teams, versions = ids(*PEOPLE), ids("team_id"), ids("runbook_version_id")
    rows = RunbookVersion.objects.filter(pk__in=versions).values_list("pk", "runbook__title", "number") if versions else []
    return Names(
        people=dict(Person.objects.filter(pk__in=people).values_list("pk", "name")) if people else {},
        teams=dict(Team.objects.filter(pk__in=teams).values_list("pk", "name")) if teams else {},
        versions={pk: (title, number) for pk, title, number in rows},
    )
