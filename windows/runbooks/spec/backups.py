"""Whether a runbook looks after the data that a window touches. Pure."""

from __future__ import annotations

from collections.abc import Collection

from windows.runbooks.spec.model import DATA, RunbookSpec


def backup_missing(spec: RunbookSpec, layers: Collection[str]) -> str:
    """What preflight refuses, as a sentence; empty where data is not touched or its backup is asked for."""
    if DATA not in layers or spec.backup_check is not None:
        return ""
    return f"The scope has layer {DATA}, which holds data, and the runbook says no backup_check."
