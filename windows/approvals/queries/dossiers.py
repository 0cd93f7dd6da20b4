"""Requests as those who decide read them: what will happen to whom, what is risky, what is green, who signed, what changed.

The number of statements does not follow how many requests there are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count

from windows.access.roles import Actor
from windows.approvals.models import Approval, ApprovalRequest, Decision
from windows.approvals.policy import differences, told_by_turn
from windows.approvals.queries.budgets import LEAST, budgets
from windows.approvals.queries.comments import open_questions
from windows.approvals.queries.standing import barred_from, empty_places, signatures_of, wanted_places
from windows.approvals.risk import LOOKS_BACK, Budget, Check, Facts, Reason, checks, reasons
from windows.lifecycle.states import ChangeType, WindowStatus
from windows.runbooks.models import RunbookVersion
from windows.runbooks.queries import spec_of
from windows.runbooks.spec import RunbookSpec, SpecError
from windows.runbooks.spec.backups import backup_missing
from windows.scheduling.conflicts import ConflictFinding, Severity
from windows.scheduling.models import Window, WindowScope
from windows.scheduling.queries import conflicts_ahead, scopes_of
from windows.scheduling.queries.overrides import OverrideView, overrides_ahead
from windows.scheduling.queries.publicity import unannounced

NO_RUNBOOK: tuple[str, bool, RunbookSpec | None] = ("", False, None)
WENT_WRONG = [WindowStatus.FAILED.value, WindowStatus.ROLLED_BACK.value]


@dataclass(frozen=True, slots=True)
class Earlier:
    """The last request that somebody had signed: who, and how what was signed differs from what is asked for now."""

    number: int
    status: str
    names: tuple[str, ...]
    changed: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """All that stands in a row of the inbox."""

    request: ApprovalRequest
    window: Window
    services: tuple[str, ...]
    places: tuple[str, ...]
    length: timedelta
    risks: tuple[Reason, ...]
    checks: tuple[Check, ...]
    signed: tuple[str, ...]
    missing: tuple[str, ...]  # whose turn it is
    later: tuple[str, ...]  # missing too, and signed after those
    earlier: Earlier | None
    questions: int  # that nobody has answered
    conflicts: tuple[ConflictFinding, ...] = ()
    overrides: tuple[OverrideView, ...] = ()  # of those conflicts: who goes ahead in spite of them

    @property
    def collides(self) -> bool:
        """Whether the conflict that somebody accepted with a reason still stands."""
        return any(one.name == "Conflicts" and one.verdict != "pass" for one in self.checks)

    @property
    def red(self) -> int:
        """How many checks are not green."""
        return sum(one.verdict != "pass" for one in self.checks)


def dossiers(requests: Sequence[ApprovalRequest], viewer: Actor, now: datetime) -> list[Dossier]:
    """In the order given. The viewer may see each of these windows."""
    if not requests:
        return []
    ids = [row.window_id for row in requests]
    scopes = scopes_of(ids)
    signatures = signatures_of({row.pk: barred_from(row.window, row) for row in requests})
    findings = conflicts_ahead(ids, viewer, now)
    health = budgets({(one.service, one.environment) for scope in scopes.values() for one in scope}, now)
    wrong = went_wrong({one.service for scope in scopes.values() for one in scope}, now)
    books = runbooks({row.window.runbook_version_id for row in requests if row.window.runbook_version_id})
    before, questions, accepted = earlier(requests), open_questions(ids), overrides_ahead(ids, viewer, now)
    untold = unannounced([row.window for row in requests if row.window.change_type != ChangeType.EMERGENCY])
    found = []
    for row in requests:
        window, scope = row.window, scopes.get(row.window_id, ())
        spots = {(one.service, one.environment) for one in scope}
        book, proven, spec = books.get(window.runbook_version_id or 0, NO_RUNBOOK)
        layers = sorted({one.layer for one in scope})
        facts = Facts(
            starts_at=window.starts_at,
            ends_at=window.ends_at,
            mode=window.mode,
            change_type=window.change_type,
            tiers=sorted({one.tier for one in scope}),
            layers=layers,
            users=window.expected_users,
            slack=window.slack,
            runbook=book,
            proven=proven,
            failures={one.service_name: wrong[one.service] for one in scope if one.service in wrong},
            budgets=[
                Budget(one.promise.slug, one.figures.adjusted.remaining)
                for one in health
                if (one.promise.service, one.promise.environment) in spots
            ],
            hard=[one.why for one in findings.get(window.pk, []) if one.severity is Severity.HARD],
            soft=[one.why for one in findings.get(window.pk, []) if one.severity is Severity.SOFT],
            backup_missing=backup_missing(spec, layers) if spec and window.change_type != ChangeType.EMERGENCY else "",
            unannounced=untold.get(window.pk, ()),
        )
        signed = signatures.get(row.pk, [])
        lacking, later = told_by_turn(wanted_places(row, row.material), empty_places(row, row.material, signed))
        found.append(
            Dossier(
                request=row,
                window=window,
                services=tuple(dict.fromkeys(one.service_name for one in scope)),
                places=tuple(dict.fromkeys(f"{one.environment}/{one.region}" for one in scope)),
                length=window.ends_at - window.starts_at,
                risks=tuple(reasons(facts, LEAST)),
                checks=tuple(checks(facts, now, LEAST)),
                signed=tuple(one.name for one in signed),
                missing=tuple(lacking),
                later=tuple(later),
                earlier=before.get(row.pk),
                questions=questions.get(row.window_id, 0),
                conflicts=tuple(findings.get(window.pk, ())),
                overrides=tuple(accepted.get(window.pk, ())),
            )
        )
    return found


def went_wrong(services: Collection[str], now: datetime) -> dict[str, int]:
    """How many windows on each service failed or rolled back lately; services without one are left out."""
    rows = WindowScope.objects.filter(
        service__slug__in=services, window__status__in=WENT_WRONG, window__ended_at__gte=now - LOOKS_BACK, window__ended_at__lte=now
    )
    return dict(rows.values_list("service__slug").annotate(times=Count("window", distinct=True)))


def runbooks(versions: Collection[int]) -> Mapping[int, tuple[str, bool, RunbookSpec | None]]:
    """By version: its title and number, whether it has once been run to its end, and what it means, None where today's rules refuse its
    text. No statement where none is asked for."""
    if not versions:
        return {}
    rows = RunbookVersion.objects.filter(pk__in=versions).select_related("runbook")
    done = Window.objects.filter(runbook_version__in=versions, status=WindowStatus.COMPLETED.value)
    proven = set(done.values_list("runbook_version", flat=True).distinct())
    return {row.pk: (f"{row.runbook.title}, version {row.number},", row.pk in proven, meaning_of(row)) for row in rows}


def meaning_of(version: RunbookVersion) -> RunbookSpec | None:
    try:
        return spec_of(version)
    except SpecError:
        return None


def earlier(requests: Sequence[ApprovalRequest]) -> dict[int, Earlier]:
    """By request: the last one before it, of the same window, that somebody had signed."""
    again = {row.window_id: row for row in requests if row.number > 1}
    if not again:
        return {}
    given = Approval.objects.filter(request__window__in=list(again), decision=Decision.APPROVED.value).select_related("request", "approver")
    found: dict[int, tuple[ApprovalRequest, list[str]]] = {}
    for one in given.order_by("request__number", "id"):
        before, current = one.request, again[one.request.window_id]
        if before.number >= current.number:
            continue
        known = found.get(current.pk)
        if known is None or known[0].pk != before.pk:
            known = found[current.pk] = (before, [])
        known[1].append(one.approver.name)
    return {
        row.pk: Earlier(before.number, before.status, tuple(names), tuple(differences(before.material, row.material)))
        for row in again.values()
        if row.pk in found
        for before, names in [found[row.pk]]
    }
