"""Collects everything that is wrong with a runbook's text, durations included."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from windows.actions.durations import parse_duration, write_duration
from windows.texts.findings import Findings as Texts
from windows.texts.tree import Node


@dataclass(slots=True)
class Findings(Texts):
    def duration(self, node: Node | None, path: str, *, least: timedelta, most: timedelta) -> timedelta | None:
        """None where there is none, or none that can be used."""
        if node is None:
            return None
        try:
            length = parse_duration(node.content)
        except ValueError as error:
            self.wrong(node, path, f"{error}.")
            return None
        if least <= length <= most:
            return length
        self.wrong(node, path, f"{write_duration(least)} to {write_duration(most)} is expected, not {node.content}.")
        return None
