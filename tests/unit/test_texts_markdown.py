"""Markdown as HTML that cannot harm."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windows.texts.markdown import html_of

TAGS = {"p", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "a", "em", "strong", "code", "pre", "blockquote", "hr", "br", "table", "thead",
        "tbody", "tr", "th", "td"}  # fmt: skip
ATTRIBUTES = {"href", "title", "rel", "class", "start"}


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def is_harmless(html: str) -> bool:
    for tag, attributes in Tags(html).found:
        if tag not in TAGS or set(attributes) - ATTRIBUTES:
            return False
        if re.match(r"\s*(javascript|data|vbscript|file):", attributes.get("href") or "", re.IGNORECASE):
            return False
    return True


TABLE = "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n</tr>\n</tbody>\n</table>\n"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# A\n\n## B", "<h2>A</h2>\n<h3>B</h3>\n"),
        ("###### A", "<h2>A</h2>\n"),
        ("# A\n\n###### B", "<h2>A</h2>\n<h6>B</h6>\n"),
        ("[in](/runs/3) [out](https://other.example/x)",
         '<p><a href="/runs/3">in</a> <a href="https://other.example/x" rel="noopener noreferrer">out</a></p>\n'),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"),
        ("![p](https://other.example/p.png)", '<p>!<a href="https://other.example/p.png" rel="noopener noreferrer">p</a></p>\n'),
        ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>\n"),
        ("| a |\n|--:|\n| 1 |", TABLE),
    ],
)  # fmt: skip
def test_what_it_makes_of_it(text: str, html: str) -> None:
    assert html_of(text) == html


PIECES = [
    "<b>", "<img src=x onerror=alert(1)>", "[a](", "javascript:alert(1))", "![x](y)", "`", "```\n", "|a|\n|:-:|\n|b|\n", "<style>", "# ",
    "data:text/html,x)", "&lt;", "\n", "<!--", "]]>", "[r]: javascript:x\n", "[r]", "<https://a.example/'onx=\">", "* ",
]  # fmt: skip


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=5)), max_size=20).map("".join))
def test_no_text_becomes_anything_else(text: str) -> None:
    assert is_harmless(html_of(text)), html_of(text)
