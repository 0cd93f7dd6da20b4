"""The incident checklist (SPEC §16, "Incident in a window"): computed where a machine knows the answer. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portal.dashboards.live import LiveRun


@dataclass(frozen=True, slots=True)
class Item:
    """`verdict`: pass, fail, inconclusive (not known), or empty where only a person can say."""

    title: str
    verdict: str
    said: str


def incident(runs: Sequence[LiveRun]) -> list[Item]:
    """The five in their order, over everything that is live."""
    return [flag_and_scope(runs), expected(runs), decide(runs), execute(runs), record(runs)]


def flag_and_scope(runs: Sequence[LiveRun]) -> Item:
    title = "Check flag and scope"
    told = [flags for run in runs for flags in run.flags]
    behind = sorted({node.name for flags in told for node in flags.laggards})
    if behind:
        return Item(title, "fail", f"Behind: {', '.join(behind[:6])}{' and more' if len(behind) > 6 else ''}.")
    if not told:
        return Item(title, "inconclusive", "No node of these services tells which flag it holds.")
    nodes = sum(flags.all for flags in told)
    return Item(title, "pass", f"{'Its one node holds' if nodes == 1 else f'All {nodes} nodes hold'} the newest flag.")


def expected(runs: Sequence[LiveRun]) -> Item:
    title = "Compare telemetry with what was expected"
    newest = [(run, gate) for run in runs for gate in run.gates]
    broken = [f"{run.reference} {gate.name}" for run, gate in newest if gate.newest.verdict == "fail"]
    bad = [f"{run.reference} {one.objective}" for run in runs for one in run.tagged if one.is_bad]
    unsure = [f"{run.reference} {gate.name}" for run, gate in newest if gate.newest.verdict == "inconclusive"]
    if broken or bad:
        return Item(title, "fail", f"Worse than promised: {', '.join([*broken, *bad][:4])}.")
    if unsure:
        return Item(title, "inconclusive", f"No verdict: {', '.join(unsure[:4])}.")
    if not newest and not any(run.tagged for run in runs):
        return Item(title, "inconclusive", "No gate watches, and nothing was measured under a tag.")
    return Item(title, "pass", "Gates pass; what carries a tag keeps its promise.")


def decide(runs: Sequence[LiveRun]) -> Item:
    waiting = [run.reference for run in runs if run.needs_somebody]
    said = f"{', '.join(waiting)} cannot go on alone: continue, roll back or abort." if waiting else "No run waits for a decision."
    return Item("Decide: continue, roll back or abort", "fail" if waiting else "pass", said)


def execute(runs: Sequence[LiveRun]) -> Item:
    undoing = [run.reference for run in runs if run.status == "rolling_back"]
    return Item("Execute", "", f"{', '.join(undoing)} goes back now." if undoing else "Hold and Roll back are beside each run.")


def record(runs: Sequence[LiveRun]) -> Item:
    return Item("Record, and schedule the postmortem", "", "Every act is in the trail by itself; the date is a person's to set.")
