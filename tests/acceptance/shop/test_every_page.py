"""Every address of the portal in a real browser: light, dark, phone, at 200 %, without scripts. New pages are walked by themselves."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest

from tests.chromium import window
from tests.places import places
from tests.shops import Shop, sign_in
from tests.walking import inline, looked_at, opened, weight

ACTS = {"sign-out/", "theme", "environment", "windows/saving"}  # a form's address: nothing to look at
PEOPLE = ("gwen", "chiara")  # an administrator; what is closed to her is looked at by an SRE
SHOTS = bool(os.environ.get("ROADWORKS_SHOTS"))


@pytest.fixture(scope="module")
def addresses(rows: dict[str, Any]) -> list[str]:
    found = places(rows)
    return [path for route, paths in found.items() if route not in ACTS for path in paths]


def is_page(response: Any) -> bool:
    return response.headers.get("content-type", "").startswith("text/html")


def test_every_page_holds_what_the_interface_promises(shop: Shop, browser: Any, addresses: list[str]) -> None:
    """200, no complaint in the console, nothing refused by the policy, clean by axe in light and dark, fits a phone and 200 %."""
    wrong: dict[str, list[str]] = {}
    began, pages, others, left = time.monotonic(), 0, 0, addresses
    for account in PEOPLE:
        closed: list[str] = []
        with window(browser, f"http://127.0.0.1:{shop.port}") as watched:
            page = watched.page
            sign_in(page, account)
            for path in left:
                answer = page.request.get(path)
                text = answer.text() if is_page(answer) else ""
                if answer.status == 403:
                    closed.append(path)
                    continue
                found = [] if answer.status == 200 else [f"answered {answer.status}"]
                if "<html" in text:
                    page.goto(path)
                    found += looked_at(page) + weight(page) + inline(text)
                    found += [f"complaint: {one}" for one in watched.complaints]
                    watched.complaints.clear()
                    pages += 1
                    if SHOTS:
                        shots(watched, path)
                else:
                    found += inline(text)
                    others += 1
                if found:
                    wrong[path] = found
        left = closed
    print(f"{pages} pages and {others} panels and files in {time.monotonic() - began:.0f} s")
    assert not left, f"none of {PEOPLE} may see {left}: name somebody who may in PEOPLE"
    assert not wrong, "\n".join(f"{path}\n    " + "\n    ".join(found) for path, found in wrong.items())
    assert pages > 100


def shots(watched: Any, path: str) -> None:
    """With ROADWORKS_SHOTS: pictures of every page, to be looked at by people."""
    name = path.strip("/").replace("/", "_").replace("?", "_").replace("=", "-") or "home"
    for look, scheme, width in (("light", "light", 1440), ("dark", "dark", 1440), ("phone", "light", 390)):
        watched.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        watched.page.set_viewport_size({"width": width, "height": 900})
        watched.shot(f"{name}-{look}")


def test_every_page_reads_without_scripts(shop: Shop, browser: Any, addresses: list[str]) -> None:
    """A heading, words below it, and every way onward an ordinary link or form."""
    wrong: dict[str, str] = {}
    with window(browser, f"http://127.0.0.1:{shop.port}", scripts=False) as watched:
        page = watched.page
        sign_in(page)
        for path in addresses:
            answer = opened(page, path)
            if not is_page(answer) or "<html" not in answer.text():
                continue
            if page.locator("h1").count() != 1 or not page.locator("h1").inner_text().strip():
                wrong[path] = f"{page.locator('h1').count()} headings of the first level"
            elif len(page.locator("main").inner_text()) < 60:
                wrong[path] = f"hardly a word: {page.locator('main').inner_text()}"
            else:
                dead = page.locator("a:not([href]), [hx-get]:not(a, form, [data-etag], [hx-trigger])")
                if dead.count():
                    wrong[path] = f"leads nowhere without scripts: {dead.first.evaluate('one => one.outerHTML')[:120]}"
    assert not wrong, "\n".join(f"{path}: {why}" for path, why in wrong.items())
