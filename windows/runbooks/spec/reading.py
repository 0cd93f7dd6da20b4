"""From a text to a RunbookSpec: everything that is wrong with it at once, each with field, line and column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

from windows.runbooks.spec.costs import read_cost
from windows.runbooks.spec.ends import check_ends
from windows.runbooks.spec.expecting import read_expected
from windows.runbooks.spec.findings import Findings
from windows.runbooks.spec.model import DATA, BackupCheck, RunbookSpec, StepSpec, WatchSpec
from windows.runbooks.spec.parameters import read_parameters
from windows.runbooks.spec.quiescing import check_pairs
from windows.runbooks.spec.steps import read_steps, read_watch
from windows.runbooks.spec.undoing import check_gates
from windows.texts.tree import Node, grow

KNOWN = (
    "runbook",
    "title",
    "description",
    "layers",
    "parameters",
    "rollback_reserve",
    "on_turn_back",
    "backup_check",
    "playbooks",
    "expected_alerts",
    "cost",
    "watch",
    "steps",
    "validation",
)
SLUG = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
LAYERS = tuple(f"L{n}" for n in range(1, 11))
DAY = timedelta(days=1)
BACKUP_KEYS = ("database", "query", "max_age")
BACKUP_SHAPE = 'backup_check: {database: …, query: "select max(finished_at) from …", max_age: 24h}'


def parse(text: str) -> RunbookSpec:
    """The runbook in a YAML text. Raises SpecError, and nothing else, with every problem that was found."""
    root, findings = grow(text), Findings()
    given = findings.mapping(root, "", KNOWN, required=["runbook", "title", "steps"])
    parameters = read_parameters(given.get("parameters"), findings)
    declared = {parameter.name: parameter for parameter in parameters}
    layers = read_layers(given.get("layers"), findings)
    backup_check = read_backup_check(given.get("backup_check"), findings)
    if DATA in layers and "backup_check" not in given:
        findings.wrong(given["layers"], "backup_check", f"Layer {DATA} touches data: say `{BACKUP_SHAPE}`.")
    watch = read_watch(given.get("watch"), declared, findings)
    steps = read_steps(given.get("steps"), "steps", "step", declared, findings)
    validation = read_steps(given.get("validation"), "validation", "validation", declared, findings)
    if "steps" in given and given["steps"].content == []:
        findings.wrong(given["steps"], "steps", "A runbook has at least one step.")
    check_names([*steps, *validation], "step", findings)
    check_pairs(steps, findings)
    check_gates(steps, findings)
    check_ends(steps, watch, findings)
    for stray in (step for step in validation if step.quiesces or step.resumes):
        findings.wrong(
            Node(stray.line or 1, stray.column or 1), "validation", "A validation step only looks: it neither quiesces nor resumes."
        )
    check_names(watch, "gate", findings)
    reserve = findings.duration(given.get("rollback_reserve"), "rollback_reserve", least=timedelta(), most=DAY)
    guides = read_playbooks(given.get("playbooks"), findings)
    turn_back = findings.choice(given.get("on_turn_back"), "on_turn_back", ("roll_back", "hold"), "roll_back")
    warn(root, given, findings)
    read = RunbookSpec(
        slug=findings.text(given.get("runbook"), "runbook", most=63, pattern=SLUG),
        title=findings.text(given.get("title"), "title"),
        description=findings.text(given.get("description"), "description", least=0, most=4000),
        layers=layers,
        parameters=parameters,
        rollback_reserve=reserve or timedelta(),
        on_turn_back="hold" if turn_back == "hold" else "roll_back",
        backup_check=backup_check,
        playbooks=guides,
        expected_alerts=read_expected(given.get("expected_alerts"), declared, findings),
        cost=read_cost(given.get("cost"), declared, findings),
        watch=watch,
        steps=steps,
        validation=validation,
        warnings=tuple(findings.warnings),
    )
    findings.raise_if_any()
    return read


def read_playbooks(node: Node | None, findings: Findings) -> tuple[str, ...]:
    """Their short names. Whether they are here is not asked: a runbook may come before its playbook."""
    items = findings.items(node, "playbooks", 20)
    return tuple(dict.fromkeys(findings.text(one, f"playbooks[{n}]", most=63, pattern=SLUG) for n, one in enumerate(items)))


def read_layers(node: Node | None, findings: Findings) -> tuple[str, ...]:
    items = findings.items(node, "layers", len(LAYERS))
    return tuple(dict.fromkeys(found for n, item in enumerate(items) if (found := findings.choice(item, f"layers[{n}]", LAYERS, ""))))


def read_backup_check(node: Node | None, findings: Findings) -> BackupCheck | None:
    """The query is asked as it stands: a backup is a fact of the database, not of one window."""
    if node is None:
        return None
    given = findings.mapping(node, "backup_check", BACKUP_KEYS, required=BACKUP_KEYS)
    database = findings.text(given.get("database"), "backup_check.database", most=63, pattern=SLUG)
    query = findings.text(given.get("query"), "backup_check.query", most=4000)
    if "{{" in query:
        findings.wrong(given["query"], "backup_check.query", "No parameter enters this query: it is asked as it stands.")
    max_age = findings.duration(given.get("max_age"), "backup_check.max_age", least=timedelta(minutes=1), most=30 * DAY)
    return BackupCheck(database, query, max_age or timedelta())


def check_names(named: Sequence[StepSpec | WatchSpec], what: str, findings: Findings) -> None:
    """Tags, logs and pages know a step or gate by its name: it must be one of a kind."""
    for name, count in Counter(each.name for each in named).items():
        if count > 1 and name:
            last = next(each for each in reversed(named) if each.name == name)
            findings.wrong(Node(last.line or 1, last.column or 1), "name", f"Two {what}s are called “{name}”.")


def warn(root: Node, given: Mapping[str, Node], findings: Findings) -> None:
    """What is allowed and seldom wise."""
    if "validation" not in given:
        findings.warn(root, "validation", "No validation: nothing proves afterwards that the service is well.")
    if "watch" not in given:
        findings.warn(root, "watch", "No watch gates: only people and deadlines can stop a run that hurts users.")
