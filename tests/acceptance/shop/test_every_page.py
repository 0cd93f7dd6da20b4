"""Every address of the portal in a real browser: light, dark, phone, at 200 %, without scripts. New pages are walked by themselves."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest

from tests.chromium import window
from tests.places import places
from tests.shops import Shop, sign_in
from tests.walking import inline, looked_at, opened, weight, without_scripts

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
                answer = opened(page, path)
                text = answer.text() if is_page(answer) else ""
                if answer.status == 403:
                    closed.append(path)
                    watched.complaints.clear()  # of this answer
                    continue
                found = [] if answer.status == 200 else [f"answered {answer.status}"]
                if "<html" in text:
                    found += looked_at(page) + weight(page) + inline(text) + without_scripts(text)
                    found += [f"complaint: {one}" for one in watched.complaints]
                    watched.complaints.clear()
                    pages += 1
                    if SHOTS:
                        shots(watched, path)
                else:
                    found += inline(text)
                    watched.complaints.clear()  # a panel is no document
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


PLAIN = ("/", "/calendar/", "/calendar/?view=month", "/windows/", "/windows/new", "/approvals/", "/runs/", "/alerts/", "/dashboards/")


def test_pages_are_worked_without_scripts(shop: Shop, browser: Any, rows: dict[str, Any]) -> None:
    """The walk has read what every page sends; here the ways people go first, in a browser that runs no script at all."""
    with window(browser, f"http://127.0.0.1:{shop.port}", scripts=False) as watched:
        page = watched.page
        sign_in(page)
        for path in (*PLAIN, f"/windows/{rows['running']}", f"/runs/{rows['run']}"):
            assert page.goto(path).status == 200, path
            assert page.locator("h1").count() == 1, path
            assert len(page.locator("main").inner_text()) > 60, f"hardly a word on {path}"
        page.goto(f"/runs/{rows['run']}")
        page.locator("main a[href*='/windows/MW-']").first.click()
        page.wait_for_url("**/windows/**")
