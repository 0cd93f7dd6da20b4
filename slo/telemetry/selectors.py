"""Which data points of a metric count: `http.server.request.duration{http.route="/orders", http.response.status_code!="5*"}`. Pure.

A name, then conditions on attributes in braces: equal or not equal to a text, in which `*` stands for any letters. A missing attribute
is the empty text. Values are compared as they are written: 200, true, a text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import translate
from typing import Any

from slo.errors import Invalid

NAME = r"[A-Za-z_][A-Za-z0-9_.\-/]{0,254}"
CONDITION = re.compile(rf'\s*({NAME})\s*(!?=)\s*"([^"\\]{{0,200}})"\s*')
SELECTOR = re.compile(rf"\s*({NAME})\s*(?:\{{(.*)\}})?\s*", re.DOTALL)
MOST = 10


@dataclass(frozen=True, slots=True)
class Selector:
    """`conditions` are (attribute, whether it must match, pattern)."""

    metric: str
    conditions: tuple[tuple[str, bool, re.Pattern[str]], ...] = ()

    def takes(self, metric: str, attributes: Mapping[str, Any]) -> bool:
        return metric == self.metric and all(
            bool(pattern.fullmatch(worded(attributes.get(name)))) is wanted for name, wanted, pattern in self.conditions
        )


def selector(text: str) -> Selector:
    """Invalid(field="query") names what cannot be read."""
    found = SELECTOR.fullmatch(text)
    if found is None:
        raise Invalid("query", 'Write a metric’s name, and conditions in braces after it: http.requests{status!="5*"}.')
    rest, conditions = found[2] or "", []
    while rest.strip():
        one = CONDITION.match(rest)
        if one is None or (one.end() < len(rest) and rest[one.end()] != ","):
            raise Invalid("query", f'“{rest.strip()[:60]}” is no condition; write attribute="text" or attribute!="text", commas between.')
        conditions.append((one[1], one[2] == "=", re.compile(pattern(one[3]), re.DOTALL)))
        rest = rest[one.end() + 1 :]
    if len(conditions) > MOST:
        raise Invalid("query", f"At most {MOST} conditions.")
    return Selector(found[1], tuple(conditions))


def pattern(text: str) -> str:
    """Only `*` is special. Python's translation of it cannot be made to try for ever."""
    return translate(text.replace("[", "[[]").replace("?", "[?]"))


def worded(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)
