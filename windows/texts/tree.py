"""A YAML text as a tree that knows where everything stands. Nothing is constructed: events in, plain values with line and column out.

Surprising decision: built from ruamel.yaml's events, so that an alias bomb, a deep nest or a tag is refused before it costs anything.
Scalars mean what YAML 1.2's core schema says: `no` and `1:30` are text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from windows.texts.problems import Problem, SpecError

LARGEST, DEEPEST, MOST = 256 * 1024, 50, 10_000  # bytes, levels, nodes
INTEGER = re.compile(r"[-+]?[0-9]{1,18}\Z")
NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?\Z")
WORDS: dict[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}


@dataclass(slots=True)
class Node:
    """`content` is a scalar, a list of nodes or a dict of entries. Lines and columns are 1-based."""

    line: int
    column: int
    content: Any = None

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.content, dict)

    @property
    def is_list(self) -> bool:
        return isinstance(self.content, list)

    def plain(self) -> Any:
        """The value without positions."""
        if self.is_mapping:
            return {name: entry.value.plain() for name, entry in self.content.items()}
        return [node.plain() for node in self.content] if self.is_list else self.content

    def find(self, path: Sequence[object], *, at_key: bool = False) -> Node:
        """The deepest node on the way along the path, or its key; parts that lead nowhere are passed over."""
        here = key = self
        for part in path:
            if here.is_mapping and part in here.content:
                key, here = here.content[part].key, here.content[part].value
            elif here.is_list and isinstance(part, int) and part < len(here.content):
                key = here = here.content[part]
        return key if at_key else here


@dataclass(frozen=True, slots=True)
class Entry:
    key: Node
    value: Node


@dataclass(slots=True)
class Growth:
    """A collection under construction; `key` is the mapping key that waits for its value."""

    node: Node
    path: str
    key: Node | None = None


def grow(text: str) -> Node:
    """The root of the one document in the text. Raises SpecError at the first thing that makes the rest unreadable."""
    roots = grow_all(text, most=1)
    return roots[0]


def grow_all(text: str, most: int) -> list[Node]:
    """The roots of the documents in the text, one at least; as `grow`."""
    if len(text.encode(errors="replace")) > LARGEST:
        raise SpecError([Problem(f"The text is larger than {LARGEST // 1024} KiB.", "")])
    found: list[Problem] = []
    try:
        roots = assemble(YAML(typ="rt", pure=True).parse(text), found, most)
    except SpecError:
        raise
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise SpecError([Problem(f"This is no YAML: {error.problem or error.context or 'it cannot be read'}.", "", line, column)])
    except Exception as error:  # a character YAML does not know, and whatever else a scanner meets in hostile text
        what = str(error).splitlines()[0][:200] if isinstance(error, YAMLError) and str(error) else type(error).__name__
        raise SpecError([Problem(f"This is no YAML: {what}.", "", *position_of_trouble(text))])
    if found:
        raise SpecError(found)
    if not roots:
        raise SpecError([Problem("The text is empty.", "", 1, 1)])
    return roots


def position_of_trouble(text: str) -> tuple[int, int]:
    """Line and column of the first character that YAML forbids, else the start."""
    at = next(
        (n for n, c in enumerate(text) if not (c in "\t\n\r\x85" or " " <= c < "\x7f" or c >= "\xa0") or "\ud800" <= c <= "\udfff"), 0
    )
    return text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1


def assemble(events: Iterator[Event], found: list[Problem], most: int) -> list[Node]:
    roots: list[Node] = []
    open_: list[Growth] = []
    count = 0
    for event in events:
        if isinstance(event, DocumentStartEvent) and len(roots) == most:
            told = "One document is expected: a second one begins here." if most == 1 else f"{most} documents are the most."
            raise SpecError([problem(told, "", event)])
        if isinstance(event, MappingEndEvent | SequenceEndEvent):
            open_.pop()
        if not isinstance(event, NodeEvent):
            continue
        if (count := count + 1) > MOST:
            raise SpecError([problem(f"More than {MOST} values: nothing is that long.", "", event)])
        here = open_[-1] if open_ else None
        path = path_of(here)
        if isinstance(event, AliasEvent) or event.anchor:
            raise SpecError([problem("Anchors and aliases are not allowed: write it out.", path, event)])
        if (tag := getattr(event, "tag", None)) and str(tag) != "!":
            raise SpecError([problem(f"Tags are not allowed: {str(tag)[:60]}.", path, event)])
        node = Node(event.start_mark.line + 1, event.start_mark.column + 1, content_of(event))
        attach(here, node, path, found)
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            open_.append(Growth(node, path))
            if len(open_) > DEEPEST:
                raise SpecError([problem(f"Nested deeper than {DEEPEST} levels.", path, event)])
        if here is None:
            roots.append(node)
    return roots


def problem(message: str, path: str, event: Event) -> Problem:
    return Problem(message, path, event.start_mark.line + 1, event.start_mark.column + 1)


def path_of(here: Growth | None) -> str:
    """The path of what comes next."""
    if here is None:
        return ""
    if here.node.is_list:
        return f"{here.path}[{len(here.node.content)}]"
    name = str(here.key.content) if here.key else ""
    return f"{here.path}.{name}".strip(".") if name else here.path


def content_of(event: NodeEvent) -> Any:
    if isinstance(event, MappingStartEvent):
        return {}
    if isinstance(event, SequenceStartEvent):
        return []
    assert isinstance(event, ScalarEvent)
    if event.style == ">":
        return event.value.replace("\a", "")  # the round-trip scanner marks each fold with a BEL, to write it back as it was
    return scalar(event.value) if event.style is None and event.implicit[0] else event.value


def scalar(text: str) -> Any:
    """A plain scalar by the core schema, without octal, hexadecimal, infinities and NaN."""
    if text.lower() in WORDS and text in (text.lower(), text.title(), text.upper()):
        return WORDS[text.lower()]
    if INTEGER.match(text):
        return int(text)
    return number if NUMBER.match(text) and math.isfinite(number := float(text)) else text


def attach(here: Growth | None, node: Node, path: str, found: list[Problem]) -> None:
    if here is None:
        return
    if here.node.is_list:
        here.node.content.append(node)
    elif here.key is None:
        if not isinstance(node.content, str):
            hint = ' Quote a parameter: "{{ name }}".' if isinstance(node.content, dict) else ""
            raise SpecError([Problem(f"A key must be text.{hint}", path, node.line, node.column)])
        here.key = node
    else:
        name = here.key.content
        if name in here.node.content:
            before = here.node.content[name].key.line
            found.append(Problem(f"“{name}” stands here twice, first in line {before}.", path, here.key.line, here.key.column))
        else:
            here.node.content[name] = Entry(here.key, node)
        here.key = None
