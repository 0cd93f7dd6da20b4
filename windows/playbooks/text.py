"""A playbook's text: YAML between two lines of `---`, then Markdown. Pure: neither Django nor a clock.

---
playbook: orders-errors
title: Orders answer with errors
triggers:
  - alert: OrdersErrors
    service: orders
  - when: The reconcile step finds a difference
---
## First look at …
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from windows.texts.findings import Findings
from windows.texts.problems import Problem, SpecError
from windows.texts.tree import Node, grow

FENCE = "---"
KNOWN = ("playbook", "title", "triggers")
SLUG = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
LONGEST = 256 * 1024  # bytes of a text
MOST = 50  # triggers


@dataclass(frozen=True, slots=True)
class Trigger:
    """An alert of this name, of this service where one is named; or, where `alert` is empty, a situation in words."""

    alert: str = ""
    service: str = ""
    when: str = ""

    @property
    def told(self) -> str:
        if not self.alert:
            return self.when
        return f"Alert {self.alert}{f' of {self.service}' if self.service else ''}{f': {self.when}' if self.when else ''}"

    def fits(self, alert: str, service: str) -> bool:
        return self.alert == alert != "" and self.service in ("", service)


@dataclass(frozen=True, slots=True)
class PlaybookText:
    slug: str
    title: str
    triggers: tuple[Trigger, ...]
    body: str  # Markdown


def read(text: str) -> PlaybookText:
    """What a text says. Raises SpecError, and nothing else, with every problem that was found, each with its line."""
    head, body = parted(text)
    root, findings = grow(head), Findings()
    given = findings.mapping(root, "", KNOWN, required=["playbook", "title"])
    found = PlaybookText(
        slug=findings.text(given.get("playbook"), "playbook", most=63, pattern=SLUG),
        title=findings.text(given.get("title"), "title"),
        triggers=read_triggers(given.get("triggers"), findings),
        body=body,
    )
    findings.raise_if_any()
    return found


def parted(text: str) -> tuple[str, str]:
    """The YAML, with its lines where they stand in the text, and the Markdown."""
    if len(text.encode(errors="replace")) > LONGEST:
        raise SpecError([Problem(f"The text is larger than {LONGEST // 1024} KiB.", "")])
    lines = text.split("\n")
    if lines[0].rstrip() != FENCE:
        raise SpecError([Problem(f"The first line is {FENCE}; then come playbook, title and triggers.", "", 1, 1)])
    end = next((n for n, line in enumerate(lines[1:], start=1) if line.rstrip() == FENCE), None)
    if end is None:
        raise SpecError([Problem(f"The lines about the playbook end with a line {FENCE}: it is missing.", "", 1, 1)])
    body = "\n".join(lines[end + 1 :]).strip("\n")
    if not body.strip():
        raise SpecError([Problem("It guides nobody yet: write Markdown below the second line of ---.", "", end + 1, 1)])
    if bad := next((letter for letter in body if (letter < " " and letter not in "\t\n\r") or letter == "\x7f"), None):
        raise SpecError([Problem(f"Control characters are not allowed: {bad!r}.", "", end + 2 + body.count("\n", 0, body.index(bad)), 1)])
    return "\n" + "\n".join(lines[1:end]), body


def read_triggers(node: Node | None, findings: Findings) -> tuple[Trigger, ...]:
    found = []
    for n, item in enumerate(findings.items(node, "triggers", MOST)):
        at = f"triggers[{n}]"
        if isinstance(item.content, str):
            found.append(Trigger(when=findings.text(item, at, most=300)))
            continue
        given = findings.mapping(item, at, ("alert", "service", "when"))
        if item.is_mapping and "alert" not in given and "when" not in given:
            findings.wrong(item, at, "Name an alert, or say in words when to open it.")
        if "service" in given and "alert" not in given:
            findings.wrong(given["service"], f"{at}.service", "A service narrows an alert: name the alert.")
        found.append(
            Trigger(
                findings.text(given.get("alert"), f"{at}.alert"),
                findings.text(given.get("service"), f"{at}.service", most=63, pattern=SLUG),
                findings.text(given.get("when"), f"{at}.when", most=300),
            )
        )
    if len(set(found)) < len(found):
        findings.wrong(node, "triggers", "One of them stands here twice.")
    return tuple(found)


def digest_of(text: str) -> str:
    """The SHA-256 of the text's UTF-8 bytes, in hexadecimal."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def fitting(triggers: Iterable[Trigger], alert: str, service: str) -> bool:
    return any(one.fits(alert, service) for one in triggers)
