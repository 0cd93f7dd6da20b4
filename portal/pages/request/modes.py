"""Whether a runbook sets its flags as its window says that users will find the service. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from windows.lifecycle.states import Mode
from windows.lifecycle.words import mode_in_words
from windows.runbooks.spec.model import StepSpec

Place = tuple[str, str]  # service, environment
MILDEST_FIRST = [mode.value for mode in Mode]
BY_FLAG_ALONE = frozenset({Mode.THROTTLED.value, Mode.READ_ONLY.value, Mode.OFFLINE.value})  # users get the others without a flag, too


def modes_set(steps: Iterable[StepSpec], places: Collection[Place]) -> list[str]:
    """The modes that its flag steps set at these places, each once; normal ends one."""
    flags = [step.action for step in steps if step.action.kind == "flag" and step.action.verb == "run"]
    flags = [one for one in flags if (one.params["service"], one.params["environment"]) in places]
    return [mode for mode in dict.fromkeys(str(one.params["mode"]) for one in flags) if mode != Mode.NORMAL]


def unlike(mode: str, steps: Iterable[StepSpec], places: Collection[Place]) -> str:
    """Where the two disagree at the window's places, a sentence; empty where they do not. A milder mode beside the
    window's own is no disagreement."""
    found = modes_set(steps, places)
    says = f"this window says that users get {mode_in_words(mode)}"
    if not found:
        return f"No step of the runbook sets a flag there, and {says}." if mode in BY_FLAG_ALONE else ""
    worst = max(found, key=MILDEST_FIRST.index)
    if mode in found and MILDEST_FIRST.index(worst) <= MILDEST_FIRST.index(mode):
        return ""
    return f"The runbook sets {mode_in_words(worst) if mode in found else ' and '.join(map(mode_in_words, found))}; {says}."
