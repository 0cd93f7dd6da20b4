"""The documents of one text, and the references between them."""

from __future__ import annotations

from dataclasses import dataclass

from windows.catalogue.openslo.words import NAME
from windows.texts.findings import Findings
from windows.texts.tree import Node


@dataclass(slots=True)
class Stream:
    """The documents of a text, by kind and name: what references point to."""

    findings: Findings
    known: dict[str, dict[str, Node]]

    def find(self, kind: str, node: Node, path: str) -> Node | None:
        """The spec of the document a reference names."""
        name = self.findings.text(node, path, pattern=NAME)
        found = self.known.get(kind, {}).get(name)
        if name and found is None:
            self.findings.wrong(node, path, f"There is no {kind} “{name}” in this text.")
        return found
