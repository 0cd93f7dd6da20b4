"""What nobody can take back is done only after a gate has looked [X3]."""

from __future__ import annotations

from collections.abc import Sequence

from windows.actions.registry import kinds
from windows.runbooks.spec.findings import Findings
from windows.runbooks.spec.model import StepSpec
from windows.texts.tree import Node


def check_gates(steps: Sequence[StepSpec], findings: Findings) -> None:
    """A step with `undo: none` has a `gate` step somewhere before it, unless its kind leaves nothing behind that could be undone
    or a person decides about it (`manual`).

    A gate between the batches of a loop does not count: with one batch it is never asked.
    """
    known, is_gated = kinds(), False
    for step in steps:
        kind = known[step.action.kind]
        leaves_nothing = kind.compensate is not None and kind.undone == ""
        if step.no_undo_reason and not is_gated and not leaves_nothing and step.action.kind != "manual":
            message = (
                f"“{step.name}” cannot be undone, so a `gate:` step must stand before it: it is done only once a measurement allows it."
            )
            findings.wrong(Node(step.line or 1, step.column or 1), "steps", message)
        is_gated = is_gated or (step.action.kind == "gate" and not step.is_between)
