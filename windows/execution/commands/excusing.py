"""Verbs: what was agreed about the budgets of a window is written down when its run begins, and given back when it ends early.

Inside the transaction of the run's own transition. Nothing is excused by whom nobody signed for: an emergency that begins before its
approval is charged whole, and so is every minute after the end that was approved.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from slo.intervals import Interval
from slo.maintenance import minute_after
from slo.objectives.commands import excuse, give_back
from slo.objectives.queries import promises
from windows.approvals.queries.authority import authority_of
from windows.execution.models import Run
from windows.lifecycle.states import ChangeType


def excuse_window(run: Run, now: datetime) -> list[dict[str, Any]]:
    """From this minute to the end that was approved; what was written down, for the trail."""
    window = run.window
    places = set(window.scopes.values_list("service__slug", "environment"))
    wanted = [one for one in promises(services={service for service, _ in places}) if (one.service, one.environment) in places]
    if not wanted or window.change_type == ChangeType.EMERGENCY or run.window_ends_at <= now:
        return []
    found = authority_of(window.pk)
    if found is None:
        return []
    entries = excuse(
        wanted, window.reference, Interval(now, run.window_ends_at), slack=window.slack, authority=found.told, approvers=found.approvers
    )
    return [
        {
            "objective": one.objective, "policy": one.policy.value, "slack": one.slack, "since": one.interval.start.isoformat(),
            "until": one.interval.end.isoformat(), "authority": one.authority, "approvers": list(one.approvers),
        }
        for one in entries
    ]  # fmt: skip


def excuse_extension(run: Run, ended: datetime, until: datetime, now: datetime, approver: str) -> int:
    """From the end that held, or from now where that has passed, to the new one; for how many objectives. Nothing for an emergency, and
    nothing where the window itself had no approval."""
    window, since = run.window, max(minute_after(ended), now)
    if window.change_type == ChangeType.EMERGENCY or since >= until or authority_of(window.pk) is None:
        return 0
    places = set(window.scopes.values_list("service__slug", "environment"))
    wanted = [one for one in promises(services={service for service, _ in places}) if (one.service, one.environment) in places]
    authority = f"Extension of {window.reference} to {until:%Y-%m-%d %H:%M} UTC, approved by {approver}."
    return len(excuse(wanted, window.reference, Interval(since, until), slack=window.slack, authority=authority, approvers=(approver,)))


def give_back_of(run: Run, now: datetime) -> None:
    """What was excused beyond this minute counts again."""
    give_back(run.window.reference, now)
