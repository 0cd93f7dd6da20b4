"""Debian's Chromium for tests: started by us, watched for anything a page should not do."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

PROGRAM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SHOTS = Path(os.environ.get("ROADWORKS_SHOTS") or Path(tempfile.gettempdir()) / "roadworks-shots")


@dataclass
class Watched:
    """A page, and what it complained of: console errors, exceptions, refused content, failed requests."""

    page: Any
    complaints: list[str] = field(default_factory=list)

    def shot(self, name: str) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


@contextmanager
def chromium() -> Iterator[Any]:
    """The browser; skips by the name of the Debian package where there is none."""
    if not Path(PROGRAM).exists():
        pytest.skip("needs the Debian package chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=FLAGS)
        yield browser
        browser.close()


def failed(request: Any) -> bool:
    """What was still loading when the person went on has not failed."""
    return "ERR_ABORTED" not in str(request.failure)


def complains(message: Any) -> bool:
    """A question that a newer one replaced was taken back: htmx writes that like an error. One that got no answer says sendError."""
    taken_back = message.text.startswith(("htmx:sendAbort", "htmx:afterRequest"))
    return message.type in ("error", "warning") and not taken_back


@contextmanager
def window(browser: Any, base: str, *, dark: bool = False, width: int = 1440, height: int = 900, scripts: bool = True) -> Iterator[Watched]:
    """A fresh profile; leaves with an assertion that nothing was complained of."""
    context = browser.new_context(
        base_url=base,
        color_scheme="dark" if dark else "light",
        viewport={"width": width, "height": height},
        java_script_enabled=scripts,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.set_default_timeout(60_000)  # patience for a busy machine: what is there is there at once
    watched = Watched(page)
    page.on("console", lambda message: watched.complaints.append(message.text) if complains(message) else None)
    page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    page.on("requestfailed", lambda request: watched.complaints.append(f"{request.url}: {request.failure}") if failed(request) else None)
    if scripts:
        page.add_init_script(
            "addEventListener('securitypolicyviolation', e => console.error('CSP ' + e.violatedDirective + ' ' + e.blockedURI))"
        )
    yield watched
    context.close()
