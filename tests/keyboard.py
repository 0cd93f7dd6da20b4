"""A person without a mouse: Tab until the thing is reached, then keys. Also sees to it that the focus can be seen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

FOCUSED = """() => {
  const one = document.activeElement, style = getComputedStyle(one);
  const around = getComputedStyle(one.parentElement || one);
  const seen = [style.outlineStyle, style.boxShadow, around.outlineStyle].some(part => part !== 'none');
  const label = one.labels?.length ? one.labels[0].innerText : one.getAttribute('aria-label') || one.innerText || '';
  return {label: label.trim().replace(/\\s+/g, ' '), id: one.id, tag: one.tagName, seen};
}"""
FARTHEST = 250


class Keyboard:
    def __init__(self, page: Any) -> None:
        self.page = page

    def reach(self, label: str) -> None:
        """Tab to what begins with this label, or has it as `#id`. AssertionError where no Tab leads there."""
        passed: list[str] = []
        for _ in range(FARTHEST):
            self.page.keyboard.press("Tab")
            one = self.page.evaluate(FOCUSED)
            if one["tag"] == "BODY":
                continue
            assert one["seen"], f"nobody sees that the focus is on {one}"
            if one["label"].startswith(label) or label == f"#{one['id']}":
                return
            passed.append(one["label"] or one["id"])
        raise AssertionError(f"no Tab leads to {label} on {self.page.url}; passed {list(dict.fromkeys(passed))}")

    def press(self, label: str) -> None:
        """Reach a link or button and use it."""
        self.reach(label)
        self.page.keyboard.press("Enter")

    def type(self, label: str, text: str) -> None:
        self.reach(label)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def choose(self, label: str, words: str) -> None:
        """An option of a select, by its first letters."""
        self.reach(label)
        self.page.keyboard.type(words)

    def moment(self, label: str, at: datetime) -> None:
        """A date and time, in the parts that Chromium shows in American English."""
        self.reach(label)
        self.page.keyboard.type(f"{at:%m%d%Y}")
        self.page.keyboard.press("ArrowRight")
        self.page.keyboard.type(f"{at:%I%M%p}")
