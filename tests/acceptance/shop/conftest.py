"""One `manage.py up` and one Chromium for all stories of the example shop."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests import given_signals
from tests.chromium import chromium, window
from tests.keyboard import Keyboard
from tests.shops import Shop, ready, sign_in, until


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    shop = Shop(tmp_path_factory.mktemp("shop") / "state")
    shop.start()
    yield shop
    shop.stop()


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


RUNBOOK = """
runbook: {slug}
title: {title}
layers: [L3]
rollback_reserve: 1m
steps:
  - name: Note it down
    sql:
      database: orders
      statements:
        - create table if not exists noted_by_hand (note text)
        - insert into noted_by_hand select '{slug}'
      timeout: 5s
    undo: {{sql: {{database: orders, statements: ["delete from noted_by_hand where note = '{slug}'"], timeout: 5s}}}}
    timeout: 30s
    repeatable: true
  - name: Look at it
    manual: {{prompt: Is the note there?}}
    undo: none
    because: Looking changes nothing.
  - name: Let it settle
    wait: {{duration: 1s}}
"""


LASTS = "240"  # minutes: longer than every story before them takes, on any machine


def soon() -> datetime:
    """The first full minute that leaves time to fill in the form and to sign; UTC."""
    return (datetime.now(UTC) + timedelta(seconds=150)).replace(second=0, microsecond=0)


@pytest.fixture(scope="package")
def planned(shop: Shop, browser: Any) -> dict[str, str]:
    """Two windows that were requested and approved in the browser, one by mouse and one by keyboard; they begin in a minute or two.
    Who tests the work waits for that; the tests between make use of the time."""
    for slug, account, team in (("search-note", "hana", "discovery"), ("payments-note", "farid", "payments")):
        text = RUNBOOK.format(slug=slug, title=slug.replace("-", " ").capitalize())
        shop.post(account, f"/runbooks/{slug}/versions", text=text, team=team)
    base = f"http://127.0.0.1:{shop.port}"
    with window(browser, base) as watched:
        mouse = asked_by_mouse(watched.page)
        assert not watched.complaints
    with window(browser, base) as watched:
        keys = asked_by_keyboard(watched.page)
        assert not watched.complaints
    return {"by mouse": mouse, "by keyboard": keys}


def asked_by_mouse(page: Any) -> str:
    sign_in(page, "kim")
    page.get_by_role("link", name="Windows").first.click()
    page.get_by_role("link", name="Plan a window").click()
    page.get_by_label("Title", exact=True).fill("Note by mouse")
    page.get_by_label("Why", exact=True).fill("To see that a hand can do it.")
    page.locator("#service_0").select_option("search")
    page.locator("#environment_0").select_option("staging")
    page.locator("#timezone").fill("UTC")
    page.locator("#starts_at").fill(f"{soon():%Y-%m-%dT%H:%M}")
    page.locator("#minutes").fill(LASTS)
    page.locator("#runbook_version_id").select_option(label="Search note, version 1")
    page.get_by_label("Starts by itself at its time").uncheck()
    page.get_by_role("button", name="Save the draft").click()
    page.get_by_role("link", name="Request approval").click()
    page.get_by_role("button", name="Request approval").click()
    reference = page.url.rsplit("/", 1)[-1]
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, "hana")
    page.get_by_role("link", name="Approvals").first.click()
    page.get_by_role("link", name="Note by mouse").click()
    page.get_by_role("link", name="Approve").click()
    page.get_by_role("button", name="Approve").click()
    page.get_by_text("Approved").first.wait_for()
    return reference


def asked_by_keyboard(page: Any) -> str:
    keys = Keyboard(page)
    page.goto("/windows/new")
    keys.type("E-mail address", "lea@shop.example")
    keys.type("Password", "roadworks-example")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Plan a window").wait_for()
    fields: dict[str, Callable[[], None]] = {
        "title": lambda: keys.type("#title", "Note by keyboard"),
        "reason": lambda: keys.type("#reason", "To see that ten fingers can do it."),
        "service_0": lambda: keys.choose("#service_0", "Payments"),
        "environment_0": lambda: keys.choose("#environment_0", "Staging"),
        "starts_at": lambda: keys.moment("#starts_at", soon()),
        "minutes": lambda: keys.type("#minutes", LASTS),
        "timezone": lambda: keys.type("#timezone", "UTC"),
        "runbook_version_id": lambda: keys.choose("#runbook_version_id", "Payments note"),
    }
    for name in page.locator("main [id]").evaluate_all("all => all.map(one => one.id)"):
        if name in fields:
            fields[name]()
    keys.reach("Starts by itself at its time")
    if page.get_by_label("Starts by itself at its time").is_checked():
        page.keyboard.press("Space")
    keys.press("Save the draft")
    page.wait_for_url(re.compile(r"/windows/MW-\d+$"))
    page.get_by_role("link", name="Request approval").wait_for()
    keys.press("Request approval")
    page.get_by_role("button", name="Request approval").wait_for()
    keys.press("Request approval")
    page.get_by_text("Requested").first.wait_for()
    reference = str(page.url.rsplit("/", 1)[-1])
    keys.press("Sign out")
    page.get_by_label("E-mail address").wait_for()
    keys.type("E-mail address", "farid@shop.example")
    keys.type("Password", "roadworks-example")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Sign out").wait_for()
    page.goto(f"/windows/{reference}")
    keys.press("Approve")
    page.get_by_role("button", name="Approve").wait_for()
    keys.press("Approve")
    page.get_by_text("Approved").first.wait_for()
    return reference


def held(shop: Shop, service: str, account: str) -> dict[str, Any]:
    """A run of the ready window that was held before its end: the live strip is on every page."""
    window = ready(shop, service)
    number = int(shop.post(account, f"/windows/{window['reference']}/start")["id"])
    until(lambda: shop.get(account, f"/runs/{number}")["status"] == "running", "the run to begin", 30)
    shop.post(account, f"/runs/{number}/hold", reason="Somebody wants to look.")
    run: dict[str, Any] = until(
        lambda: found if (found := shop.get(account, f"/runs/{number}"))["status"] == "held" else None, "the run to be held", 30
    )
    return run


def recurring(shop: Shop) -> dict[str, Any]:
    """A draft of Search that recurs three times: its series, and the reference of the `first`."""
    of_kim = shop.get("kim", "/windows", team="discovery", service="search", status="approved")["items"][0]
    draft = shop.post("kim", f"/windows/{of_kim['reference']}/copy")
    body = {"rrule": "FREQ=WEEKLY;COUNT=3"}
    answer = shop.as_("kim").post(f"/windows/{draft['reference']}/repeat", json=body, headers={"If-Match": f'"{draft["version"]}"'})
    assert answer.status_code == 201, answer.text
    return {**answer.json(), "first": draft["reference"]}


@pytest.fixture(scope="module")
def rows(shop: Shop, planned: dict[str, str]) -> Iterator[dict[str, Any]]:
    """What fills the addresses of pages: one row in each state that the example has, and a run that is held.
    What is planned for the stories of work comes first: its time comes while pages are looked at."""
    run = held(shop, "orders", "ben")
    feed = shop.post("gwen", "/feeds", kind="all")["address"]
    weekly = recurring(shop)
    failed = given_signals.traces(given_signals.span(datetime.now(UTC), failed=True), window=run["window"])
    assert shop.as_("ben").post("/traces", json=failed).json() == {}

    def listed(path: str) -> Any:
        answer = shop.get("gwen", path)
        return (answer if isinstance(answer, list) else answer["items"])[0]

    def first(status: str) -> str:
        return str(shop.get("gwen", "/windows", status=status)["items"][0]["reference"])

    def run_that(status: str) -> int:
        return next(int(row["id"]) for row in shop.get("gwen", "/runs")["items"] if row["status"] == status)

    yield {
        **{status: first(status) for status in ("draft", "requested", "approved", "running", "completed", "rolled_back")},
        "ready": ready(shop, "baskets")["reference"],
        "run": run["id"],
        "succeeded_run": run_that("succeeded"),
        "rolled_back_run": run_that("rolled_back"),
        "position": next(step["position"] for step in run["steps"] if step["status"] == "pending"),
        "verb": ["hold", "resume", "roll-back", "abort", "retry"],
        "step_verb": ["skip", "retry", "confirm", "attest"],
        "feed": feed.rsplit("/", 1)[1].removesuffix(".ics"),
        "service": "orders",
        "environment": "production",
        "recurring": weekly["first"],
        "series": weekly["id"],
        "policy": listed("/policies")["id"],
        "freeze": listed("/freezes")["id"],
        "source": listed("/calendars-in")["id"],
        "object": listed("/provider-objects")["id"],
        "notice": listed("/notices")["id"],
        "change_calendar": listed("/change-calendars")["name"],
        "template": listed("/change-templates")["id"],
        "own_token": listed("/tokens")["id"],
        "own_feed": listed("/feeds")["id"],
        "team": "orders",
        "objective": "orders-reads",
        "role": "owner",
        "person": shop.get("ada", "/me")["id"],
        "node": listed("/nodes")["id"],
        "runbook": "orders-schema-migration",
        "item": "communication-templates-ready",
        "playbook": "orders-writes-fail",
        "number": 1,
        "trace": given_signals.TRACE,
    }
    shop.post("ben", f"/runs/{run['id']}/roll_back", reason="Enough was looked at.")
