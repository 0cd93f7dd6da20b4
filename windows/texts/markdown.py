"""Markdown as HTML that cannot harm: no raw HTML, no images, no scripts in links, nothing a strict content-security policy would refuse."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

DEEPEST = 6


@lru_cache(maxsize=1)
def reader() -> MarkdownIt:
    """CommonMark with tables. Images are left out: they would be fetched from strangers."""
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


@lru_cache(maxsize=128)
def html_of(text: str, below: int = 1) -> str:
    """The text as HTML. Its highest headings stand right `below` that level: a page has one heading of its own. Safe for any text."""
    read = reader()
    tokens = read.parse(text)
    highest = min((int(token.tag[1]) for token in tokens if token.type == "heading_open"), default=1)
    tame(tokens, below + 1 - highest)
    return str(read.renderer.render(tokens, read.options, {}))


def tame(tokens: Sequence[Token], deeper: int) -> None:
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(DEEPEST, int(token.tag[1]) + deeper)}"
        if "style" in token.attrs:  # a column's alignment: the policy refuses style attributes
            del token.attrs["style"]
        if token.type == "link_open" and not str(token.attrs.get("href", "")).startswith(("/", "#")):
            token.attrs["rel"] = "noopener noreferrer"
        if token.children:
            tame(token.children, deeper)
