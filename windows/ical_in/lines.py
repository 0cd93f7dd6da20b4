"""iCalendar text as a tree of components, with the line of everything: what people are told when something is wrong. Pure, bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

LARGEST = 1024 * 1024  # bytes
MOST_COMPONENTS = 5_000
DEEPEST = 8
LONGEST_RAW = 32_000  # characters of one component that are kept to be looked at
NAME = re.compile(r"[A-Za-z0-9-]+")
PARAMETER = re.compile(r';([A-Za-z0-9-]+)=((?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)')
ITEM = re.compile(r'"([^"]*)"|([^,]+)')


class Unreadable(Exception):
    """This is no calendar; `line` (1-based) says where, None where it is the whole."""

    def __init__(self, detail: str, line: int | None = None) -> None:
        super().__init__(detail)
        self.detail, self.line = detail, line


@dataclass(frozen=True, slots=True)
class Property:
    """One content line: the name and the parameters' names in capitals, the value as written."""

    name: str
    parameters: dict[str, list[str]]
    value: str
    line: int

    def parameter(self, name: str) -> str:
        return ",".join(self.parameters.get(name, ()))


@dataclass(slots=True)
class Component:
    name: str
    line: int
    properties: list[Property] = field(default_factory=list)
    children: list[Component] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)

    def every(self, name: str) -> list[Property]:
        return [one for one in self.properties if one.name == name]

    def first(self, name: str) -> Property | None:
        return next((one for one in self.properties if one.name == name), None)

    def value(self, name: str) -> str:
        found = self.first(name)
        return found.value.strip() if found else ""

    def text(self) -> str:
        return "\n".join(self.raw)[:LONGEST_RAW].replace("\0", "�")


def calendars(raw: bytes) -> list[Component]:
    """Every VCALENDAR of a file; Unreadable where it is none, is broken off, or is larger than the limits."""
    if len(raw) > LARGEST:
        raise Unreadable(f"A calendar has at most {LARGEST // 1024} KiB; this one has {len(raw) // 1024}.")
    found: list[Component] = []
    stack: list[Component] = []
    count = 0
    for number, line in unfolded(raw):
        one = content(line, number)
        if one.name == "BEGIN":
            count += 1
            if count > MOST_COMPONENTS:
                raise Unreadable(f"A calendar has at most {MOST_COMPONENTS:,} components.", number)
            if len(stack) >= DEEPEST:
                raise Unreadable(f"Components are nested at most {DEEPEST} deep.", number)
            begun = Component(one.value.strip().upper()[:60], number)
            (stack[-1].children if stack else found).append(begun)
            stack.append(begun)
        elif not stack:
            raise Unreadable(f"“{line[:60]}” stands outside BEGIN:VCALENDAR.", number)
        for open_one in stack[1:2]:  # what stands right below the calendar is kept as text
            open_one.raw.append(line)
        if one.name == "END":
            if one.value.strip().upper()[:60] != stack[-1].name:
                raise Unreadable(f"END:{one.value[:40]} does not close BEGIN:{stack[-1].name} of line {stack[-1].line}.", number)
            stack.pop()
        elif one.name != "BEGIN":
            stack[-1].properties.append(one)
    if stack:
        raise Unreadable(f"The file ends inside BEGIN:{stack[-1].name} of line {stack[-1].line}.", stack[-1].line)
    if not any(one.name == "VCALENDAR" for one in found):
        raise Unreadable("There is no BEGIN:VCALENDAR.", 1)
    return [one for one in found if one.name == "VCALENDAR"]


def unfolded(raw: bytes) -> Iterator[tuple[int, str]]:
    """Content lines with the number of their first line; folded on bytes, because a fold may cut a letter in two."""
    raw = raw.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    parts: list[bytes] = []
    began = 1
    for number, line in enumerate(raw.split(b"\n"), 1):
        if line[:1] in (b" ", b"\t") and parts:
            parts.append(line[1:])
            continue
        if parts:
            yield began, decoded(b"".join(parts))
        parts, began = ([line], number) if line.strip() else ([], number)
    if parts:
        yield began, decoded(b"".join(parts))


def decoded(line: bytes) -> str:
    """UTF-8; older programs write the letters of Western Europe in one byte each."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


def content(line: str, number: int) -> Property:
    """NAME;PARAMETER=value:value"""
    name = NAME.match(line)
    if name is None:
        raise Unreadable(f"A line begins with a property's name, not with “{line[:30]}”.", number)
    at, parameters = name.end(), dict[str, list[str]]()
    while found := PARAMETER.match(line, at):
        parameters.setdefault(found[1].upper(), []).extend(quoted or bare for quoted, bare in ITEM.findall(found[2]))
        at = found.end()
    if line[at : at + 1] != ":":
        raise Unreadable(f"After “{line[: min(at, 40)]}” a colon is expected.", number)
    return Property(name[0].upper(), parameters, line[at + 1 :], number)
