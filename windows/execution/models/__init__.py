"""Runs, what they hold outside, and rehearsals, as tables."""

from windows.audit.clock import clock  # every lease is compared with it
from windows.execution.models.readiness import AcceptedGap
from windows.execution.models.rehearsals import BreakGlass, RehearsalPolicy
from windows.execution.models.runs import LIVE, CheckResult, GateReading, Run, Signature, StepLog, StepRun
from windows.execution.models.surfaces import Surface

__all__ = [
    "LIVE",
    "AcceptedGap",
    "BreakGlass",
    "CheckResult",
    "GateReading",
    "RehearsalPolicy",
    "Run",
    "Signature",
    "StepLog",
    "StepRun",
    "Surface",
    "clock",
]
