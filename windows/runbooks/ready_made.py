"""The templates that come with Roadworks: runbooks to begin from, each carried out for real by a test of its own (SPEC §14). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from windows.runbooks.spec import parse

FOLDER = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Template:
    slug: str
    title: str
    description: str
    text: str


@cache
def templates() -> tuple[Template, ...]:
    """In the order of the use cases."""
    texts = [path.read_text() for path in sorted(FOLDER.glob("u*.yaml"), key=lambda path: int(path.name[1:].partition("-")[0]))]
    return tuple(Template(spec.slug, spec.title, spec.description, text) for text in texts for spec in (parse(text),))


def text_of(slug: str) -> str:
    """The template's text; empty where there is none."""
    return next((one.text for one in templates() if one.slug == slug), "")
