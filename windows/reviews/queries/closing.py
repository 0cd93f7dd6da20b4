"""The review tasks of a window, from what is on record. A constant number of queries, however many windows."""

from __future__ import annotations

from collections.abc import Collection

from windows.execution.models import BreakGlass, CheckResult, Run
from windows.lifecycle.states import ChangeType
from windows.reviews.closing import RAN, Facts, Glass, Signed, Task, review_tasks
from windows.reviews.models import FollowUp, Postmortem, SignOff
from windows.reviews.states import FollowUpKind, FollowUpStatus, PostmortemStatus
from windows.scheduling.models import Window


def review_tasks_of(window_id: int) -> list[Task]:
    """The caller has asked whether the window may be seen."""
    return review_tasks_of_all([window_id]).get(window_id, [])


def review_tasks_of_all(window_ids: Collection[int]) -> dict[int, list[Task]]:
    """Seven queries."""
    glasses: dict[int, list[Glass]] = {}
    rows = BreakGlass.objects.filter(window__in=window_ids).select_related("person", "runbook_version__runbook").order_by("pk")
    for row in rows:
        version = f"{row.runbook_version.runbook.slug}, version {row.runbook_version.number}"
        told = Glass(row.pk, row.person_id, row.person.name, version, row.reason, row.because, row.at)
        glasses.setdefault(row.window_id, []).append(told)
    signed: dict[int, dict[str, Signed]] = {}
    for word in SignOff.objects.filter(window__in=window_ids).select_related("person"):
        signed.setdefault(word.window_id, {})[word.task] = Signed(word.person.name, word.at, word.finding)
    published = set(
        Postmortem.objects.filter(window__in=window_ids, status=PostmortemStatus.PUBLISHED.value).values_list("window_id", flat=True)
    )
    begun: dict[int, set[int]] = {}
    urgent = Run.objects.filter(window__in=window_ids, window__change_type=ChangeType.EMERGENCY.value, rehearsal="")
    for window, person in urgent.values_list("window_id", "started_by_id"):
        begun.setdefault(window, set()).update({person} if person else set())
    skipped: dict[int, list[str]] = {}
    unmet = CheckResult.objects.filter(run__in=urgent, run__started_at__isnull=False).exclude(verdict="pass").order_by("name")
    for window, name in unmet.values_list("run__window_id", "name").distinct():
        skipped.setdefault(window, []).append(name.replace("_", " "))
    left: dict[int, list[str]] = {}
    for window, title, state in FollowUp.objects.filter(window__in=window_ids, kind=FollowUpKind.LEFTOVER.value).values_list(
        "window_id", "title", "status"
    ):
        left.setdefault(window, []).extend([title] if state == FollowUpStatus.OPEN else [])
    found = {}
    names = ("pk", "status", "change_type", "emergency_approval__decision")
    for pk, status, kind, answered in Window.objects.filter(pk__in=window_ids).values_list(*names):
        facts = Facts(
            status=status, glasses=glasses.get(pk, ()), is_emergency=kind == ChangeType.EMERGENCY, skipped=skipped.get(pk, ()),
            begun_by=frozenset(begun.get(pk, ())), answered=answered, published=pk in published,
            leftovers=left.get(pk, ()), had_leftovers=pk in left,
        )  # fmt: skip
        found[pk] = review_tasks(facts, signed.get(pk, {}))
    return found


def unclosed(limit: int, after: int = 0) -> list[int]:
    """Windows that ran, ended and are not closed, the oldest first, beyond this id."""
    rows = Window.objects.filter(status__in=RAN, closed_at=None, ended_at__isnull=False, pk__gt=after)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:limit])
