"""What a runbook costs and what it leaves behind: people, money an hour, and what must be torn down when it is done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from windows.runbooks.spec.findings import Findings
from windows.runbooks.spec.model import CostSpec, LeftoverSpec, ParameterSpec
from windows.runbooks.spec.substitution import Fields, objection
from windows.texts.tree import Node

KEYS = ("people", "cloud_per_hour", "leftovers")
LEFTOVER_KEYS = ("what", "within", "cost_per_hour")
MOST, LARGEST = 20, Decimal(10) ** 10
LONGEST = timedelta(days=365)


def read_cost(node: Node | None, declared: Mapping[str, ParameterSpec], findings: Findings) -> CostSpec | None:
    if node is None:
        return None
    given = findings.mapping(node, "cost", KEYS)
    people = findings.integer(given.get("people"), "cost.people", least=1, most=1000, default=0) or None
    items = findings.items(given.get("leftovers"), "cost.leftovers", MOST)
    leftovers = tuple(read_leftover(item, f"cost.leftovers[{n}]", declared, findings) for n, item in enumerate(items))
    names = [one.what for one in leftovers]
    if len(set(names)) < len(names):
        findings.wrong(given["leftovers"], "cost.leftovers", "One of them stands here twice.")
    return CostSpec(people, money(given.get("cloud_per_hour"), "cost.cloud_per_hour", findings), leftovers)


def read_leftover(node: Node, path: str, declared: Mapping[str, ParameterSpec], findings: Findings) -> LeftoverSpec:
    given = findings.mapping(node, path, LEFTOVER_KEYS, required=["what"])
    what = findings.text(given.get("what"), f"{path}.what", most=150)
    if trouble := objection(what, (), False, declared, Fields()):
        findings.wrong(given["what"], f"{path}.what", trouble)
    within = findings.duration(given.get("within"), f"{path}.within", least=timedelta(hours=1), most=LONGEST)
    return LeftoverSpec(what, within or timedelta(days=7), money(given.get("cost_per_hour"), f"{path}.cost_per_hour", findings))


def money(node: Node | None, path: str, findings: Findings) -> Decimal | None:
    """An amount in the portal's one currency, to the hundredth; None where there is none."""
    if node is None:
        return None
    value = node.content
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= (told := Decimal(str(value))) < LARGEST:
        findings.wrong(node, path, "An amount of zero or more is expected, such as 12.50.")
        return None
    if told != round(told, 2):
        findings.wrong(node, path, "An amount has at most two decimals.")
    return told
