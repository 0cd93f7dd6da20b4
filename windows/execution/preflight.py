"""Ask every check, outside any transaction; then settle: store the answers and let the run begin, or block it."""

from __future__ import annotations

import importlib
import logging
import pkgutil
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from django.db import DatabaseError, connection, transaction

from windows.access.roles import ENGINE
from windows.actions.gates import Answer
from windows.approvals.commands.claims import claim_start
from windows.approvals.commands.emergencies import owe_approval
from windows.approvals.queries import standing
from windows.errors import Conflict
from windows.execution import checks as folder
from windows.execution.checking import Answered, Candidate, failed
from windows.execution.commands.asking import page_not_begun
from windows.execution.commands.emergencies import hold_others
from windows.execution.commands.transitions import become, locked
from windows.execution.models import CheckResult, Run, clock
from windows.execution.queries.freezes import freezes_over
from windows.execution.saga import judge_preflight
from windows.execution.states import RunStatus
from windows.lifecycle.states import ChangeType
from windows.scheduling.commands.transactions import see_freezes
from windows.scheduling.queries import scope_of

log = logging.getLogger(__name__)


@cache
def checks() -> Mapping[str, Callable[[Candidate], Answered]]:
    """The `check` of every module in checks/, by the module's name."""
    names = [item.name for item in pkgutil.iter_modules(folder.__path__)]
    return {name: importlib.import_module(f"{folder.__name__}.{name}").check for name in names}


def examine(run: Run) -> dict[str, Answered]:
    """Every check's answer by its name. A check that breaks is inconclusive: it never lets a run begin."""
    kinds = frozenset(run.steps.values_list("kind", flat=True))
    candidate = Candidate(run, run.window, scope_of(run.window_id), kinds, clock())
    answers = {}
    for name, check in checks().items():
        try:
            answers[name] = check(candidate)
        except Exception as error:
            log.exception("preflight check %s of run %s", name, run.pk)
            answers[name] = Answered(Answer.INCONCLUSIVE, f"The check “{name.replace('_', ' ')}” broke: {type(error).__name__}: {error}")
            if isinstance(error, DatabaseError):
                connection.close_if_unusable_or_obsolete()
    return answers


@transaction.atomic(durable=True)
def settle(run_id: int, fence: int, answers: Mapping[str, Answered]) -> None:
    """Store the answers; the run begins with its window, or is blocked. Nothing is written where another worker has taken over.

    The approval and the freezes are judged once more under locks that no edit gets past. An emergency begins whatever the
    answers are: those that were not a pass are recorded as skipped.
    """
    rehearsal, kind = Run.objects.values_list("rehearsal", "window__change_type").get(pk=run_id)
    emergency = kind == ChangeType.EMERGENCY or bool(rehearsal)  # a rehearsal shows what would bar it, and begins
    see_freezes()
    unclaimed = [] if emergency else _claim(run_id)
    run = locked(run_id)
    if run.fence != fence or run.status != RunStatus.PREFLIGHT:
        return
    now = clock()
    frozen = freezes_over(run.window_id, now)
    if frozen.refusal:  # made, or begun, since the checks were asked
        answers = {**answers, "freeze": failed(frozen.refusal, **frozen.evidence)}
    refusals = [answered.reason for answered in answers.values() if answered.verdict is not Answer.PASS] + unclaimed
    results = [CheckResult(run=run, name=n, verdict=a.verdict.value, reason=a.reason, evidence=a.evidence) for n, a in answers.items()]
    CheckResult.objects.bulk_create(
        results, update_conflicts=True, unique_fields=["run", "name"], update_fields=["verdict", "reason", "evidence"]
    )
    told = {"checks": {name: answered.verdict.value for name, answered in answers.items()}}
    skipped = [name for name, answered in answers.items() if answered.verdict is not Answer.PASS] if emergency else []
    decision = judge_preflight([] if emergency else list(dict.fromkeys(refusals)))
    if decision.status is RunStatus.RUNNING:
        try:
            with transaction.atomic():
                met = [freeze.id for freeze in frozen.in_force if emergency or freeze not in frozen.barring]
                word = "A rehearsal: these would have barred it:" if rehearsal else "Emergency: skipped"
                reason = f"{word} {', '.join(skipped)}." if skipped else decision.reason
                data = {**told, "skipped": skipped}
                become(run, RunStatus.RUNNING, ENGINE, reason=reason, now=now, data=data, started_at=now, freezes_met=met)
        except Conflict as refusal:  # its window moved on, or another holds the slot
            run = locked(run_id)
            block(run, refusal.detail, now, told)
            return
        if emergency and not rehearsal:
            hold_others(run, now)
            if not standing(run.window_id).valid:
                owe_approval(run.window, run.started_by_id, now, skipped)
        return
    block(run, decision.reason, now, told)


def block(run: Run, reason: str, now: datetime, told: dict[str, Any]) -> None:
    become(run, RunStatus.BLOCKED, ENGINE, reason=reason, now=now, data=told)
    page_not_begun(run.window, reason)


def _claim(run_id: int) -> list[str]:
    window_id, executor = Run.objects.values_list("window_id", "started_by_id").get(pk=run_id)
    try:
        claim_start(window_id, executor)
    except Conflict as refusal:
        return [refusal.detail]
    return []
