"""`manage.py screenshots`: the pictures of the README, from the example that runs beside it, under the same names each time."""

from __future__ import annotations

import re
import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from playwright.sync_api import Error, Page, sync_playwright

FOLDER = settings.BASE_DIR / "examples" / "pictures"
PASSWORD = "roadworks-example"  # noqa: S105  (of the example only)
SIZE = {"width": 1200, "height": 700}
PHONE = {"width": 390, "height": 844}
LARGEST = 150_000  # bytes; a README is read on a train
DRAWN = "[...document.querySelectorAll('[data-figure]')].slice(0, 3).every(one => one.querySelector('.main-svg'))"
PAGES = {"calendar": "/calendar/", "executive": "/dashboards/executive/"}


class Command(BaseCommand):
    help = "Take the README's pictures from the running example. It starts the orders migration, to show a live run."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--folder", type=Path, default=FOLDER, help=f"where to (default: {FOLDER.relative_to(settings.BASE_DIR)})")

    def handle(self, *args: Any, **options: Any) -> None:
        chromium = shutil.which("chromium")
        if chromium is None:
            raise CommandError("needs the Debian package chromium")
        folder: Path = options["folder"]
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
                context = browser.new_context(
                    base_url=settings.PORTAL_URL,
                    viewport=SIZE,  # type: ignore[arg-type]
                    color_scheme="light",
                    reduced_motion="reduce",
                    locale="en-GB",
                )
                self.take(context.new_page(), folder)
                browser.close()
        except Error as error:
            raise CommandError(f"{error.message.splitlines()[0]} (is `manage.py up` running, with its example?)") from error
        for path in sorted(folder.glob("*.png")):
            size = path.stat().st_size
            self.stdout.write(f"{path.name}: {size:,} bytes{', more than ' + format(LARGEST, ',') if size > LARGEST else ''}")

    def take(self, page: Page, folder: Path) -> None:
        sign_in(page, "ben")
        live_run(page)
        page.screenshot(path=folder / "run.png")
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        page.screenshot(path=folder / "run-phone.png")
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(SIZE)  # type: ignore[arg-type]
        for name, path in PAGES.items():
            page.goto(path)
            page.wait_for_load_state("networkidle" if "executive" in path else "load")
            page.wait_for_function(
                "[...document.querySelectorAll('[data-figure]')].slice(0, 3).every(one => one.querySelector('.main-svg'))"
            )
            page.screenshot(path=folder / f"{name}.png")


def sign_in(page: Page, account: str) -> None:
    page.goto("/sign-in/")
    page.get_by_label("E-mail address").fill(f"{account}@shop.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()


def live_run(page: Page) -> None:
    """Opens a run that is under way: one that is live already, else the migration that stands ready, started now."""
    if not page.locator("#strip a").count():
        page.goto("/windows/?status=approved&q=Orders+schema+migration")
        page.get_by_role("link", name=re.compile("Orders schema migration")).first.click()
        page.get_by_role("link", name="Start now").click()
        page.get_by_role("button", name="Start now").click()
        page.get_by_text("What was let in is served").first.wait_for()
        page.wait_for_timeout(8_000)  # until its gates have something to show
    else:
        page.locator("#strip a").first.click()
        page.wait_for_load_state()
