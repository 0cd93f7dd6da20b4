"""What a runbook stops it must let go on again: every `quiesce:` has its `resume:`, later and once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from windows.runbooks.spec.findings import Findings
from windows.runbooks.spec.model import StepSpec
from windows.texts.tree import Node

KEYS = ("quiesce", "resume")
SHAPE = "quiesce: orders, or quiesce: {what: orders, resume_within: 20m}"


def read_quiesce(given: Mapping[str, Node], path: str, findings: Findings) -> tuple[str, str, timedelta | None]:
    """What the step stops, what it lets go on, and how long that may stay stopped."""
    within = None
    node = given.get("quiesce")
    if node is not None and node.is_mapping:
        inner = findings.mapping(node, f"{path}.quiesce", ("what", "resume_within"), required=["what"])
        node = inner.get("what")
        within = findings.duration(
            inner.get("resume_within"), f"{path}.quiesce.resume_within", least=timedelta(seconds=1), most=timedelta(hours=8)
        )
    stopped = findings.text(node, f"{path}.quiesce", most=100)
    resumed = findings.text(given.get("resume"), f"{path}.resume", most=100)
    if "quiesce" in given and "resume" in given:
        findings.wrong(given["resume"], f"{path}.resume", "One step cannot both quiesce and resume.")
    return stopped, resumed, within


def check_pairs(steps: Sequence[StepSpec], findings: Findings) -> None:
    """Each in its order; one inside a loop is resumed inside the same loop, once for each of its targets."""
    open_: dict[str, StepSpec] = {}
    for step in steps:
        here = Node(step.line or 1, step.column or 1)
        if step.quiesces in open_ and step.quiesces:
            findings.wrong(here, "quiesce", f"“{step.quiesces}” is quiesced already, in line {open_[step.quiesces].line}.")
        elif step.quiesces:
            open_[step.quiesces] = step
        if not step.resumes:
            continue
        before = open_.pop(step.resumes, None)
        if before is None:
            findings.wrong(here, "resume", f"“{step.resumes}” is resumed here, but no earlier step says `quiesce: {step.resumes}`.")
        elif before.loop != step.loop or before.is_between != step.is_between:
            findings.wrong(
                here, "resume", f"“{step.resumes}” is quiesced in line {before.line}, not in the same loop: it is not once for once."
            )
    for what, step in open_.items():
        message = f"“{what}” is quiesced here and never resumed: a later step must say `resume: {what}`."
        findings.wrong(Node(step.line or 1, step.column or 1), "quiesce", message)
