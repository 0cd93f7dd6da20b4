"""What stands in the way of a window, and why. Pure: the same question when typing, at submission, at approval and at start.

Hard refuses, soft needs a reason and a second person, advisory is shown. An emergency is never refused: it holds the others.
"""

from windows.scheduling.conflicts.closed import covered
from windows.scheduling.conflicts.duty import Duty, Shift
from windows.scheduling.conflicts.facts import (
    Candidate,
    ConflictFinding,
    ConflictKind,
    External,
    FreezeFacts,
    Group,
    Limit,
    Named,
    Needs,
    Place,
    Rules,
    Severity,
)
from windows.scheduling.conflicts.finding import OVERRUN, find
from windows.scheduling.conflicts.paths import DEPTH, neighbours
from windows.scheduling.conflicts.too_many import Load

__all__ = [
    "DEPTH",
    "OVERRUN",
    "Candidate",
    "ConflictFinding",
    "ConflictKind",
    "Duty",
    "External",
    "FreezeFacts",
    "Group",
    "Limit",
    "Load",
    "Named",
    "Needs",
    "Place",
    "Rules",
    "Severity",
    "Shift",
    "covered",
    "find",
    "neighbours",
]
