"""How long a window's SLIs stay watched once it has ended, and when one of them is breached (X9). Pure.

Only what was measured after the end counts, and only a failure is a breach: what is not known opens no incident, and is shown as not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from slo.burn_rate import TOLERANCE, Rule, judge
from windows.actions.gates import Answer, GateSpec, Outlook, Verdict, progress
from windows.execution.states import RunStatus

WATCHED = frozenset({RunStatus.SUCCEEDED, RunStatus.ROLLED_BACK})  # an aborted run left things as they were, and people know
EVERY = timedelta(seconds=30)  # no gate is measured more often than that once its window has ended


@dataclass(frozen=True, slots=True)
class Finding:
    """What the measurements since the end say of one SLI. `breach` is why it is breached, in one sentence; empty where it is not."""

    verdict: Verdict
    breach: str = ""


def watched_until(status: str, ended_at: datetime | None, length: timedelta) -> datetime | None:
    """Until when the SLIs of a run that ended so are watched; None where they are not."""
    return ended_at + length if ended_at is not None and status in WATCHED else None


def is_due(now: datetime, until: datetime, measured_at: datetime | None, ended_at: datetime) -> bool:
    """Whether it is time to measure again. What was measured before the end says nothing of afterwards."""
    return now < until and (measured_at is None or measured_at <= ended_at or now - measured_at >= EVERY)


def judge_gate(source: str, verdicts: Sequence[Verdict], spec: GateSpec) -> Finding:
    """`verdicts` are those since the end, the oldest first, and at least one; `source` is what is measured, in words."""
    stands, last = progress(list(verdicts), spec), verdicts[-1]
    if stands.outlook is not Outlook.FAILED:
        return Finding(last)
    times = "once" if stands.failures == 1 else f"{stands.failures} times"
    return Finding(last, f"{source} is {last.reason}, {times} since.")


def judge_burn(slug: str, rates: Mapping[str, float | None], since: float | None, rules: Sequence[Rule]) -> Finding:
    """A paging rule of the objective whose long and short window burn, while what was measured since the end burns as fast."""
    if since is None:
        return Finding(Verdict(Answer.INCONCLUSIVE, "nothing was measured since"))
    worst = judge(rates, tuple(rule for rule in rules if rule.urgency == "page")).worst
    if worst is None or since < worst.factor - TOLERANCE:
        return Finding(Verdict(Answer.PASS, f"{since:.1f} times as fast as allowed since"))
    told = f"{slug} burns its error budget {since:.1f} times faster than allowed since; {worst.factor:g} is the limit."
    return Finding(Verdict(Answer.FAIL, f"{since:.1f} times as fast as allowed since"), told)
