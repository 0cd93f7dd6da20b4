"""What is asked of every page in a real browser, once it is open. Each answers a list of what is wrong, in words."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from playwright.sync_api import Error

AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDE, PHONE, ZOOMED = {"width": 1440, "height": 900}, {"width": 390, "height": 844}, {"width": 720, "height": 450}  # 1440 × 900 at 200 %
SIDEWAYS = """() => {
  const over = document.documentElement.scrollWidth - innerWidth;
  if (over <= 0) return null;
  const guilty = [...document.querySelectorAll('body *')].filter(one => one.getBoundingClientRect().right > innerWidth + 1);
  return over + ' px too wide: ' + guilty.slice(0, 3).map(one => one.outerHTML.slice(0, 90)).join(' | ');
}"""
MOVING = "() => document.getAnimations().filter(one => one.playState === 'running').map(one => one.animationName || 'a transition')"
AXE = """(tags) => axe.run(document, {resultTypes: ['violations'], selectors: false, preload: false, runOnly: tags}).then(found =>
  found.violations.map(one =>
  one.id + ': ' + one.nodes.slice(0, 3).map(node => node.html.slice(0, 120) + ' (' + node.any.concat(node.all, node.none)
    .map(why => why.message).join('; ').slice(0, 160) + ')').join(' | ')))"""
INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<[^>]*\s(?:style|on[a-z]+)=|<style", re.IGNORECASE)
LIMIT = 300_000  # bytes of one page with its sheets and scripts, Plotly apart


def opened(page: Any, path: str) -> Any:
    """The browser's answer at this address. What it does not show, a file or an error without a word, is asked for without it."""
    try:
        return page.goto(path)
    except Error as error:
        if not any(said in str(error) for said in ("Download is starting", "ERR_HTTP_RESPONSE_CODE_FAILURE")):
            raise
        return page.request.get(path)


def axe(page: Any, what: dict[str, Any] | None = None) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return list(page.evaluate(AXE, what or {"type": "tag", "values": AA}))


def looked_at(page: Any) -> list[str]:
    """The page as it stands in light; in dark; on a phone; at 200 %. Accessible in each, never wider than its screen, and still."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.set_viewport_size(WIDE)
    wrong = [f"light: {one}" for one in axe(page)]
    wrong += [f"moves though motion is reduced: {name}" for name in page.evaluate(MOVING)]
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    wrong += [f"dark: {one}" for one in axe(page, {"type": "rule", "values": ["color-contrast"]})]
    for name, size in (("phone", PHONE), ("200 %", ZOOMED)):
        page.set_viewport_size(size)
        too_wide = sideways(page)
        wrong += [f"{name}: {too_wide}"] if too_wide else []
    page.set_viewport_size(PHONE)
    wrong += [f"phone: {one}" for one in axe(page, {"type": "rule", "values": ["target-size", "scrollable-region-focusable"]})]
    page.set_viewport_size(WIDE)
    return wrong


def sideways(page: Any) -> str | None:
    """What is too wide for the screen. A chart is told of the new size and draws itself again: it gets a second."""
    for _ in range(10):
        found: str | None = page.evaluate(SIDEWAYS)
        if not found:
            break
        page.wait_for_timeout(100)
    return found


def weight(page: Any) -> list[str]:
    """Bytes over the wire of the page and all it loaded, uncompressed where they came from the cache; Plotly apart."""
    asked = """() => performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource'))
      .filter(one => !/plotly/.test(one.name)).reduce((sum, one) => sum + Math.max(one.encodedBodySize, one.transferSize), 0)"""
    size = int(page.evaluate(asked))
    return [f"weighs {size:,} bytes, more than {LIMIT:,}"] if size > LIMIT else []


def inline(html: str) -> list[str]:
    """Inline scripts, styles and handlers in what the server sent: the policy refuses them, so they must not be there."""
    return [f"inline: {found[0][:80]}" for found in INLINE.finditer(re.sub(r"<pre.*?</pre>", "", html, flags=re.DOTALL))]


class Plain(HTMLParser):
    """What a browser without scripts makes of a page: its headings of the first level, the words in main, ways that lead nowhere."""

    SILENT = frozenset({"script", "style", "template"})

    def __init__(self) -> None:
        super().__init__()
        self.within = {"h1": 0, "main": 0, **dict.fromkeys(self.SILENT, 0)}
        self.headings, self.words, self.dead = list[str](), "", list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        if tag in self.within:
            self.within[tag] += 1
        if tag == "h1":
            self.headings.append("")
        needs_script = "hx-get" in has and tag not in {"a", "form"} and not has.keys() & {"data-etag", "hx-trigger"}
        if needs_script or (tag == "a" and "href" not in has):
            self.dead.append(self.get_starttag_text() or tag)

    def handle_endtag(self, tag: str) -> None:
        if self.within.get(tag):
            self.within[tag] -= 1

    def handle_data(self, data: str) -> None:
        if any(self.within[tag] for tag in self.SILENT):
            return
        if self.within["h1"]:
            self.headings[-1] += data
        if self.within["main"]:
            self.words += f" {' '.join(data.split())}" if data.strip() else ""


def without_scripts(html: str) -> list[str]:
    """A heading, words below it, and every way onward an ordinary link or form, in what the server sent."""
    page = Plain()
    page.feed(html)
    page.close()
    wrong = []
    if len(page.headings) != 1 or not page.headings[0].strip():
        wrong.append(f"without scripts: {len(page.headings)} headings of the first level")
    if len(page.words) < 60:
        wrong.append(f"without scripts hardly a word: {page.words}")
    return wrong + [f"leads nowhere without scripts: {each[:120]}" for each in page.dead[:3]]
