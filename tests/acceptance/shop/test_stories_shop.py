"""Stories of the live example: everything really runs, and only HTTP is used, as a stranger would."""

from __future__ import annotations

import os
import signal
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import icalendar
import jsonschema  # type: ignore[import-untyped]
import psycopg

from examples.shop.layout import SERIES
from tests.measured import again_and_again
from tests.shops import ROOT, Shop, ready, until

FINAL = {"succeeded", "rolled_back", "aborted"}


def start(shop: Shop, account: str, window: dict[str, Any]) -> int:
    return int(shop.post(account, f"/windows/{window['reference']}/start")["id"])


def run_of(shop: Shop, number: int) -> dict[str, Any]:
    run: dict[str, Any] = shop.get("ben", f"/runs/{number}")
    return run


def told(run: dict[str, Any]) -> str:
    steps = [f"{step['position']} {step['name']}: {step['status']} {step['outcome']}" for step in run["steps"]]
    return "\n".join([f"run is {run['status']}: {run['reason']}", *steps, *(f"{check}" for check in run["checks"])])


def ended(shop: Shop, number: int, seconds: float) -> dict[str, Any]:
    end = time.monotonic() + seconds
    while True:
        run = run_of(shop, number)
        if run["status"] in FINAL or run["status"] in {"blocked", "stuck", "held"}:
            return run
        assert time.monotonic() < end, told(run)
        time.sleep(0.3)


def flags_set(shop: Shop, service: str) -> list[str]:
    rows = shop.get("ben", "/flags", service=service)["items"]
    return [row["mode"] for row in rows if row["mode"] != "normal"]


def holds_normal(shop: Shop, service: str) -> bool:
    found = shop.get("ben", "/flags/convergence", service=service, environment="production")
    return len(found["nodes"]) == 3 and all(node["holds"] and node["mode"] == "normal" for node in found["nodes"])


def columns(shop: Shop, table: str) -> set[str]:
    with psycopg.connect(shop.settings()["TARGET_DATABASE_ORDERS"]) as connection:
        rows = connection.execute("select column_name from information_schema.columns where table_name = %s", [table])
        return {str(row[0]) for row in rows}


def test_every_objective_of_the_shop_is_measured_now(shop: Shop) -> None:
    def young() -> bool:
        with psycopg.connect(shop.settings()["DATABASE_URL"]) as connection:
            rows = connection.execute("select series, max(at) from telemetry_sample group by series").fetchall()
        newest: dict[str, datetime] = dict(rows)
        return all(series in newest and datetime.now(UTC) - newest[series] < timedelta(seconds=30) for series in SERIES)

    until(young, f"a young measurement of every series; {shop.log('shop-1')}", 60)


def test_schema_migration_story(shop: Shop) -> None:
    window = ready(shop, "orders")
    before, answers = shop.visits()["orders"], []
    with again_and_again(lambda: answers.append(order(shop)), rest=0.1):
        number = start(shop, "ben", window)
        seen = until(lambda: set(flags_set(shop, "orders")), "the freeze", 30)
        run = ended(shop, number, 120)
    assert seen == {"read_only"}
    assert run["status"] == "succeeded", told(run)
    assert 503 in answers and set(answers) <= {201, 503}, "the freeze was real"
    assert {step["status"] for step in run["steps"]} == {"succeeded"}
    (asked,) = [check for check in run["checks"] if check["name"] == "backup"]
    assert asked["verdict"] == "pass" and "The newest backup of orders ended" in asked["reason"], asked
    assert shop.get("ben", f"/windows/{window['reference']}")["status"] == "completed"
    after = shop.visits()["orders"]
    assert after["read"]["served"] > before["read"]["served"] + 20
    assert after["read"]["failed"] == before["read"]["failed"], shop.visits()["last_failure"]
    assert after["write"]["failed"] == before["write"]["failed"], shop.visits()["last_failure"]
    assert not flags_set(shop, "orders")
    until(lambda: holds_normal(shop, "orders"), "all three replicas to hold normal")
    assert "currency" in columns(shop, "orders")
    served = shop.visits()["orders"]["write"]["served"]
    until(lambda: shop.visits()["orders"]["write"]["served"] > served, "orders to be placed again")
    until(lambda: bad_under(shop, "orders-writes", window["reference"]) > 0, "the refused writes to be counted under the window", 30)
    assert bad_under(shop, "orders-served", window["reference"]) == 0


def order(shop: Shop) -> int:
    """A write of ours, at the first replica: the status of its answer."""
    asked = {"customer": "customer-1", "country": "NO", "article": "article-1", "quantity": 1, "price_cents": 900}
    return httpx.post(f"http://127.0.0.1:{shop.port + 10}/orders", json=asked, timeout=60, trust_env=False).status_code


def bad_under(shop: Shop, series: str, reference: str) -> int:
    """Bad events that were measured under a window's tag."""
    with psycopg.connect(shop.settings()["DATABASE_URL"]) as connection:
        query = 'select coalesce(sum(total - good), 0)::int from telemetry_taggedminute where series = %s and "window" = %s'
        row = connection.execute(query, [series, reference]).fetchone()
        return int(row[0]) if row else 0


def test_gate_breach_rolls_back(shop: Shop) -> None:
    window = ready(shop, "baskets")
    number = start(shop, "elif", window)
    run = ended(shop, number, 120)
    assert run["status"] == "rolled_back", told(run)
    assert shop.get("elif", f"/windows/{window['reference']}")["status"] == "rolled_back"
    readings = [one for one in run["readings"] if one["gate"] == "What was let in is served"]
    broken = [one for one in readings if one["verdict"] == "fail"]
    assert broken
    undone = [step for step in run["steps"] if step["status"] == "compensated"]
    assert {"Freeze writes", "Add the column", "Keep baskets small", "Thaw writes"} <= {step["name"] for step in undone}
    first = min(datetime.fromisoformat(step["undo_started_at"]) for step in undone if step["undo_started_at"])
    breach = min(datetime.fromisoformat(one["at"]) for one in broken)
    assert first - breach < timedelta(seconds=15)  # seconds, with threefold slack for a busy machine
    assert not flags_set(shop, "baskets")
    until(lambda: holds_normal(shop, "baskets"), "all three replicas to hold normal")
    assert "expires_at" not in columns(shop, "baskets")
    users_are_fine_again(shop)
    entries = shop.get("elif", f"/windows/{window['reference']}/trail")["items"]
    why = next(entry for entry in entries if entry["kind"] == "run.rollback_started")
    assert "What was let in is served" in str(why["data"])
    assert "< 95 %" in str(why["data"])


def users_are_fine_again(shop: Shop) -> None:
    before = shop.visits()["baskets"]["write"]
    until(lambda: shop.visits()["baskets"]["write"]["served"] >= before["served"] + 10, "ten baskets to be filled", 60)
    assert shop.visits()["baskets"]["write"]["failed"] == before["failed"]


def test_n08_f01_flag_split_brain(shop: Shop) -> None:
    """A replica that stands still acknowledges nothing: no changing step begins, and it is named."""
    window = ready(shop, "orders")
    stopped = shop.replica("shop-3")
    os.kill(stopped, signal.SIGSTOP)
    try:
        number = start(shop, "ben", window)
        run = until(lambda: found if "shop-3" in told(found := run_of(shop, number)) else None, "the run to name shop-3", 45)
        assert run["status"] == "running", told(run)
        by_name = {step["name"]: step["status"] for step in run["steps"]}
        assert by_name["Freeze writes"] in {"started", "waiting"}
        assert by_name["Let writes under way end"] == by_name["Add the column"] == "pending"
        nodes = shop.get("ben", "/flags/convergence", service="orders", environment="production")["nodes"]
        assert [node["name"] for node in nodes if not node["holds"]] == ["shop-3"]
    finally:
        os.kill(stopped, signal.SIGCONT)
    run = ended(shop, number, 120)
    assert run["status"] == "succeeded", told(run)


FACTS = ("title", "status", "starts_at", "ends_at")


def test_four_faces_agree(shop: Shop) -> None:
    """REST calendar, REST list, pages and iCal feed tell of the same windows at the same times; drafts stay out of people's calendars."""
    since, until_ = datetime.now(UTC) + timedelta(hours=12), datetime.now(UTC) + timedelta(days=30)
    rows = shop.get("ben", "/calendar", since=since.isoformat(), until=until_.isoformat())["items"]
    assert {"draft", "requested", "approved"} <= {row["status"] for row in rows}
    listed = {row["reference"]: row for row in shop.get("ben", "/windows", limit=100)["items"]}
    for row in rows:
        assert [listed[row["reference"]][name] for name in FACTS] == [row[name] for name in FACTS]
    address = shop.post("ben", "/feeds", kind="all")["address"]
    feed = icalendar.Calendar.from_ical(httpx.get(address, timeout=60, trust_env=False).content)
    ical = {str(event["SUMMARY"]).split(":")[0]: event for event in feed.walk("VEVENT")}
    told = {row["reference"] for row in rows if row["status"] != "draft"}
    ahead = {reference for reference, event in ical.items() if since < event.decoded("DTEND") and event.decoded("DTSTART") < until_}
    assert ahead == told
    with httpx.Client(base_url=f"http://127.0.0.1:{shop.port}", timeout=60, trust_env=False, follow_redirects=True) as browser:
        sign_in(browser, "ben")
        page = browser.get("/windows/").text
        for row in rows:
            assert row["reference"] in page
            if row["status"] == "draft":
                continue
            event = ical[row["reference"]]
            assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (moment(row["starts_at"]), moment(row["ends_at"]))
            assert str(event["STATUS"]) == ("TENTATIVE" if row["status"] == "requested" else "CONFIRMED")
            own = browser.get(str(event["URL"]))
            assert own.status_code == 200
            assert row["title"] in own.text


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def sign_in(browser: httpx.Client, account: str) -> None:
    browser.get("/sign-in/")
    token = browser.cookies.get("csrftoken") or ""
    form = {"email": f"{account}@shop.example", "password": "roadworks-example", "csrfmiddlewaretoken": token}
    answer = browser.post("/sign-in/", data=form, headers={"Referer": str(browser.base_url)})
    assert answer.status_code == 200, answer.text[:500]


def test_the_api_describes_itself(shop: Shop) -> None:
    answer = httpx.get(f"http://127.0.0.1:{shop.port}/api/schema/", headers=shop.as_("ben").headers, timeout=60, trust_env=False)
    document = answer.json()
    assert document["openapi"].startswith("3.1")
    for name, shape in document["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(shape)
        assert name
    assert "/api/v1/windows" in document["paths"]


def test_the_trail_of_all_this_is_whole(shop: Shop) -> None:
    done = shop.manage("audit", "verify")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_example_imports_no_django() -> None:
    """Five processes that import it would make every start slow."""
    for path in sorted((ROOT / "examples" / "shop").glob("*.py")):
        assert "django" not in path.read_text().replace("know nothing of Django", "").lower(), path.name
