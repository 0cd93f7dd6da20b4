"""Putting parameters in: `{{ name }}`, once, no expressions. What was put in is never looked at again.

A value that is nothing but `{{ name }}` becomes the parameter with its type; inside a longer text the parameter becomes text. Free
text never enters fields written in another language (SQL, PromQL); in a URL it is percent-encoded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from windows.runbooks.spec.model import ParameterSpec

PLACE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
NAME = re.compile(r"\s*([a-z][a-z0-9_]{0,39})\s*\Z")
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fields:
    """Which fields of a kind are special, as dotted paths without list indexes."""

    code: frozenset[str] = frozenset()
    urls: frozenset[str] = frozenset()

    def within(self, path: Path, special: frozenset[str]) -> bool:
        dotted = ".".join(part for part in path if isinstance(part, str))
        return any(dotted == name or dotted.startswith(f"{name}.") for name in special)


def texts(value: Any, path: Path = ()) -> Iterator[tuple[Path, str, bool]]:
    """Every text in a value with its path; the flag says that it is a key."""
    if isinstance(value, str):
        yield path, value, False
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield (*path, key), key, True
            yield from texts(inner, (*path, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from texts(inner, (*path, place))


def names_in(text: str) -> list[str]:
    """The parameters a text asks for; ValueError where what stands between the braces is no name."""
    found = []
    for inner in PLACE.findall(text):
        name = NAME.match(inner)
        if not name:
            raise ValueError(f"“{{{{{inner[:40]}}}}}” is no parameter: only {{{{ name }}}} is understood, no expressions")
        found.append(name[1])
    if "{{" in PLACE.sub("", text):
        raise ValueError("“{{” is not closed: a parameter is written {{ name }}")
    return found


def objection(text: str, path: Path, is_key: bool, declared: Mapping[str, ParameterSpec], fields: Fields) -> str:
    """Why a text may not ask for what it asks for; empty where it may."""
    try:
        names = names_in(text)
    except ValueError as error:
        return f"{error}."
    if names and is_key:
        return "A key cannot hold a parameter."
    for name in names:
        if name not in declared:
            known = f" Declared: {', '.join(declared)}." if declared else " The runbook declares no parameters."
            return f"There is no parameter “{name}”.{known}"
        if declared[name].type == "string" and fields.within(path, fields.code):
            return f"The text “{name}” may not become part of a query: bind it as a value, or make it an enum or a number."
    return ""


def put_in(value: Any, given: Mapping[str, Any], declared: Mapping[str, ParameterSpec], fields: Fields, path: Path = ()) -> Any:
    """The value with every `{{ name }}` replaced. Every name must be in `given`."""
    if isinstance(value, Mapping):
        return {key: put_in(inner, given, declared, fields, (*path, key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [put_in(inner, given, declared, fields, (*path, place)) for place, inner in enumerate(value)]
    if not isinstance(value, str) or "{{" not in value:
        return value
    whole = PLACE.fullmatch(value.strip())
    if whole and (name := NAME.match(whole[1])):
        return given[name[1]]
    as_text: Callable[[Any], str] = written
    if fields.within(path, fields.urls):
        as_text = lambda found: quote(written(found), safe="")  # noqa: E731 — one of two ways to write
    return PLACE.sub(lambda found: as_text(given[found[1].strip()]), value)


def written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
