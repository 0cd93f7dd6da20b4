"""Steps and watch gates of a runbook."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

from windows.actions.durations import write_duration
from windows.actions.measurement import CODE, Gate
from windows.actions.params import Params
from windows.actions.registry import Kind, kinds
from windows.runbooks.spec.actions import Declared, check_params
from windows.runbooks.spec.ends import KEYS as ENDS
from windows.runbooks.spec.ends import on_fail, read_ends
from windows.runbooks.spec.findings import Findings
from windows.runbooks.spec.loops import read_loop
from windows.runbooks.spec.model import ActionSpec, StepSpec, WatchSpec
from windows.runbooks.spec.quiescing import KEYS, read_quiesce
from windows.runbooks.spec.substitution import Fields
from windows.texts.findings import listed
from windows.texts.tree import Node

STEP_KEYS = ("name", "timeout", "retry", "repeatable", "undo", "because", *KEYS, *ENDS)
WATCH_KEYS = ("name", "interval", "on_fail")
SHORTEST = timedelta(seconds=1)
NOTHING_TO_UNDO = "A validation step only looks."


def fields_of(kind: Kind) -> Fields:
    return Fields(kind.code, kind.urls)


def settle(kind: Kind, model: Params | None, said_timeout: timedelta | None, said_repeatable: bool | None) -> tuple[timedelta, bool]:
    """Timeout and repeatability, from what the text says or else the kind."""
    needed = kind.needs(model) if model else timedelta()
    timeout = said_timeout or min(kind.longest, max(kind.timeout, needed + timedelta(minutes=1) if needed else kind.timeout))
    return timeout, kind.repeatable(model) if said_repeatable is None and model else bool(said_repeatable)


def read_steps(
    node: Node | None, path: str, phase: Literal["step", "validation"], declared: Declared, findings: Findings
) -> tuple[StepSpec, ...]:
    def read(item: Node, where: str, known: Declared) -> StepSpec | None:
        return read_step(item, where, phase, known, findings)

    found: list[StepSpec | None] = []
    for n, item in enumerate(findings.items(node, path, 200)):
        if item.is_mapping and "for_each" in item.content and phase == "step":
            found += read_loop(item, f"{path}[{n}]", n + 1, declared=declared, findings=findings, read=read)
        else:
            found.append(read(item, f"{path}[{n}]", declared))
    return tuple(step for step in found if step)


def read_step(node: Node, path: str, phase: Literal["step", "validation"], declared: Declared, findings: Findings) -> StepSpec | None:
    known = kinds()
    given = findings.mapping(node, path, [*STEP_KEYS, *known], required=["name"])
    named = [name for name in given if name in known]
    if len(named) != 1:
        if named:
            findings.wrong(node.content[named[1]].key, f"{path}.{named[1]}", f"A step has one action; this one has {listed(named)}.")
        elif given and set(node.content) <= set(STEP_KEYS):
            findings.wrong(node, path, f"A step needs an action, one of {listed(known)}.")
        return None
    kind = known[named[0]]
    model, params = check_params(
        given[kind.name], f"{path}.{kind.name}", kind.params, fields_of(kind), declared=declared, findings=findings
    )
    said_timeout = findings.duration(given.get("timeout"), f"{path}.timeout", least=SHORTEST, most=kind.longest)
    said_repeatable = findings.truth(given.get("repeatable"), f"{path}.repeatable")
    timeout, is_repeatable = settle(kind, model, said_timeout, said_repeatable)
    if model and kind.needs(model) > timeout:
        least = write_duration(kind.needs(model))
        findings.wrong(given.get("timeout", node), f"{path}.timeout", f"The timeout is shorter than the {least} the step takes.")
    attempts, backoff = read_retry(given.get("retry"), f"{path}.retry", findings)
    if attempts > 1 and not is_repeatable:
        message = "A step is only tried again if doing it twice does no harm: then say `repeatable: true`."
        findings.wrong(given["retry"], f"{path}.retry", message)
    undo, reason = read_undo(given, node, path, ActionSpec(kind.name, params), phase=phase, declared=declared, findings=findings)
    stopped, resumed, within = read_quiesce(given, path, findings)
    ends = read_ends(given, path, phase, findings)
    return StepSpec(
        is_checkpoint=ends.is_checkpoint,
        on_fail=ends.on_fail,
        after_rollback=ends.after_rollback,
        quiesces=stopped,
        resumes=resumed,
        resume_within=within,
        name=findings.text(given.get("name"), f"{path}.name", most=120),
        action=ActionSpec(kind.name, params),
        timeout=timeout,
        phase=phase,
        undo=undo,
        no_undo_reason=reason,
        is_repeatable=is_repeatable,
        max_attempts=attempts,
        backoff=backoff,
        said_timeout=said_timeout,
        said_repeatable=said_repeatable,
        line=node.line,
        column=node.column,
    )


def read_retry(node: Node | None, path: str, findings: Findings) -> tuple[int, timedelta]:
    if node is None:
        return 1, timedelta(seconds=1)
    given = findings.mapping(node, path, ("attempts", "backoff"), required=["attempts"])
    attempts = findings.integer(given.get("attempts"), f"{path}.attempts", least=1, most=20, default=1)
    backoff = findings.duration(given.get("backoff"), f"{path}.backoff", least=timedelta(), most=timedelta(minutes=10))
    return attempts, timedelta(seconds=1) if backoff is None else backoff


def read_undo(
    given: Mapping[str, Node], step: Node, path: str, action: ActionSpec, *, phase: str, declared: Declared, findings: Findings
) -> tuple[ActionSpec | None, str]:
    """How the step is undone, or why it need not be (exactly one of both, unless the text is wrong)."""
    undo, because, known = given.get("undo"), given.get("because"), kinds()
    is_none = undo is not None and undo.content == "none"
    reason = findings.text(because, f"{path}.because", least=5, most=500)
    if because is not None and not is_none:
        findings.wrong(because, f"{path}.because", "“because” goes with `undo: none`: it says why nothing needs undoing.")
    if undo is None:
        if known[action.kind].compensate:
            return ActionSpec(action.kind, action.params, "compensate"), ""
        if phase == "validation":
            return None, NOTHING_TO_UNDO
        message = f"“{action.kind}” cannot undo itself: say `undo:` with an action, or `undo: none` with `because:`."
        findings.wrong(step, f"{path}.undo", message)
        return None, ""
    if is_none:
        if because is None:
            findings.wrong(undo, f"{path}.because", "`undo: none` needs `because:`, the reason why nothing needs undoing.")
        return None, reason
    if undo.content is None or not undo.is_mapping:
        findings.wrong(undo, f"{path}.undo", f"An action is expected, one of {listed(known)}, or the word none.")
        return None, ""
    actions = findings.mapping(undo, f"{path}.undo", list(known))
    if len(undo.content) != 1 or not actions:
        if actions or not undo.content:
            findings.wrong(undo, f"{path}.undo", "Exactly one action is expected.")
        return None, ""
    name = next(iter(actions))
    _, params = check_params(
        actions[name], f"{path}.undo.{name}", known[name].params, fields_of(known[name]), declared=declared, findings=findings
    )
    return ActionSpec(name, params), ""


def read_watch(node: Node | None, declared: Declared, findings: Findings) -> tuple[WatchSpec, ...]:
    return tuple(read_gate(item, f"watch[{n}]", declared, findings) for n, item in enumerate(findings.items(node, "watch", 50)))


def read_gate(node: Node, path: str, declared: Declared, findings: Findings) -> WatchSpec:
    """Its own keys, and beside them the params of a Gate. Failures are counted in a row: the whole run is long."""
    if not node.is_mapping:
        findings.wrong(node, path, f"A mapping is expected, with {listed(WATCH_KEYS)} and a gate.")
        return WatchSpec("", {})
    own = {name: entry.value for name, entry in node.content.items() if name in WATCH_KEYS}
    rest = Node(node.line, node.column, {name: entry for name, entry in node.content.items() if name not in WATCH_KEYS})
    if "name" not in own:
        findings.wrong(node, f"{path}.name", "“name” is missing.")
    _, params = check_params(rest, path, Gate, Fields(CODE), declared=declared, findings=findings)
    interval = findings.duration(own.get("interval"), f"{path}.interval", least=timedelta(milliseconds=200), most=timedelta(minutes=10))
    return WatchSpec(
        name=findings.text(own.get("name"), f"{path}.name", most=120),
        gate={"consecutive_failures": 1} | params,
        interval=interval or timedelta(seconds=5),
        on_fail=on_fail(own.get("on_fail"), path, ("roll_back", "checkpoint", "hold"), findings),
        line=node.line,
        column=node.column,
    )
