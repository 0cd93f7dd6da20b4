"""Collects everything that is wrong with a text, and reads single fields of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches

from windows.texts.problems import Problem, SpecError
from windows.texts.tree import Node

ENOUGH = 100  # problems told at once
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def near(word: str, known: Iterable[str]) -> str:
    """' Did you mean “timeout”?', or nothing."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Did you mean “{close[0]}”?" if close else ""


def listed(words: Iterable[str]) -> str:
    return ", ".join(words)


@dataclass(slots=True)
class Findings:
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def wrong(self, node: Node | None, path: str, message: str) -> None:
        if len(self.problems) < ENOUGH:
            self.problems.append(Problem(message, path.strip("."), node.line if node else None, node.column if node else None))

    def warn(self, node: Node, path: str, message: str) -> None:
        self.warnings.append(Problem(message, path, node.line, node.column))

    def raise_if_any(self) -> None:
        if self.problems:
            raise SpecError(sorted(self.problems, key=lambda p: (p.line or 0, p.column or 0)))

    def mapping(self, node: Node, path: str, known: Collection[str], required: Collection[str] = ()) -> dict[str, Node]:
        """The values of a mapping by key; unknown and missing keys are told. {} where it is none."""
        if not node.is_mapping:
            self.wrong(node, path, f"A mapping is expected, with {listed(known)}.")
            return {}
        for name, entry in node.content.items():
            if name not in known:
                self.wrong(entry.key, f"{path}.{name}", f"“{name[:60]}” is not known here.{near(name, known)} Known: {listed(known)}.")
        for name in required:
            if name not in node.content:
                self.wrong(node, f"{path}.{name}", f"“{name}” is missing.")
        return {name: entry.value for name, entry in node.content.items() if name in known}

    def items(self, node: Node | None, path: str, most: int) -> list[Node]:
        """The items of a list; [] where there is none."""
        if node is None:
            return []
        if not node.is_list:
            self.wrong(node, path, "A list is expected: its items begin with “- ”.")
            return []
        if len(node.content) > most:
            self.wrong(node, path, f"{len(node.content)} items, {most} are the most.")
        return list(node.content[:most])

    def text(self, node: Node | None, path: str, *, least: int = 1, most: int = 200, pattern: str = "", default: str = "") -> str:
        if node is None:
            return default
        value = node.content
        if not isinstance(value, str):
            self.wrong(node, path, "Text is expected; quote it if it looks like something else.")
        elif not least <= len(value.strip()) <= most:
            self.wrong(node, path, f"{least} to {most} characters are expected, not {len(value.strip())}.")
        elif CONTROLS.search(value):
            self.wrong(node, path, "Control characters are not allowed.")
        elif pattern and not re.fullmatch(pattern, value):
            self.wrong(node, path, f"“{value[:60]}” does not fit: {pattern} is expected.")
        else:
            return value.strip()
        return default

    def choice(self, node: Node | None, path: str, choices: Collection[str], default: str) -> str:
        if node is None:
            return default
        if isinstance(node.content, str) and node.content in choices:
            return node.content
        given = str(node.content)[:60] if not (node.is_mapping or node.is_list) else "a collection"
        self.wrong(node, path, f"“{given}” is not known.{near(given, choices)} Known: {listed(choices)}.")
        return default

    def truth(self, node: Node | None, path: str, default: bool | None = None) -> bool | None:
        if node is None or isinstance(node.content, bool):
            return node.content if node else default
        self.wrong(node, path, "true or false is expected.")
        return default

    def share(self, node: Node | None, path: str, of: int = 1) -> Decimal | None:
        """A number above 0 and at most `of`, as a share of it, as exact as it is written: six decimals. None where there is none."""
        if node is None:
            return None
        value = node.content
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < (told := Decimal(str(value)) / of) <= 1:
            self.wrong(node, path, f"A number above 0 and at most {of} is expected.")
            return None
        if told != round(told, 6):
            self.wrong(node, path, "At most six decimals of a share are kept.")
        return told

    def integer(self, node: Node | None, path: str, *, least: int, most: int, default: int) -> int:
        if node is None:
            return default
        if isinstance(node.content, int) and not isinstance(node.content, bool) and least <= node.content <= most:
            return node.content
        self.wrong(node, path, f"A whole number from {least} to {most} is expected.")
        return default
