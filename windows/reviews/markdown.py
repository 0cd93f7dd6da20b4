"""A postmortem as Markdown, from what is kept of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def as_markdown(sections: Iterable[Mapping[str, Any]], answers: Iterable[Mapping[str, str]], base: str = "") -> str:
    """Sections and answers as kept, with their sources as links below `base`."""
    parts = []
    for section in sections:
        lines = [f"- {plain(one['text'])} [{one['where']}]({base}{one['href']})" for one in section["sentences"]]
        parts.append("\n".join([f"## {section['title']}", "", *lines]))
    asked = [f"- **{one['question']}** {one['answer']}: {plain(one['because'])}" for one in answers]
    return "\n\n".join([*parts, "\n".join(["## Five questions", "", *asked])]) + "\n"


def plain(text: str) -> str:
    """On one line, and no mark of Markdown begins a link or a tag that nobody meant."""
    return " ".join(text.split()).replace("[", "\\[").replace("<", "&lt;")
