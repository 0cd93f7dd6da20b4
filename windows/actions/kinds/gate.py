"""Goes on only when a measurement proves that it may: an objective, its burn rate, a PromQL query or a SQL value against thresholds,
or one of them beside what it was before the window or is where the window does nothing.

Three-valued: no data, a value between the thresholds or a silent source is never a pass. Measures once a call and lets the worker go.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from windows.actions.context import Context
from windows.actions.gates import Answer, Outlook, Progress, Reading, Verdict, judge, progress
from windows.actions.measurement import CODE, Gate, measure
from windows.actions.outcomes import Done, Failed, Outcome, Undecided, Wait
from windows.actions.params import Duration

kind = "gate"
undone = ""
only_looks = True
interruptible = True
repeatable = True
timeout = timedelta(minutes=5)
longest = timedelta(hours=8)
code = CODE
KEPT_VERDICTS, KEPT_READINGS = 500, 10


class Params(Gate):
    """`otherwise` is what becomes of a run whose gate stays undecided and that nobody answers for."""

    otherwise: Literal["roll_back", "hold"] = "roll_back"
    interval: Duration = timedelta(seconds=5)


def sentence(params: Params) -> str:
    spec = params.spec()
    fail = f", fail where it is {spec.failing.words(is_share=spec.is_share)}" if spec.failing else ""
    times = f", {params.consecutive} times in a row" if params.consecutive > 1 else ""
    return f"Go on when {params.source} is {spec.passing.words(is_share=spec.is_share)}{times}{fail}"


def run(params: Params, ctx: Context) -> Outcome:
    spec = params.spec()
    reading = measure(params, telemetry=ctx.telemetry, sql=ctx.sql, now=ctx.now(), opened_at=ctx.opened_at)
    now = ctx.now()
    verdict = judge(reading, spec, now)
    ctx.measured("gate", reading, verdict)
    fresh = ctx.checkpoint.get("attempt") == ctx.attempt  # a retry starts counting again
    letters = ((ctx.checkpoint.get("verdicts", "") if fresh else "") + letter(verdict))[-KEPT_VERDICTS:]
    readings = [*(ctx.checkpoint.get("readings", []) if fresh else []), told(reading, verdict, now.isoformat())][-KEPT_READINGS:]
    checkpoint = {"attempt": ctx.attempt, "verdicts": letters, "readings": readings}
    stands = progress([VERDICTS[each] for each in letters], spec)
    match stands.outlook:
        case Outlook.PASSED:
            return Done(verdict.reason, checkpoint)
        case Outlook.FAILED:
            return Failed(f"{params.source}: {verdict.reason} ({counted(stands)})", permanent=True, checkpoint=checkpoint)
        case Outlook.UNDECIDED:
            return Undecided(f"{params.source}: {verdict.reason} ({counted(stands)})", tuple(readings), checkpoint, params.otherwise)
    if now + params.interval >= ctx.deadline:
        reason = f"{params.source}: time is up, last: {verdict.reason} ({counted(stands)})"
        return Undecided(reason, tuple(readings), checkpoint, params.otherwise)
    note = f"{stands.passes} of {spec.consecutive} in a row" if spec.consecutive > 1 else f"not yet: {verdict.reason}"
    return Wait(now + params.interval, checkpoint, note=note)


def compensate(params: Params, ctx: Context) -> Outcome:
    return Done("Nothing to undo.")


VERDICTS = {
    "P": Verdict(Answer.PASS, ""),
    "F": Verdict(Answer.FAIL, ""),
    "I": Verdict(Answer.INCONCLUSIVE, ""),
    "E": Verdict(Answer.INCONCLUSIVE, "", is_error=True),
}


def letter(verdict: Verdict) -> str:
    return "E" if verdict.is_error else verdict.answer.value[0].upper()


def told(reading: Reading, verdict: Verdict, at: str) -> dict[str, Any]:
    """A reading as JSON: NaN and infinities have no place there."""
    value = reading.value if verdict.answer is not Answer.INCONCLUSIVE else None
    return {"at": at, "value": value, "verdict": verdict.answer.value, "is_error": verdict.is_error, "reason": verdict.reason}


def counted(stands: Progress) -> str:
    parts = {"failed": stands.failures, "inconclusive": stands.inconclusive, "in error": stands.errors}
    return ", ".join(f"{count} {word}" for word, count in parts.items() if count) or "no verdict yet"
