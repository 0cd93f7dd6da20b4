"""Where a rollback of a runbook may end, what goes back only so far, and what proves afterwards that all is well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

from windows.runbooks.spec.findings import Findings
from windows.runbooks.spec.model import OnFail, StepSpec, WatchSpec
from windows.texts.tree import Node

KEYS = ("checkpoint", "on_fail", "after_rollback")
A_PROOF_LOOKS = "A proof of a rollback only looks."


@dataclass(frozen=True, slots=True)
class Ends:
    is_checkpoint: bool
    on_fail: Literal["roll_back", "checkpoint"]
    after_rollback: bool


def read_ends(given: Mapping[str, Node], path: str, phase: str, findings: Findings) -> Ends:
    """`checkpoint: true` and `on_fail:` of a step, `after_rollback: true` of a validation step."""
    for key, where, told in (("checkpoint", "step", "steps"), ("on_fail", "step", "steps"), ("after_rollback", "validation", "validation")):
        if key in given and phase != where:
            findings.wrong(given[key], f"{path}.{key}", f"“{key}” goes with what stands under `{told}:`.")
    back = on_fail(given.get("on_fail"), path, ("roll_back", "checkpoint"), findings)
    return Ends(
        bool(findings.truth(given.get("checkpoint"), f"{path}.checkpoint")),
        "checkpoint" if back == "checkpoint" else "roll_back",
        bool(findings.truth(given.get("after_rollback"), f"{path}.after_rollback")),
    )


def on_fail(node: Node | None, path: str, choices: Sequence[str], findings: Findings) -> OnFail:
    return cast(OnFail, findings.choice(node, f"{path}.on_fail", choices, "roll_back"))


def check_ends(steps: Sequence[StepSpec], watch: Sequence[WatchSpec], findings: Findings) -> None:
    """Whoever goes back to a checkpoint needs one: a step, before it; a watch gate, anywhere."""
    is_marked = False
    for step in steps:
        if step.on_fail == "checkpoint" and not is_marked:
            told = f"“{step.name}” goes back to a checkpoint, but no earlier step says `checkpoint: true`."
            findings.wrong(Node(step.line or 1, step.column or 1), "on_fail", told)
        is_marked = is_marked or step.is_checkpoint
    for gate in watch:
        if gate.on_fail == "checkpoint" and not is_marked:
            told = f"“{gate.name}” goes back to a checkpoint, but no step says `checkpoint: true`."
            findings.wrong(Node(gate.line or 1, gate.column or 1), "on_fail", told)


def proofs(validation: Sequence[StepSpec]) -> list[StepSpec]:
    """The validation steps that are done once more when everything was undone, as steps of their own."""
    return [
        replace(step, name=f"{step.name[:103]} (after rollback)", phase="proof", undo=None, no_undo_reason=A_PROOF_LOOKS)
        for step in validation
        if step.after_rollback
    ]
