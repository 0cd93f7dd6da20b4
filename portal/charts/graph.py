"""A small graph of what needs a service and what it needs: places for boxes and lines, nothing else. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDE, HIGH, GAP, BETWEEN = 200, 32, 12, 76  # of a box, below a box, between columns; in the drawing's own units
MOST = 8  # boxes of a column
FITS = 26  # letters in a box


@dataclass(frozen=True, slots=True)
class Box:
    """`slug` is empty for the box that says how many more there are."""

    slug: str
    label: str
    title: str
    x: int
    y: int
    here: bool = False

    @property
    def middle(self) -> int:
        return self.y + HIGH // 2


@dataclass(frozen=True, slots=True)
class Graph:
    """`lines` are SVG path data, each from who needs to what is needed."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[str, ...]


def graph(service: tuple[str, str], dependents: Sequence[tuple[str, str]], needs: Sequence[tuple[str, str]]) -> Graph:
    """Who needs the service stands left of it, what it needs right; each (slug, name). A column shows MOST and counts the rest."""
    left, right = cut(dependents), cut(needs)
    tallest = max(len(left), len(right), 1)
    height = tallest * (HIGH + GAP) - GAP
    first = WIDE + BETWEEN if left else 0
    centre = box(*service, first, (height - HIGH) // 2, here=True)
    before = column(left, 0, height)
    after = column(right, first + WIDE + BETWEEN, height)
    lines = [line(one, centre) for one in before] + [line(centre, one) for one in after]
    width = first + WIDE + (BETWEEN + WIDE if right else 0)
    return Graph(width, height, (*before, centre, *after), tuple(lines))


def cut(those: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    if len(those) <= MOST:
        return list(those)
    return [*those[: MOST - 1], ("", f"and {len(those) - MOST + 1} more")]


def column(those: Sequence[tuple[str, str]], x: int, height: int) -> list[Box]:
    top = (height - (len(those) * (HIGH + GAP) - GAP)) // 2
    return [box(slug, name, x, top + n * (HIGH + GAP)) for n, (slug, name) in enumerate(those)]


def box(slug: str, name: str, x: int, y: int, *, here: bool = False) -> Box:
    return Box(slug, name if len(name) <= FITS else f"{name[: FITS - 1]}…", name, x, y, here)


def line(one: Box, other: Box) -> str:
    start, end = one.x + WIDE, other.x
    half = (start + end) // 2
    return f"M{start} {one.middle}C{half} {one.middle} {half} {other.middle} {end - 5} {other.middle}"
