"""What was planned in the browser is carried out in the browser: held and resumed to its end by mouse, rolled back by keyboard."""

from __future__ import annotations

from typing import Any

import psycopg

from tests.chromium import window
from tests.keyboard import Keyboard
from tests.shops import Shop, begun, sign_in, until


def noted(shop: Shop, runbook: str) -> int:
    """What the first step of the runbook left in the shop's database."""
    with psycopg.connect(shop.settings()["TARGET_DATABASE_ORDERS"]) as connection:
        row = connection.execute("select count(*) from noted_by_hand where note = %s", [runbook]).fetchone()
        return int(row[0]) if row else 0


def test_start_hold_resume_completed_by_mouse(shop: Shop, browser: Any, planned: dict[str, str]) -> None:
    reference = planned["by mouse"]
    begun(shop, reference)
    with window(browser, f"http://127.0.0.1:{shop.port}") as watched:
        page = watched.page
        sign_in(page, "kim")
        page.goto(f"/windows/{reference}")
        page.get_by_role("link", name="Start").click()
        page.get_by_role("button", name="Start now").click()
        page.get_by_text("waits for a person").first.wait_for()
        assert page.locator("#strip").get_by_text(reference).is_visible(), "the live strip says so on every page"
        assert noted(shop, "search-note") == 1
        page.get_by_role("button", name="Hold").first.click()
        page.locator("#ask-hold").get_by_role("button", name="Hold").click()
        page.get_by_role("button", name="Resume").first.click()
        page.locator("#ask-resume").get_by_role("button", name="Resume").click()
        page.get_by_role("button", name="Confirm").first.click()
        page.locator("[id^=ask-confirm]").get_by_role("button").first.click()
        until(lambda: shop.get("kim", f"/windows/{reference}")["status"] == "completed", "the window to be completed")
        page.goto(f"/windows/{reference}")
        assert page.locator("main .badge").get_by_text("Completed").first.is_visible()
        assert not watched.complaints
    assert noted(shop, "search-note") == 1


def test_start_and_roll_back_by_keyboard(shop: Shop, browser: Any, planned: dict[str, str]) -> None:
    reference = planned["by keyboard"]
    begun(shop, reference)
    with window(browser, f"http://127.0.0.1:{shop.port}") as watched:
        page, keys = watched.page, Keyboard(watched.page)
        sign_in(page, "lea")
        page.goto(f"/windows/{reference}")
        keys.press("Start")
        page.get_by_role("button", name="Start now").wait_for()
        keys.press("Start now")
        page.get_by_text("waits for a person").first.wait_for()
        assert noted(shop, "payments-note") == 1
        keys.press("Roll back")
        page.locator("#ask-roll-back").wait_for()
        keys.press("Roll back")
        until(lambda: shop.get("lea", f"/windows/{reference}")["status"] == "rolled_back", "the window to be rolled back")
        page.locator("main .badge").get_by_text("Rolled back").first.wait_for()
        page.goto(f"/windows/{reference}")
        assert page.locator("main .badge").get_by_text("Rolled back").first.is_visible()
        assert not watched.complaints
    assert noted(shop, "payments-note") == 0
