"""PromQL as text: fill in a template so that no value can change the query, and find the series it reads. Pure.

Source: prometheus docs/querying/basics.md: strings are Go strings in double or single quotes (backslash escapes) or in backticks (none),
`#` begins a comment, a selector is `name{…}`, `name` or `{…}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from slo.errors import Invalid

TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)
    |(?P<comment>\#[^\n]*)|(?P<range>\[[^\]]*\])|(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)|(?P<number>\d[\w.]*)|(?P<space>\s+)|(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
PLACEHOLDER = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")
KEYWORDS = {"by", "without", "on", "ignoring", "group_left", "group_right", "bool", "offset", "and", "or", "unless", "atan2", "inf", "nan"}
AGGREGATIONS = {
    *("sum", "min", "max", "avg", "group", "stddev", "stdvar", "count", "count_values"),
    *("bottomk", "topk", "quantile", "limitk", "limit_ratio"),
}
WORDS = frozenset(KEYWORDS | AGGREGATIONS)
LISTS = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})  # label names follow in parentheses
OPEN, CLOSE = "\ue000", "\ue001"
MARK = re.compile(f"{OPEN}([a-z_]+){CLOSE}")  # a placeholder, once the template's own braces cannot be mistaken for it
RANGE = re.compile(rf"\[{OPEN}window{CLOSE}")
SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")


def quoted(value: str) -> str:
    """A value as it stands between double quotes in PromQL."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r").replace("\0", "\\x00")


def label(value: str) -> str:
    """A value as a PromQL string, quotes included."""
    return f'"{quoted(value)}"'


def render(template: str, values: Mapping[str, str], window_seconds: float) -> str:
    """Fill in `{{ name }}`: label values only between double quotes, `{{ window }}` (in seconds) only as a range `[{{ window }}]`.

    Behind `=~` and `!~` a value is taken literally too. Invalid(field="query") where a placeholder stands elsewhere, is unknown, or the
    text cannot be read.
    """
    done, matcher = [], ""
    for found in TOKEN.finditer(_protect(template)):
        kind, text = str(found.lastgroup), found.group()
        if kind == "string" and text[0] == '"':
            text = _fill(text, values, is_pattern=matcher.endswith("~"))
        else:
            text = RANGE.sub(f"[{max(1, round(window_seconds))}s", text)
            if OPEN in text:
                raise Invalid("query", "Placeholders stand between double quotes, and {{ window }} in a range like [{{ window }}].")
        if kind == "other" and text in "\"'`":
            raise Invalid("query", "A quotation mark is not closed.")
        matcher = (matcher + text)[-2:] if kind == "other" else matcher if kind == "space" else ""
        done.append(text)
    return "".join(done)


def _fill(text: str, values: Mapping[str, str], is_pattern: bool) -> str:
    return MARK.sub(lambda mark: quoted(_literal(_value(mark[1], values), is_pattern)), text)


def _protect(template: str) -> str:
    if OPEN in template or CLOSE in template:
        raise Invalid("query", "The query holds a character that it must not.")
    return PLACEHOLDER.sub(rf"{OPEN}\1{CLOSE}", template)


def _value(name: str, values: Mapping[str, str]) -> str:
    if name not in values:
        raise Invalid("query", f"There is no value {name}; there are {', '.join(sorted(values))}.")
    return values[name]


def _literal(value: str, is_pattern: bool) -> str:
    return SPECIAL.sub(lambda char: "\\" + char[0], value) if is_pattern else value


def selectors(query: str) -> list[str]:
    """The series a query reads, each once, without ranges and offsets: to ask for the age of their samples."""
    tokens = _tokens(query)
    return list(dict.fromkeys("".join(t.group() for t in tokens[begin:end]) for begin, end in _selectors(tokens)))


def narrowed(query: str, name: str, operator: str, value: str) -> str:
    """The query, reading only those of its series whose label `name` fits (`operator`: = or !=)."""
    tokens, matcher = _tokens(query), f"{name}{operator}{label(value)}"
    for begin, end in reversed(_selectors(tokens)):
        brace = next((t.end() for t in tokens[begin:end] if t.group() == "{"), None)
        at = tokens[end - 1].end() if brace is None else brace
        query = query[:at] + (f"{{{matcher}}}" if brace is None else f"{matcher},") + query[at:]
    return query


def _tokens(query: str) -> list[re.Match[str]]:
    return [t for t in TOKEN.finditer(query) if t.lastgroup not in ("space", "comment", "range")]


def _selectors(matches: Sequence[re.Match[str]]) -> list[tuple[int, int]]:
    """Where each selector begins and ends among the tokens."""
    tokens = [(str(t.lastgroup), t.group()) for t in matches]
    found, place = [], 0
    while place < len(tokens):
        kind, text = tokens[place]
        following = tokens[place + 1][1] if place + 1 < len(tokens) else ""
        if kind == "name" and text.lower() in LISTS and following == "(":
            place = _closing(tokens, place + 1, "(", ")")
        elif text == "{" or (kind == "name" and following == "{"):
            end = _closing(tokens, place if text == "{" else place + 1, "{", "}")
            found.append((place, end))
            place = end
        else:
            if kind == "name" and following != "(" and text.lower() not in WORDS:
                found.append((place, place + 1))
            place += 1
            if text.lower() == "offset":
                place += 1
    return found


def _closing(tokens: list[tuple[str, str]], place: int, opening: str, closing: str) -> int:
    """Behind the bracket that closes the one at `place`."""
    depth = 0
    for index in range(place, len(tokens)):
        depth += (tokens[index][1] == opening) - (tokens[index][1] == closing)
        if not depth:
            return index + 1
    return len(tokens)
